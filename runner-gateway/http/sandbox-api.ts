// What a sandbox may ask of the gateway, over its own socket: its job, to report on it, and git. Which socket a
// request came over says which sandbox asks; the report token says that it is the attempt's own runner, the git token
// that it may speak for its steps. Both are handed over once, before any step runs.
import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Handover } from "../../schema/wire/handover.ts";
import type { Attempt } from "../attempts/attempt.ts";
import type { SandboxDoor } from "../attempts/sandbox-door.ts";
import type { SandboxHandler } from "../drivers/driver.ts";
import { HANDOVER_WAIT_MS } from "../limits.ts";
import type { Log } from "../log.ts";
import { answerJson } from "./answer.ts";
import type { GitProxy } from "./git-proxy.ts";

interface SandboxServices {
  door: SandboxDoor;
  git: GitProxy;
  /** Where people reach the site. */
  publicUrl: string;
  log: Log;
}

/** The driver calls this with every request of every sandbox. */
export function createSandboxHandler(services: SandboxServices): SandboxHandler {
  return (sandboxId, request, response) => {
    // A sandbox may cut its connection at any time; what that means is seen where the connection is used.
    request.on("error", () => undefined);
    response.on("error", () => undefined);
    answerSandbox(services, sandboxId, request, response).catch((error: unknown) => {
      services.log.error("a sandbox's request failed", error, { sandboxId, url: request.url });
      answerJson(response, 500, { message: "internal error" });
      response.destroy();
    });
  };
}

async function answerSandbox(
  services: SandboxServices,
  sandboxId: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method, url = "" } = request;
  if (method === "GET" && url === "/v1/handover") return handOver(services, sandboxId, response);
  const attempt = services.door.find(sandboxId);
  const isGit = url.startsWith("/git/");
  const token = isGit ? attempt?.tokens.git : attempt?.tokens.report;
  if (!attempt || token === undefined || !isAuthorised(token, request)) {
    request.resume();
    return answerJson(response, 401, { message: "this needs a token of the sandbox's own attempt" });
  }
  attempt.noteHandover();
  if (method === "POST" && url === "/v1/events") return attempt.intake.receive(request, response);
  if (method === "GET" && url === "/v1/events/acknowledged") return answerAcknowledged(attempt, response);
  if (isGit) {
    const { owner, repository } = attempt.claim.run;
    const { runToken } = attempt.claim;
    return services.git.pass({ owner, repository, runToken }, request, response);
  }
  request.resume();
  answerJson(response, 404, { message: "not found" });
}

async function handOver(
  services: SandboxServices,
  sandboxId: string,
  response: ServerResponse,
): Promise<void> {
  const waiting = new AbortController();
  const timer = setTimeout(() => waiting.abort(), HANDOVER_WAIT_MS);
  response.once("close", () => waiting.abort());
  const attempt = await services.door.waitFor(sandboxId, waiting.signal);
  clearTimeout(timer);
  if (attempt && !response.destroyed) {
    if (attempt.takeHandover()) answerJson(response, 200, describeHandover(attempt, services.publicUrl));
    else answerJson(response, 410, { message: "the job was handed over already" });
  } else if (!response.destroyed) response.writeHead(204).end();
}

function describeHandover({ claim, tokens }: Attempt, publicUrl: string): Handover {
  const { run } = claim;
  return {
    runId: claim.runId,
    runNumber: run.number,
    jobId: claim.jobId,
    attempt: claim.attempt,
    reportToken: tokens.report,
    gitToken: tokens.git,
    repository: { owner: run.owner, name: run.repository },
    event: run.event,
    ref: run.ref,
    sha: run.headSha,
    runUrl: `${publicUrl}/${run.owner}/${run.repository}/runs/${run.number}`,
    plan: claim.plan,
  };
}

function answerAcknowledged(attempt: Attempt, response: ServerResponse): void {
  const { isStale, acknowledged } = attempt.intake;
  if (isStale) answerJson(response, 409, { message: "this attempt is over" });
  else answerJson(response, 200, { acknowledged });
}

function isAuthorised(token: string, request: IncomingMessage): boolean {
  const given = /^Bearer (\S{1,200})$/.exec(request.headers.authorization ?? "")?.[1];
  if (given === undefined) return false;
  const hash = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(hash(given), hash(token));
}
