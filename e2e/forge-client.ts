// The forge's API as a script uses it: with the admin's token, by fetch.
import { randomBytes } from "node:crypto";
import type { RunningPlue } from "./start-plue.ts";

interface StepAnswer {
  name: string;
  status: string;
  exit_code: number | null;
  failure_reason: string | null;
}

interface JobAnswer {
  id: number;
  key: string;
  status: string;
  attempt: number;
  sandbox: string | null;
  failure_reason: string | null;
  timings: Record<string, number>;
  steps: StepAnswer[];
}

export interface RunAnswer {
  id: number;
  number: number;
  status: string;
  failure_reason: string | null;
  head_sha: string;
  jobs: JobAnswer[];
}

export interface StreamedEvent {
  seq: number;
  type: string;
  data: Record<string, unknown>;
}

/** Asks the API; the path begins with a slash. @throws Error with the answer's body unless it is a 2xx. */
export async function callForge<Answer>(plue: RunningPlue, path: string, body?: object): Promise<Answer> {
  const response = await fetch(`${plue.url}/api${path}`, {
    method: body === undefined ? "GET" : "POST",
    headers: { authorization: `Bearer ${plue.token}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${text}`);
  return JSON.parse(text);
}

/** Makes a repository with a name of its own. */
export async function makeRepository(
  plue: RunningPlue,
  isPrivate = false,
): Promise<{ name: string; remote: string }> {
  const name = `r${randomBytes(6).toString("hex")}`;
  await callForge(plue, "/v3/user/repos", { name, private: isPrivate });
  return { name, remote: remoteOf(plue, name) };
}

/** The address to push to, with the token in it. */
export function remoteOf(plue: RunningPlue, name: string): string {
  return `${plue.url.replace("://", `://admin:${plue.token}@`)}/admin/${name}.git`;
}

/** The newest run of a repository, once there is one. */
export async function findLatestRun(plue: RunningPlue, name: string): Promise<RunAnswer | undefined> {
  const { runs } = await callForge<{ runs: { id: number }[] }>(plue, `/repos/admin/${name}/runs?per_page=1`);
  return runs[0] && callForge<RunAnswer>(plue, `/runs/${runs[0].id}`);
}

/** Follows a run's stream to its end, or until `until` says so, resuming as a browser would. */
export async function followRun(
  plue: RunningPlue,
  runId: number,
  until: (event: StreamedEvent) => boolean = (event) => event.type === "done",
): Promise<StreamedEvent[]> {
  const events: StreamedEvent[] = [];
  for (;;) {
    const response = await fetch(`${plue.url}/api/runs/${runId}/stream`, {
      headers: { authorization: `Bearer ${plue.token}`, "last-event-id": String(events.at(-1)?.seq ?? 0) },
    });
    if (!response.ok || !response.body) throw new Error(`the stream answered ${response.status}`);
    if (await readStream(response.body, events, until)) return events;
  }
}

async function readStream(
  body: ReadableStream<Uint8Array>,
  events: StreamedEvent[],
  until: (event: StreamedEvent) => boolean,
): Promise<boolean> {
  let text = "";
  const decoder = new TextDecoder();
  try {
    for await (const chunk of body) {
      text += decoder.decode(chunk, { stream: true });
      const blocks = text.split("\n\n");
      text = blocks.pop() ?? "";
      for (const event of blocks.flatMap(parseBlock)) {
        events.push(event);
        if (until(event)) return true;
      }
    }
  } catch (error) {
    // The connection was cut; the next one resumes.
    if (!(error instanceof TypeError)) throw error;
  }
  return false;
}

function parseBlock(block: string): StreamedEvent[] {
  const field = (name: string) => new RegExp(`^${name}: (.*)$`, "m").exec(block)?.[1];
  const [seq, type, data] = [field("id"), field("event"), field("data")];
  if (seq === undefined || type === undefined || data === undefined) return [];
  return [{ seq: Number(seq), type, data: JSON.parse(data) }];
}

/** What a run printed, all jobs together, in order. */
export function joinLog(events: StreamedEvent[]): string {
  return events
    .filter((event) => event.type === "log" && event.data.stream !== "system")
    .map((event) => String(event.data.text))
    .join("");
}
