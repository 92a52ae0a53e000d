// What the rules need to know of one source file, read once from its syntax tree.
import { globSync, readFileSync, statSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import { type ESTree, parseSync } from "rolldown/utils";
import { collectNodes } from "./syntax-tree.ts";

export type Problem = {
  /** From the root of the repository. */
  path: string;
  line: number;
  rule: string;
  /** What is wrong and what to do. */
  message: string;
};

type Import = {
  /** The imported file from the root, or undefined for a package. */
  target: string | undefined;
  /** The names taken; `*` for all of them. */
  names: string[];
  line: number;
};

export type SourceFile = {
  path: string;
  text: string;
  lineCount: number;
  imports: Import[];
  exports: { name: string; line: number }[];
  /** Files of the repository that a string names: programs that are started, not imported. */
  mentions: string[];
  /** All statements only pass on what other files export. */
  isBarrel: boolean;
  hasHeader: boolean;
  functions: { name: string; line: number; lineCount: number }[];
};

const sourceGlobs = ["{schema,workers,runner-gateway,site,scripts,e2e}/**/*.{ts,tsx,mjs}", "*.{ts,mjs}"];
const ignored = /(^|\/)node_modules\/|\.gen\.ts$|\.d\.ts$/;

/** All source files under `root`, parsed. @throws Error with the file's name when one can't be parsed. */
export function readSourceFiles(root: string): Map<string, SourceFile> {
  const paths = sourceGlobs
    .flatMap((pattern) => globSync(pattern, { cwd: root }))
    .filter((path) => !ignored.test(path))
    .sort();
  return new Map(paths.map((path) => [path, readSourceFile(root, path)]));
}

function readSourceFile(root: string, path: string): SourceFile {
  const text = readFileSync(join(root, path), "utf8");
  const { program, module, comments, errors } = parseSync(path, text);
  if (errors.length > 0) throw new Error(`${path}: ${errors[0]?.message}`);
  const lineStarts = [0, ...Array.from(text.matchAll(/\n/g), (match) => match.index + 1)];
  const lineAt = (offset: number): number => lineStarts.findLastIndex((start) => start <= offset) + 1;
  const resolveTarget = (request: string): string | undefined => resolveImport(root, path, request);

  const found = collectNodes(program);
  const imports: Import[] = module.staticImports.map((one) => ({
    target: resolveTarget(one.moduleRequest.value),
    line: lineAt(one.start),
    names: one.entries.flatMap((entry) => {
      if (entry.importName.kind === "Default") return ["default"];
      if (entry.importName.kind === "Name") return [entry.importName.name ?? ""];
      return [...(found.membersOf.get(entry.localName.value) ?? [])];
    }),
  }));
  const exports: SourceFile["exports"] = [];
  for (const entry of module.staticExports.flatMap((statement) => statement.entries)) {
    const line = lineAt(entry.start);
    if (entry.moduleRequest !== null) {
      const names = entry.importName.kind === "Name" ? [entry.importName.name ?? ""] : ["*"];
      imports.push({ target: resolveTarget(entry.moduleRequest.value), names, line });
    }
    if (entry.exportName.kind === "Default") exports.push({ name: "default", line });
    if (entry.exportName.kind === "Name") exports.push({ name: entry.exportName.name ?? "", line });
  }
  for (const one of found.dynamicImports) {
    imports.push({ target: resolveTarget(one.request), names: ["*"], line: lineAt(one.start) });
  }
  const first = comments[0];
  return {
    path,
    text,
    lineCount: text.split("\n").length - (text.endsWith("\n") ? 1 : 0),
    imports,
    exports,
    mentions: found.strings.flatMap((value) => resolveMention(root, path, value)),
    isBarrel:
      program.body.some(isPassedOn) && program.body.every((node) => isImport(node) || isPassedOn(node)),
    hasHeader: first !== undefined && text.slice(0, first.start).replace(/^#!.*/, "").trim() === "",
    functions: found.functions.map(({ name, node }) => ({
      name,
      line: lineAt(node.start),
      lineCount: lineAt(node.end) - lineAt(node.start) + 1,
    })),
  };
}

function isImport(node: ESTree.Node): boolean {
  return node.type === "ImportDeclaration";
}

function isPassedOn(node: ESTree.Node): boolean {
  if (node.type === "ExportAllDeclaration") return true;
  return node.type === "ExportNamedDeclaration" && node.declaration === null;
}

function resolveImport(root: string, path: string, request: string): string | undefined {
  if (!request.startsWith(".")) return undefined;
  return relative(root, join(root, dirname(path), request));
}

// Relative to the file or to the root, as code that starts programs writes it.
function resolveMention(root: string, path: string, text: string): string[] {
  if (!/^[\w./-]+\.(ts|tsx|mjs)$/.test(text)) return [];
  const candidates = [normalize(text), normalize(join(dirname(path), text))];
  return candidates.filter((one) => statSync(join(root, one), { throwIfNoEntry: false })?.isFile());
}
