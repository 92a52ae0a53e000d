// Imports as a script makes them: begun, sent in parts, completed. And the services that index them, with a queue that
// keeps its messages, so that a test says when one is delivered.

import { env } from "cloudflare:test";
import { makeBackground } from "../core/background.ts";
import { createDatabase } from "../core/db.ts";
import { parseEnv } from "../core/env.ts";
import { createLog } from "../core/log.ts";
import type { ImportServices } from "../imports/run-import.ts";
import { type Person, send } from "./fixtures.ts";

interface ImportAnswer {
  id: number;
  url: string;
  state: string;
  parts: number;
  part_size_bytes: number;
  received_parts: number[];
  progress: { phase: string; done: number; total: number } | null;
  failure: string | null;
  result: { moved: number; unchanged: number; skipped: number; skipped_names: string[] } | null;
  message?: string;
  errors?: { field: string; message: string }[];
}

/** A repository's imports over REST, as a person with a token. */
export function importsOf(person: Person, repository: string) {
  const base = `/api/${person.username}/${repository}/import`;
  const ask = async (method: string, path: string, body?: object) => {
    const init = { method, token: person.token, ...(body ? { body: JSON.stringify(body) } : {}) };
    const response = await send(`${base}${path}`, init);
    return { status: response.status, body: await response.json<ImportAnswer>() };
  };
  const putPart = async (
    id: number,
    part: number,
    bytes: Uint8Array,
    headers: Record<string, string> = {},
  ) => {
    const init = { method: "PUT", token: person.token, body: bytes, headers };
    const response = await send(`${base}/${id}/parts/${part}`, init);
    const text = await response.text();
    return { status: response.status, message: text === "" ? "" : JSON.parse(text).message };
  };
  return {
    begin: (body: object) => ask("POST", "", body),
    get: (id: number) => ask("GET", `/${id}`),
    complete: (id: number) => ask("POST", `/${id}/complete`),
    abort: (id: number) => ask("DELETE", `/${id}`),
    putPart,
    /** Begins an import of these bytes and sends all parts. */
    async upload(bytes: Uint8Array, wanted: object = { format: "bundle" }): Promise<ImportAnswer> {
      const { body } = await ask("POST", "", { size_bytes: bytes.length, ...wanted });
      for (let part = 1; part <= body.parts; part++) {
        const from = (part - 1) * body.part_size_bytes;
        await putPart(body.id, part, bytes.slice(from, from + body.part_size_bytes));
      }
      return body;
    },
  };
}

/** Services whose queue only remembers what it was sent. */
export function createImportServices(): ImportServices & { sent: number[]; settle(): Promise<void> } {
  const sent: number[] = [];
  const left: Promise<unknown>[] = [];
  const parsed = parseEnv(env);
  const importsQueue: typeof parsed.importsQueue = {
    ...parsed.importsQueue,
    send: async ({ importId }) => {
      sent.push(importId);
      return { metadata: { metrics: { backlogCount: sent.length, backlogBytes: 0 } } };
    },
  };
  return {
    env: { ...parsed, importsQueue },
    database: createDatabase(parsed),
    log: createLog({}),
    background: makeBackground({ waitUntil: (work) => void left.push(work) }, createLog({})),
    sent,
    settle: async () => void (await Promise.all(left)),
  };
}
