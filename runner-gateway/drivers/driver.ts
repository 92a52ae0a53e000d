/**
 * What the gateway knows of a sandbox, whichever technology makes it: a place that runs the runner program,
 * reaches nothing but the gateway, serves one claim at most and is gone afterwards.
 */
import type { IncomingMessage, ServerResponse } from "node:http";

export type SandboxTechnology = "gvisor" | "bubblewrap" | "kubernetes";

/** The attempt of a job that a sandbox is given to. A standby has none. */
export type SandboxClaim = { jobId: string; attempt: number };

/** `starting` until the runner program has made its first request to the gateway. */
export type SandboxState = "starting" | "standby" | "claimed" | "ending";

export type SandboxListing = {
  sandboxId: string;
  state: SandboxState;
  claim: SandboxClaim | null;
  /** Milliseconds since 1970. */
  startedAt: number;
};

/** `warm` is true when a standby was taken, false when the sandbox was made for this claim. */
export type StartedSandbox =
  | { started: true; sandboxId: string; warm: boolean }
  | { started: false; reason: string };

/**
 * Why a sandbox is gone. `finished`: its runner program ended by itself (see the exit code). `killed`: by
 * `kill` or `close`. `out-of-memory`: it passed its memory limit. `failed`: it never became a standby.
 */
export type ExitReason = "finished" | "killed" | "out-of-memory" | "failed";

export type SandboxEvent =
  /** A sandbox's runner is connected and waits for a claim. `bootMs` is what making it took. */
  | { type: "standby"; sandboxId: string; bootMs: number }
  /** The kernel killed a process inside for memory; the sandbox and its runner live on. */
  | { type: "out-of-memory"; sandboxId: string; claim: SandboxClaim | null; killedCount: number }
  /** The sandbox and everything in it is gone. `output` is the last of what the runner program printed. */
  | {
      type: "exited";
      sandboxId: string;
      claim: SandboxClaim | null;
      exitCode: number | null;
      signal: string | null;
      reason: ExitReason;
      output: string;
    };

export interface SandboxDriver {
  readonly name: SandboxTechnology;
  /** For the run's page: the technology with its version, what limits it, and why a better one wasn't chosen. */
  readonly description: string;
  /**
   * Keeps `count` standbys from now on, refilled as they are taken. Resolves once they are there (or the driver was
   * closed), rejects with the reason when they keep failing to start; it goes on trying all the same.
   */
  warm(count: number): Promise<void>;
  /** Binds a standby (or a sandbox made now, when there is none) to the claim; resolves when its runner is connected. */
  start(claim: SandboxClaim): Promise<StartedSandbox>;
  /** Kills everything in the sandbox; resolves when it is gone. An unknown or ended sandbox is no error. */
  kill(sandboxId: string): Promise<void>;
  list(): SandboxListing[];
  /** Calls the listener with every event from now on; the answer ends the subscription. */
  subscribe(listener: (event: SandboxEvent) => void): () => void;
  /** Kills every sandbox, and removes what the driver made on the host. */
  close(): Promise<void>;
}

/** What one sandbox may use. Files in `/work`, `/tmp` and `/dev/shm` are held in memory and count as memory. */
export type SandboxLimits = {
  memoryBytes: number;
  pids: number;
  cpuCores: number;
  workBytes: number;
  tmpBytes: number;
  openFiles: number;
};

/** Answers a request of the sandbox with this id: the socket it came over proves who it is. */
export type SandboxHandler = (sandboxId: string, request: IncomingMessage, response: ServerResponse) => void;

type DriverLogFields = Record<string, string | number | null>;

/** The gateway's own log fits. */
type DriverLog = {
  info(message: string, fields?: DriverLogFields): void;
  warn(message: string, fields?: DriverLogFields): void;
  error(message: string, cause: unknown, fields?: DriverLogFields): void;
};

/** What a driver on this machine needs to make sandboxes. */
export type LocalDriverOptions = {
  handler: SandboxHandler;
  /**
   * The runner program, one JavaScript file; it is run by `nodePath` inside the sandbox. Its arguments are the
   * command with which it starts whatever isn't its own: as another user, who can do nothing to it.
   */
  runnerProgram: string;
  /** The node binary that is bound into the sandbox. */
  nodePath: string;
  /** The driver's own scratch folder, made when missing; leftovers in it of dead gateways are swept. */
  dataFolder: string;
  limits: SandboxLimits;
  log: DriverLog;
};

/** `rejected` has a line for each better technology that could not be used here. */
export type DriverChoice =
  | { available: true; driver: SandboxDriver; rejected: string[] }
  | { available: false; reason: string };

/** Where things are inside a local sandbox; the runner program gets the socket's path in PLUE_GATEWAY_SOCKET. */
export const insidePaths = {
  work: "/work",
  home: "/home/runner",
  /** The runner program's own files, which steps may read but not replace. */
  runnerFolder: "/run/runner",
  gatewaySocket: "/run/plue/gateway.sock",
  runnerProgram: "/opt/plue/runner.js",
  node: "/opt/plue/bin/node",
  /** For bubblewrap without root, which keeps steps apart by a second sandbox within the first. */
  bubblewrap: "/opt/plue/bin/bwrap",
  seccompFilter: "/opt/plue/seccomp.bpf",
} as const;
