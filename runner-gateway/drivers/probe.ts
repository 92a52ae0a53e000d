/**
 * Tries a technology by making one real sandbox with it and looking at what a program inside can do. Only one that
 * works as a build needs and holds as a sandbox must is accepted; a version number proves neither.
 */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:net";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { json } from "node:stream/consumers";
import { z } from "zod";
import { probeTimeoutMs } from "./limits.ts";
import type { LocalHost } from "./local-host.ts";
import { Sandbox } from "./sandbox.ts";
import type { Technology } from "./technology.ts";

const report = z.object({
  uid: z.number(),
  commands: z.array(z.object({ command: z.string(), ok: z.boolean(), problem: z.string() })),
  reached: z.array(z.object({ host: z.string(), port: z.number(), reached: z.boolean() })),
  written: z.array(z.string()),
  /** What a step could do to the runner program. */
  attacks: z.array(z.string()),
});

type ProbeReport = z.infer<typeof report>;

/** The metadata service of clouds, and a resolver that answers everywhere. */
const outsideTargets = [
  { host: "169.254.169.254", port: 80 },
  { host: "1.1.1.1", port: 53 },
];

/** Null when the technology passes, else why it doesn't. */
export async function probeTechnology(host: LocalHost, technology: Technology): Promise<string | null> {
  const listener = createServer((socket) => socket.destroy());
  listener.listen(0, "0.0.0.0");
  await once(listener, "listening");
  try {
    return await runProbe(host, technology, listTargets(listener));
  } finally {
    listener.close();
  }
}

async function runProbe(host: LocalHost, technology: Technology, targets: object[]): Promise<string | null> {
  const answer = Promise.withResolvers<ProbeReport>();
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (request.url === "/report") answer.resolve(report.parse(await json(request)));
    response.end(JSON.stringify({ targets }));
  };
  const sandbox = new Sandbox({
    host: {
      ...host,
      options: {
        ...host.options,
        handler: (_sandboxId, request, response) => void handle(request, response).catch(answer.reject),
      },
    },
    technology,
    sandboxId: `probe-${randomBytes(4).toString("hex")}`,
    program: join(import.meta.dirname, "probe-program.mjs"),
    emit: () => undefined,
  });
  const overdue = AbortSignal.timeout(probeTimeoutMs);
  const first = await Promise.race([
    answer.promise,
    sandbox.run().then(() => sandbox.ended),
    once(overdue, "abort").then(() => null),
  ]);
  await sandbox.kill();
  if (first === null) return `the probe did not end within ${probeTimeoutMs} ms`;
  if ("type" in first) return first.output.trim() || `it ended with ${first.signal ?? first.exitCode}`;
  return judge(first);
}

/** What is wrong with what the program inside saw. */
export function judge({ uid, commands, reached, written, attacks }: ProbeReport): string | null {
  const failed = commands.find(({ ok }) => !ok);
  if (failed !== undefined) return `\`${failed.command}\` fails: ${failed.problem}`;
  if (uid === 0) return "the program inside is root";
  const open = reached.find((target) => target.reached);
  if (open !== undefined) return `${open.host}:${open.port} can be reached from inside`;
  if (attacks.length > 0) return `a step can ${attacks.join(", ")}, and it is the runner program's`;
  if (written.length > 0) return `${written.join(", ")} can be written from inside`;
  return null;
}

function listTargets(listener: Server): { host: string; port: number }[] {
  const address = listener.address();
  if (address === null || typeof address === "string") throw new Error("the probe's listener has no port");
  const hosts = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  const own = hosts.filter(({ family }) => family === "IPv4").map(({ address }) => address);
  return [...["127.0.0.1", ...own].map((host) => ({ host, port: address.port })), ...outsideTargets];
}
