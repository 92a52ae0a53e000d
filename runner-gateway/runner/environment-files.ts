// GITHUB_ENV and GITHUB_PATH: files that a step appends to, and whose content later steps get.
// @see https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#environment-files
import { chmodSync, closeSync, constants, fstatSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CarriedEnvironment, Environment } from "./environment.ts";
import { ENVIRONMENT_FILE_BYTES_MAX } from "./limits.ts";

const FILES = { GITHUB_ENV: "env", GITHUB_PATH: "path" } as const;
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const RESERVED = /^(GITHUB_|PLUE_|CI$|PLUE$|NODE_OPTIONS$)/;

type ParsedVariables = { ok: true; variables: Environment } | { ok: false; problem: string };

/** Empties the files for the next step. @returns the variables that name them. */
export function openEnvironmentFiles(folder: string): Environment {
  const entries = Object.entries(FILES).map(([variable, name]) => [variable, join(folder, name)] as const);
  for (const [, path] of entries) {
    writeFileSync(path, "");
    // The step is another user, and the folder isn't its.
    chmodSync(path, 0o666);
  }
  return Object.fromEntries(entries);
}

/**
 * Adds to `carried` what the step left in the files.
 * @returns what is wrong with them; null when all was taken.
 */
export function takeEnvironmentFiles(folder: string, carried: CarriedEnvironment): string | null {
  const env = readBounded(join(folder, FILES.GITHUB_ENV));
  const path = readBounded(join(folder, FILES.GITHUB_PATH));
  if (env === null) return "GITHUB_ENV can't be read or is larger than 1 MiB";
  if (path === null) return "GITHUB_PATH can't be read or is larger than 1 MiB";
  const parsed = parseVariables(env);
  if (!parsed.ok) return `GITHUB_ENV: ${parsed.problem}`;
  Object.assign(carried.variables, parsed.variables);
  const added = path
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  carried.path.unshift(...added.reverse());
  return null;
}

/** `NAME=value` lines, and `NAME<<END` … `END` for values of several lines. */
export function parseVariables(text: string): ParsedVariables {
  const variables: Environment = {};
  const lines = text.split(/\r?\n/);
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? "";
    if (line === "") continue;
    const match = /^([^=<]*)(=|<<)(.*)$/s.exec(line);
    const [, name = "", operator, rest = ""] = match ?? [];
    if (!match || !NAME.test(name))
      return { ok: false, problem: `line ${at + 1} isn't NAME=value or NAME<<END` };
    if (RESERVED.test(name)) return { ok: false, problem: `line ${at + 1}: ${name} can't be set` };
    let value = rest;
    if (operator === "<<") {
      const end = lines.indexOf(rest, at + 1);
      if (rest === "" || end < 0) return { ok: false, problem: `line ${at + 1}: nothing ends ${name}` };
      value = lines.slice(at + 1, end).join("\n");
      at = end;
    }
    if (value.includes("\0")) return { ok: false, problem: `line ${at + 1}: a value holds a NUL` };
    variables[name] = value;
  }
  return { ok: true, variables };
}

/** Only a file: where a step could put something else in its place, that is not followed and not waited for. */
function readBounded(path: string): string | null {
  let descriptor: number | null = null;
  try {
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const status = fstatSync(descriptor);
    const isTaken = status.isFile() && status.size <= ENVIRONMENT_FILE_BYTES_MAX;
    return isTaken ? readFileSync(descriptor, "utf8") : null;
  } catch {
    // The step may have removed it or closed it to us; the caller says so.
    return null;
  } finally {
    if (descriptor !== null) closeSync(descriptor);
  }
}
