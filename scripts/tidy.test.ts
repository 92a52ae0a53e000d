// Each house rule, on a small repository of its own in which one thing is wrong.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { maxFileLines, maxFunctionLines, maxMedianLines, maxPercentile95Lines } from "./tidy/sizes.ts";
import { checkTidiness, dropDeadExports } from "./tidy.ts";

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "plue-tidy-"));
});

afterEach(() => rmSync(root, { recursive: true }));

/** Writes a file with a header above `code`. */
function write(path: string, code: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), `// What it is for.\n${code}\n`);
}

function problems(): string[] {
  return checkTidiness(root).map(({ path, line, rule }) => `${path}:${line} ${rule}`);
}

test("a repository that keeps the rules has no problems", () => {
  write("schema/wire/plan.ts", "export type Plan = { steps: string[] };");
  write("workers/core/errors.ts", "export class ForgeError extends Error {}");
  write(
    "workers/runs/store.ts",
    'import { ForgeError } from "../core/errors.ts";\nexport const load = () => new ForgeError();',
  );
  write(
    "workers/runs/service.ts",
    'import type { Plan } from "../../schema/wire/plan.ts";\nimport * as store from "./store.ts";\nexport const start = (plan: Plan) => [plan, store.load()];',
  );
  write("workers/main.ts", 'import { start } from "./runs/service.ts";\nexport default { start };');
  expect(problems()).toEqual([]);
});

describe("arrows", () => {
  test.each([
    ["schema/a.ts", "workers/core/b.ts"],
    ["workers/git/object/a.ts", "workers/core/b.ts"],
    ["workers/git/pack/a.ts", "workers/git/store/b.ts"],
    ["workers/git/store/a.ts", "workers/git/http/b.ts"],
    ["workers/core/a.ts", "workers/runs/service.ts"],
    ["workers/runs/service.ts", "workers/issues/store.ts"],
    ["workers/runs/routes.ts", "workers/issues/store.ts"],
    ["workers/runs/store.ts", "workers/runs/service.ts"],
    ["workers/runs/service.ts", "workers/runs/routes.ts"],
    ["workers/runs/service.ts", "workers/app.ts"],
    ["runner-gateway/a.ts", "workers/core/b.ts"],
    ["runner-gateway/runner/a.ts", "runner-gateway/b.ts"],
    ["site/pages/a.tsx", "workers/runs/service.ts"],
    ["site/islands/a.ts", "workers/runs/service.ts"],
    ["site/routes.tsx", "workers/runs/store.ts"],
    ["e2e/a.ts", "workers/core/b.ts"],
  ])("%s may not import %s", (path, target) => {
    write(target, "export const b = 1;");
    const request = `${"../".repeat(path.split("/").length - 1)}${target}`;
    write(path, `import {\n  b,\n} from "${request}";\nb;`);
    expect(problems()).toContain(`${path}:2 arrow`);
  });

  test.each([
    ["import type { b } from", ""],
    ["export { b } from", ""],
    ["await import(", ")"],
  ])("%s counts as an import", (before, after) => {
    write("workers/core/b.ts", "export const b = 1;");
    write("schema/a.ts", `${before}"../workers/core/b.ts"${after};`);
    expect(problems()).toContain("schema/a.ts:2 arrow");
  });

  test.each([
    ["workers/runs/service.ts", "workers/issues/service.ts"],
    ["workers/runs/service.ts", "workers/git/store/refs.ts"],
    ["workers/runs/routes.ts", "workers/runs/store.ts"],
    ["workers/app.ts", "workers/runs/routes.ts"],
    ["runner-gateway/a.ts", "schema/b.ts"],
    ["site/routes.tsx", "workers/runs/service.ts"],
    ["workers/core/a.test.ts", "workers/runs/store.ts"],
  ])("%s may import %s", (path, target) => {
    write(target, "export const b = 1;");
    const request = `${"../".repeat(path.split("/").length - 1)}${target}`;
    write(path, `import { b } from "${request}";\nb;`);
    expect(problems().filter((problem) => problem.endsWith("arrow"))).toEqual([]);
  });

  test("a file outside of all parts has no right to import", () => {
    write("scripts/b.ts", "export const b = 1;");
    write("site/other/a.ts", 'import { b } from "../../scripts/b.ts";\nb;');
    expect(problems()).toContain("site/other/a.ts:2 arrow");
  });
});

describe("sizes", () => {
  const lines = (count: number): string => Array.from({ length: count }, (_, n) => `v${n};`).join("\n");

  test("a file at the limit passes and one past it does not", () => {
    for (let n = 0; n < 40; n += 1) write(`scripts/small-${n}.ts`, "1;");
    write("scripts/full.ts", lines(maxFileLines - 1));
    expect(problems()).toEqual([]);
    write("scripts/full.ts", lines(maxFileLines));
    expect(problems()).toEqual([`scripts/full.ts:${maxFileLines + 1} file size`]);
  });

  test("a function at the limit passes and one past it does not", () => {
    write("scripts/a.ts", `function work() {\n${lines(maxFunctionLines - 2)}\n}\nwork();`);
    expect(problems()).toEqual([]);
    write("scripts/a.ts", `const work = () => {\n${lines(maxFunctionLines - 1)}\n};\nwork();`);
    expect(problems()).toEqual(["scripts/a.ts:2 function size"]);
  });

  test("a suite of tests may be longer, a test may not", () => {
    write(
      "scripts/a.test.ts",
      `describe("a", () => {\ntest("b", () => {\n${lines(maxFunctionLines)}\n});\n});`,
    );
    expect(problems()).toEqual(["scripts/a.test.ts:3 function size"]);
  });

  test("many long files break the median and the 95th percentile", () => {
    for (let n = 0; n < 4; n += 1) write(`scripts/long-${n}.ts`, lines(maxMedianLines));
    expect(problems()).toEqual(["scripts/long-1.ts:1 file sizes"]);
    for (let n = 0; n < 30; n += 1) write(`scripts/small-${n}.ts`, "1;");
    expect(problems()).toEqual([]);
    for (let n = 0; n < 2; n += 1) write(`scripts/long-${n}.ts`, lines(maxPercentile95Lines));
    expect(problems()).toEqual(["scripts/long-0.ts:1 file sizes"]);
  });
});

describe("dead code", () => {
  test("a file that only dead files import is dead", () => {
    write("workers/core/a.ts", 'import { b } from "./b.ts";\nb;');
    write("workers/core/b.ts", "export const b = 1;");
    expect(problems()).toEqual(["workers/core/a.ts:1 dead file", "workers/core/b.ts:1 dead file"]);
  });

  test("a program that is started by its name is alive", () => {
    write("scripts/up.ts", 'start("runner-gateway/worker.ts"); start("./child.mjs");');
    write("runner-gateway/worker.ts", "1;");
    write("scripts/child.mjs", "1;");
    expect(problems()).toEqual([]);
  });

  test("an export that nobody imports is dead, of a namespace each member for itself", () => {
    write(
      "workers/runs/store.ts",
      "export const used = 1;\nexport const unused = 2;\nexport type Row = string;",
    );
    write("workers/runs/service.ts", 'import * as store from "./store.ts";\nexport const a = store.used;');
    write("workers/main.ts", 'import { a } from "./runs/service.ts";\nexport default a;');
    expect(problems()).toEqual([
      "workers/runs/store.ts:3 dead export",
      "workers/runs/store.ts:4 dead export",
    ]);
  });

  test("what a test imports is alive", () => {
    write("workers/core/a.ts", "export const a = 1;");
    write("workers/core/a.test.ts", 'import { a } from "./a.ts";\na;');
    expect(problems()).toEqual([]);
  });

  test("--fix drops the word and keeps the code", () => {
    write("workers/core/a.ts", "export type A = string;\nexport function used(a: A) {\n  return a;\n}");
    write("workers/core/a.test.ts", 'import { used } from "./a.ts";\nused("");');
    expect(problems()).toEqual(["workers/core/a.ts:2 dead export"]);
    dropDeadExports(root);
    expect(problems()).toEqual([]);
    expect(readFileSync(join(root, "workers/core/a.ts"), "utf8")).toContain("\ntype A = string;\n");
  });
});

describe("forms", () => {
  test.each(["scripts/camelCase.ts", "scripts/Big.ts", "scripts/under_score.ts", "scripts/Dir/a.ts"])(
    "%s isn't kebab-case",
    (path) => {
      write(path, "1;");
      expect(problems()).toContain(`${path}:1 name`);
    },
  );

  test.each(["scripts/utils.ts", "workers/helpers/a.ts", "workers/common.test.ts"])(
    "%s says nothing",
    (path) => {
      write(path, "1;");
      expect(problems()).toContain(`${path}:1 name`);
    },
  );

  test("a file without a comment at its top", () => {
    writeFileSync(join(root, "a.config.ts"), "1;\n// later\n");
    expect(problems()).toEqual(["a.config.ts:1 header"]);
    writeFileSync(join(root, "a.config.ts"), "#!/usr/bin/env node\n\n/* What it is for. */\n1;\n");
    expect(problems()).toEqual([]);
  });

  test("a barrel, also one that imports first", () => {
    write("workers/core/a.ts", "export const a = 1;");
    write("workers/core/index.ts", 'import { a } from "./a.ts";\nexport { a };');
    write("workers/core/index.test.ts", 'import { a } from "./index.ts";\na;');
    expect(problems()).toEqual(["workers/core/index.ts:1 barrel"]);
  });

  test("a default export where no tool wants one", () => {
    write("workers/core/a.ts", "export default 1;");
    write("workers/core/a.test.ts", 'import a from "./a.ts";\na;');
    write("vitest.config.ts", "export default {};");
    expect(problems()).toEqual(["workers/core/a.ts:2 default export"]);
  });
});

test("what is done in one place only", () => {
  write("workers/core/background.ts", "context.waitUntil(work);");
  write("schema/write-events.ts", "transaction.insert(outbox);");
  write("workers/core/background.test.ts", "context.waitUntil(work);");
  expect(problems().filter((one) => one.endsWith("single way"))).toEqual([]);
  write("site/a.ts", "1;\ncontext.executionCtx.waitUntil(work);");
  write("runner-gateway/a.ts", "sql`INSERT\n  INTO outbox (topic)`;");
  expect(problems().filter((one) => one.endsWith("single way"))).toEqual([
    "runner-gateway/a.ts:2 single way",
    "site/a.ts:3 single way",
  ]);
});
