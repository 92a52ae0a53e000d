// The form of a file: its name, its opening, what it exports.
import { matchesGlob } from "node:path";
import type { Problem, SourceFile } from "./source-file.ts";

const kebabCase = /^\.?[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)*$/;
const forbiddenNames = ["util", "utils", "helper", "helpers", "common"];

/** Where a tool wants a default export. */
const defaultExports = ["*.config.ts", "workers/main.ts"];

export function checkForms(files: Map<string, SourceFile>): Problem[] {
  return [...files.values()].flatMap((file) => [
    ...checkName(file),
    ...checkOpening(file),
    ...checkExports(file),
  ]);
}

function checkName({ path }: SourceFile): Problem[] {
  return path.split("/").flatMap((part) => {
    if (!kebabCase.test(part)) {
      return [{ path, line: 1, rule: "name", message: `${part} isn't kebab-case; rename it` }];
    }
    const word = part.split(".")[0] ?? "";
    if (!forbiddenNames.includes(word)) return [];
    return [{ path, line: 1, rule: "name", message: `${part} says nothing; name it for what it does` }];
  });
}

function checkOpening({ path, hasHeader }: SourceFile): Problem[] {
  if (hasHeader) return [];
  const message = "no comment at the top; say what the file is for and what it keeps true";
  return [{ path, line: 1, rule: "header", message }];
}

function checkExports({ path, isBarrel, exports }: SourceFile): Problem[] {
  const problems: Problem[] = [];
  if (isBarrel) {
    const message = "only passes on what other files export; import from them and delete it";
    problems.push({ path, line: 1, rule: "barrel", message });
  }
  const standard = exports.find(({ name }) => name === "default");
  if (standard !== undefined && !defaultExports.some((pattern) => matchesGlob(path, pattern))) {
    problems.push({ path, line: standard.line, rule: "default export", message: "give it a name" });
  }
  return problems;
}
