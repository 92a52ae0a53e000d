// What workflow files may say, and how the others are refused: with a line, a column and what to do.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  DEFINITION_EXPANDED_CHARACTERS_MAX,
  DEFINITION_MESSAGE_CHARACTERS_MAX,
  FILTER_PATTERN_CHARACTERS_MAX,
  FILTER_PATTERNS_MAX,
  JOBS_PER_WORKFLOW_MAX,
  NEEDS_PER_WORKFLOW_MAX,
  STEPS_PER_JOB_MAX,
  TIMEOUT_MINUTES_MAX,
  WORKFLOW_NAME_CHARACTERS_MAX,
} from "../core/limits.ts";
import type { WorkflowDefinition } from "./definition.ts";
import { parseWorkflow } from "./parse-workflow.ts";

function parseGood(text: string): WorkflowDefinition {
  const result = parseWorkflow(text, "ci.yaml");
  if (!result.parsed) throw new Error(JSON.stringify(result.problem));
  return result.definition;
}

function parseBad(text: string): string {
  const result = parseWorkflow(text, "ci.yaml");
  if (result.parsed) throw new Error("it was accepted");
  return `${result.problem.line}:${result.problem.column} ${result.problem.message}`;
}

const withJob = (body: string) => `on: push\njobs:\n  build:\n${body.replace(/^/gm, "    ")}`;

describe("parseWorkflow", () => {
  it("reads a whole workflow", () => {
    const definition = parseGood(`
name: CI
on:
  push:
    branches: [main, 'release/**']
    tags-ignore: v0.*
env: { LEVEL: 1.10, DEBUG: true, EMPTY: }
defaults: { run: { shell: sh, working-directory: app } }
jobs:
  build:
    runs-on: ubuntu-latest
    timeout-minutes: 5
    steps:
      - uses: actions/checkout@v4
      - name: Install
        run: npm ci
        env: { CI: 1 }
      - run: |
          echo one
          echo two
        shell: bash
        working-directory: .
        timeout-minutes: 0.5
        continue-on-error: true
  test: { needs: build, steps: [{ run: npm test }] }
`);
    expect(definition).toMatchObject({
      name: "CI",
      env: { LEVEL: "1.10", DEBUG: "true", EMPTY: "" },
      push: { branches: ["main", "release/**"], branchesIgnore: null, tags: null, tagsIgnore: ["v0.*"] },
      notices: [],
    });
    expect(definition.jobs.map((job) => [job.key, job.needs, job.timeoutMinutes])).toEqual([
      ["build", [], 5],
      ["test", ["build"], 60],
    ]);
    expect(definition.jobs[0]?.steps).toEqual([
      {
        name: "Install",
        run: "npm ci",
        shell: "sh",
        env: { CI: "1" },
        workingDirectory: "app",
        timeoutMinutes: null,
        continueOnError: false,
      },
      {
        name: "Run echo one",
        run: "echo one\necho two\n",
        shell: "bash",
        env: {},
        workingDirectory: ".",
        timeoutMinutes: 0.5,
        continueOnError: true,
      },
    ]);
  });

  it.each([
    ["on: push", { branches: null, branchesIgnore: null, tags: null, tagsIgnore: null }],
    ["on: [push]", { branches: null, branchesIgnore: null, tags: null, tagsIgnore: null }],
    ["on: { push: }", { branches: null, branchesIgnore: null, tags: null, tagsIgnore: null }],
  ])("knows every way to write %s", (on, push) => {
    expect(parseGood(`${on}\njobs: {a: {steps: [{run: x}]}}`).push).toEqual(push);
  });

  it("says which events have no effect yet, and keeps the others", () => {
    const definition = parseGood("on: [push, pull_request]\njobs: {a: {steps: [{run: x}]}}");
    expect(definition.push).not.toBeNull();
    expect(definition.notices).toEqual([
      {
        message: "the event pull_request isn't supported yet and won't start this workflow",
        line: 1,
        column: 5,
      },
    ]);
  });

  it("resolves anchors", () => {
    const definition = parseGood("on: push\njobs:\n  a: &a {steps: [{run: x}]}\n  b: *a\n");
    expect(definition.jobs.map((job) => job.steps[0]?.run)).toEqual(["x", "x"]);
  });

  it.each([
    ["", "1:1 the file is empty"],
    ["jobs: {}", "1:1 `on` is missing"],
    ["on: push", "1:1 `jobs` is missing"],
    ["on: push\njobs: [", "2:"],
    ["on: push\njobs:\n\ta: 1", "3:"],
    ["on: pusk\njobs: {a: {steps: [{run: x}]}}", "1:5 the event pusk isn't known"],
    ["on: {push: {paths: [a]}}\njobs: {a: {steps: [{run: x}]}}", "1:20 `paths` isn't supported yet"],
    ["on: push\njobs: {}", "2:7 `jobs` needs at least one job"],
    ["on: push\non: push\njobs: {}", "2:1 the key on is used twice in the file"],
    [withJob("steps: []"), "4:12 jobs.build.steps needs at least one step"],
    [withJob("steps:\n  - name: a"), "5:9 jobs.build.steps[0] needs `run`"],
    [withJob("steps:\n  - run: a\n    iff: b"), "6:14 jobs.build.steps[0].iff isn't known"],
    [
      withJob("steps:\n  - uses: actions/setup-node@v4"),
      "5:15 the action actions/setup-node@v4 isn't supported",
    ],
    [withJob("steps:\n  - run: echo ${{ github.sha }}"), "5:14 expressions `${{ }}` aren't supported yet"],
    [
      withJob("needs: ghost\nsteps: [{run: x}]"),
      "4:5 the job build needs ghost, which isn't a job of this file",
    ],
    [withJob("needs: build\nsteps: [{run: x}]"), "4:5 these jobs need each other in a circle: build"],
    [withJob("strategy: {}\nsteps: [{run: x}]"), "4:15 `jobs.build.strategy` isn't supported yet"],
    [
      withJob("steps: [{run: x, working-directory: ../up}]"),
      "4:41 jobs.build.steps[0].working-directory must stay",
    ],
    [withJob("steps: [{run: x, shell: fish}]"), "4:29 the shell fish isn't supported; bash and sh are"],
    [withJob("steps: [{run: x, env: {A-B: 1}}]"), "4:33 A-B can't be the name of an environment variable"],
    ["on: push\njobs:\n  1a: {steps: [{run: x}]}", "3:7 the job id 1a must be"],
    ["? [a]\n: b", "1:3 a key of the file must be a plain text"],
  ])("refuses %j", (text, expected) => {
    expect(parseBad(text)).toContain(expected);
  });

  it("holds its limits", () => {
    const jobs = (count: number) =>
      `on: push\njobs:\n${Array.from({ length: count }, (_, at) => `  j${at}: {steps: [{run: x}]}`).join("\n")}`;
    expect(parseGood(jobs(JOBS_PER_WORKFLOW_MAX)).jobs).toHaveLength(JOBS_PER_WORKFLOW_MAX);
    expect(parseBad(jobs(JOBS_PER_WORKFLOW_MAX + 1))).toContain(`at most ${JOBS_PER_WORKFLOW_MAX} jobs`);
    const steps = (count: number) => withJob(`steps: [${Array(count).fill("{run: x}").join(", ")}]`);
    expect(parseGood(steps(STEPS_PER_JOB_MAX)).jobs[0]?.steps).toHaveLength(STEPS_PER_JOB_MAX);
    expect(parseBad(steps(STEPS_PER_JOB_MAX + 1))).toContain(`at most ${STEPS_PER_JOB_MAX} steps`);
    const minutes = (count: number) => withJob(`timeout-minutes: ${count}\nsteps: [{run: x}]`);
    expect(parseGood(minutes(TIMEOUT_MINUTES_MAX)).jobs[0]?.timeoutMinutes).toBe(TIMEOUT_MINUTES_MAX);
    expect(parseBad(minutes(TIMEOUT_MINUTES_MAX + 1))).toContain("at most");
    expect(parseBad(minutes(0))).toContain("more than 0");
  });

  it.each(["__proto__", "constructor", "toString", "hasOwnProperty"])(
    "says of the key %s what it is",
    (key) => {
      expect(parseBad(`${key}: 1\non: push\njobs: {a: {steps: [{run: x}]}}`)).toContain(
        `1:${key.length + 3} ${key} isn't known; known here: name, on`,
      );
      expect(parseBad(withJob(`${key}: 1\nsteps: [{run: x}]`))).toContain(`jobs.build.${key} isn't known`);
      expect(parseBad(`on: {push: {${key}: 1}}\njobs: {a: {steps: [{run: x}]}}`)).toContain("isn't known");
    },
  );

  it("has no environment variable that an object can't hold", () => {
    expect(parseBad(withJob("env: {__proto__: x}\nsteps: [{run: x}]"))).toContain(
      "__proto__ can't be the name",
    );
    expect(parseGood(withJob("env: {constructor: x}\nsteps: [{run: x}]")).jobs[0]?.env).toEqual({
      constructor: "x",
    });
  });

  it("holds the limits of names, needs, patterns and the environment of all jobs", () => {
    const name = (length: number) => `name: ${"n".repeat(length)}\n${withJob("steps: [{run: x}]")}`;
    expect(parseGood(name(WORKFLOW_NAME_CHARACTERS_MAX)).name).toHaveLength(WORKFLOW_NAME_CHARACTERS_MAX);
    expect(parseBad(name(WORKFLOW_NAME_CHARACTERS_MAX + 1))).toContain("a name has at most");
    const filter = (patterns: string[]) =>
      `on: {push: {branches: [${patterns.join(", ")}]}}\njobs: {a: {steps: [{run: x}]}}`;
    const long = "p".repeat(FILTER_PATTERN_CHARACTERS_MAX);
    expect(parseGood(filter([long])).push?.branches).toEqual([long]);
    expect(parseBad(filter([`${long}p`]))).toContain("a pattern has at most");
    const many = (count: number) => filter(Array(count).fill("x"));
    expect(parseGood(many(FILTER_PATTERNS_MAX)).push?.branches).toHaveLength(FILTER_PATTERNS_MAX);
    expect(parseBad(many(FILTER_PATTERNS_MAX + 1))).toContain("patterns");
    const needing = (count: number) => {
      const first = Array.from({ length: 50 }, (_, at) => `  a${at}: {steps: [{run: x}]}`);
      const rest = Array.from({ length: Math.ceil(count / 50) }, (_, at) => {
        const needs = Array.from({ length: Math.min(50, count - at * 50) }, (__, to) => `a${to}`);
        return `  b${at}: {needs: [${needs.join(", ")}], steps: [{run: x}]}`;
      });
      return `on: push\njobs:\n${[...first, ...rest].join("\n")}`;
    };
    expect(parseGood(needing(NEEDS_PER_WORKFLOW_MAX)).jobs).toHaveLength(70);
    expect(parseBad(needing(NEEDS_PER_WORKFLOW_MAX + 1))).toContain("needs in all");
    const env = (length: number) => {
      const jobs = Array.from({ length: 10 }, (_, at) => `  a${at}: {steps: [{run: x}]}`).join("\n");
      return `on: push\nenv: {A: ${"x".repeat(length)}}\njobs:\n${jobs}`;
    };
    const fits = Math.floor(DEFINITION_EXPANDED_CHARACTERS_MAX / 10) - '{"A":""}'.length;
    expect(parseGood(env(fits)).jobs).toHaveLength(10);
    expect(parseBad(env(fits + 1))).toContain("`env` is too long");
  });

  it("cuts what it says to its limit", () => {
    const key = "k".repeat(1_000);
    const text = `${key}: 1\non: push`;
    expect(parseBad(text)).toHaveLength("1:1003 ".length + DEFINITION_MESSAGE_CHARACTERS_MAX);
  });

  it("refuses a document of aliases that multiply", () => {
    const levels = Array.from(
      { length: 12 },
      (_, at) => `a${at + 1}: &a${at + 1} [${Array(9).fill(`*a${at}`)}]`,
    );
    expect(parseBad(`a0: &a0 x\n${levels.join("\n")}`)).toMatch(/aliases replaced/);
  });

  it("answers any text with a definition or a problem that has a place in it", () => {
    const fragment = fc.constantFrom(
      "on: push\n",
      "jobs:\n",
      "  a:\n",
      "    steps:\n",
      "      - run: x\n",
      "[",
      "}",
      "&a ",
      "*a",
      "? ",
      "- ",
      ": ",
      "|\n",
      "\t",
      "!!set ",
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(fragment, fc.string({ maxLength: 8 })), { maxLength: 12 }), (parts) => {
        const result = parseWorkflow(parts.join(""), "x");
        if (result.parsed) expect(result.definition.jobs.length).toBeGreaterThan(0);
        else expect(result.problem.line * result.problem.column).toBeGreaterThan(0);
      }),
      { seed: 20261121, numRuns: 2000 },
    );
  });
});
