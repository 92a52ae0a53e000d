// Clients of git that have to be built: go-git and JGit, whose programs are in other-clients/. Invariant: whatever a build
// or a command fails of is told with all that was said, and a missing toolchain by its name.
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { findProgram } from "../scripts/dev/system-tools.ts";

/** Runs one of a client's commands on the repository in a folder, and gives what it printed. */
export type RunClient = (command: string, url: string, folder: string) => Promise<string>;

const sources = resolve(import.meta.dirname, "other-clients");
const BUILD_MS = 280_000;
const COMMAND_MS = 60_000;

/** Builds go-git's client into `folder`; its modules come from Go's proxy once and are cached by Go. */
export async function buildGoGit(folder: string): Promise<RunClient> {
  const go = requireProgram("go", "Go 1.26 or newer");
  const program = join(folder, "go-git-client");
  await run(go, ["build", "-o", program, "."], {
    cwd: join(sources, "go-git"),
    env: { ...process.env, CGO_ENABLED: "0", GOFLAGS: "-mod=readonly" },
    timeout: BUILD_MS,
  });
  return (command, url, where) => run(program, [command, url, where], inHome(folder));
}

/** Builds JGit's client into `folder`; its jars come by Maven once and are cached by it. */
export async function buildJgit(folder: string): Promise<RunClient> {
  const maven = requireProgram("mvn", "maven");
  const javac = requireProgram("javac", "default-jdk-headless");
  const java = requireProgram("java", "default-jre-headless");
  const classes = join(folder, "classes");
  mkdirSync(classes);
  const list = join(folder, "classpath");
  const pom = join(sources, "jgit/pom.xml");
  const options = { cwd: folder, env: process.env, timeout: BUILD_MS };
  await run(
    maven,
    ["-q", "-B", "-f", pom, "dependency:build-classpath", `-Dmdep.outputFile=${list}`],
    options,
  );
  const jars = readFileSync(list, "utf8").trim();
  await run(javac, ["-cp", jars, "-d", classes, join(sources, "jgit/Client.java")], options);
  const flags = ["-XX:TieredStopAtLevel=1", `-Duser.home=${folder}`, "-cp", [jars, classes].join(delimiter)];
  return (command, url, where) => run(java, [...flags, "Client", command, url, where], inHome(folder));
}

function requireProgram(name: string, installedBy: string): string {
  const program = findProgram(name);
  if (program === undefined) throw new Error(`no ${name}: this test needs ${installedBy}`);
  return program;
}

/** Deaf to the configuration of whoever runs the tests. */
function inHome(folder: string): RunOptions {
  const env = { PATH: process.env.PATH, HOME: folder, XDG_CONFIG_HOME: folder, GIT_CONFIG_NOSYSTEM: "1" };
  return { cwd: folder, env, timeout: COMMAND_MS };
}

interface RunOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly timeout: number;
}

function run(program: string, args: string[], options: RunOptions): Promise<string> {
  return new Promise((done, fail) => {
    const child = spawn(program, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
    const said: Record<"stdout" | "stderr", string> = { stdout: "", stderr: "" };
    for (const stream of ["stdout", "stderr"] as const) {
      child[stream].setEncoding("utf8").on("data", (text: string) => {
        said[stream] += text;
      });
    }
    child.on("error", fail);
    child.on("close", (code, signal) => {
      if (code === 0) return done(said.stdout.trim());
      fail(new Error(`${program} ${args[0]} ended with ${code ?? signal}:\n${said.stdout}${said.stderr}`));
    });
  });
}
