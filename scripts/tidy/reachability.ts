// Dead files and dead exports: what no entry point reaches, and what nobody imports.
import { matchesGlob } from "node:path";
import type { Problem, SourceFile } from "./source-file.ts";

/** Programs that are started by name, tests, and what a tool finds by itself. */
const entryPoints = [
  "workers/main.ts",
  "runner-gateway/main.ts",
  "runner-gateway/runner/main.ts",
  "site/islands/*.ts",
  "scripts/*.{ts,mjs}",
  "**/*.test.{ts,tsx}",
  "*.{ts,mjs}",
  "schema/tables/*.ts",
];

/** Exports that a tool reads: the tables by drizzle-kit, a Worker's and a configuration's by their runner. */
const readByTools = [
  "schema/tables/*.ts",
  "workers/main.ts",
  "*.config.ts",
  "scripts/testing/global-setup.ts",
];

export function findDeadFiles(files: Map<string, SourceFile>): Problem[] {
  const reached = new Set<string>();
  const queue = [...files.keys()].filter((path) => matchesAny(path, entryPoints));
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    const file = files.get(path);
    if (file === undefined || reached.has(path)) continue;
    reached.add(path);
    for (const { target } of file.imports) if (target !== undefined) queue.push(target);
    queue.push(...file.mentions);
  }
  return [...files.keys()]
    .filter((path) => !reached.has(path))
    .map((path) => ({
      path,
      line: 1,
      rule: "dead file",
      message: "no program, test or configuration reaches it; use it or delete it",
    }));
}

export function findDeadExports(files: Map<string, SourceFile>): Problem[] {
  const used = new Map<string, Set<string>>();
  for (const file of files.values()) {
    for (const { target, names } of file.imports) {
      if (target === undefined || target === file.path) continue;
      const known = used.get(target) ?? new Set();
      for (const name of names) known.add(name);
      used.set(target, known);
    }
  }
  return [...files.values()]
    .filter((file) => !matchesAny(file.path, readByTools))
    .flatMap((file) => {
      const names = used.get(file.path) ?? new Set();
      return names.has("*") ? [] : file.exports.filter(({ name }) => !names.has(name)).map(report(file));
    });
}

function report(file: SourceFile): (dead: { name: string; line: number }) => Problem {
  return ({ name, line }) => ({
    path: file.path,
    line,
    rule: "dead export",
    message: `nobody imports ${name}; drop the \`export\`, or the code where this file doesn't use it either`,
  });
}

function matchesAny(path: string, patterns: string[]): boolean {
  return patterns.some((pattern) => matchesGlob(path, pattern));
}
