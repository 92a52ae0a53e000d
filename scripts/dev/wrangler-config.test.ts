// The bindings of wrangler.toml, and what happens to a setting that nobody has taught npm start.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, expect, test } from "vitest";
import { readWranglerConfig } from "./wrangler-config.ts";

const folder = mkdtempSync(join(tmpdir(), "plue-wrangler-"));
const base = 'name = "x"\nmain = "x.ts"\ncompatibility_date = "2026-10-01"\n';

afterAll(() => rmSync(folder, { recursive: true }));

function read(toml: string) {
  const file = join(folder, "wrangler.toml");
  writeFileSync(file, base + toml);
  return readWranglerConfig(file);
}

test("the repository's own is understood", () => {
  const config = readWranglerConfig(resolve(import.meta.dirname, "../../wrangler.toml"));
  expect(config.r2_buckets.map(({ binding }) => binding)).toContain("OBJECTS");
  expect(config.queues.producers.map(({ binding }) => binding)).toContain("RUNS_QUEUE");
  expect(config.triggers.crons).toContain("* * * * *");
});

test("a file with little in it has no bindings", () => {
  expect(read("")).toMatchObject({ vars: {}, r2_buckets: [], queues: { producers: [], consumers: [] } });
});

test.each([
  ["a binding", '[[kv_namespaces]]\nbinding = "KV"\nid = "1"', "kv_namespaces"],
  ["a queue's setting", '[[queues.consumers]]\nqueue = "runs"\nvisibility = 3', "queues.consumers.0"],
  ["a variable that is no text", "[vars]\nA = 1", "vars.A"],
])("%s that isn't understood stops the start and is named", (_what, toml, name) => {
  expect(() => read(toml)).toThrow(name);
});
