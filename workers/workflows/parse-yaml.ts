// Text to a YAML document within bounds: of tokens, depth, anchors, and of what aliases make of it. Invariant: the time
// taken grows with the text's length alone, whatever it says; reading ends at the first fault.

import type { Alias, Document, Node } from "yaml";
import {
  Composer,
  type CST,
  isAlias,
  isCollection,
  isPair,
  isScalar,
  Lexer,
  LineCounter,
  Parser,
} from "yaml";
import {
  DEFINITION_ALIASES_MAX,
  DEFINITION_DEPTH_MAX,
  DEFINITION_EXPANDED_CHARACTERS_MAX,
  DEFINITION_KEYS_MAX,
  DEFINITION_TOKENS_MAX,
} from "../core/limits.ts";
import type { DefinitionProblem } from "./definition.ts";
import { describeFault } from "./yaml-faults.ts";

/** Thrown within the parser and turned into a `DefinitionProblem` at its edge. */
export class DefinitionError extends Error {
  readonly problem: DefinitionProblem;
  constructor(problem: DefinitionProblem) {
    super(problem.message);
    this.name = "DefinitionError";
    this.problem = problem;
  }
}

interface YamlDocument {
  root: Node | null;
  /** What each alias stands for. */
  targets: ReadonlyMap<Node, Node>;
  lines: LineCounter;
}

/** @throws DefinitionError at the first fault of syntax, and past a bound */
export function parseYaml(text: string): YamlDocument {
  const lines = new LineCounter();
  const fail: Fail = (message, offset) => {
    const { line, col } = lines.linePos(offset);
    throw new DefinitionError({ message, line: Math.max(1, line), column: Math.max(1, col) });
  };
  const tokens = readTokens(text, lines, fail);
  checkDepth(tokens, fail);
  const document = compose(tokens, text.length, fail);
  const root = document?.contents ?? null;
  return { root, targets: root === null ? new Map() : resolveAliases(root, fail), lines };
}

type Fail = (message: string, offset: number) => never;

const SCALAR_FOLLOWS = "\u001f";
const MARKED = /^[&*!]/;

// The library's lexer and parser, driven piece by piece, so that a bound ends them.
function readTokens(text: string, lines: LineCounter, fail: Fail): CST.Token[] {
  lines.addNewLine(0);
  const parser = new Parser(lines.addNewLine);
  const tokens: CST.Token[] = [];
  let [count, marks, offset] = [0, 0, 0];
  let isScalar = false;
  for (const lexeme of new Lexer().lex(text)) {
    if (++count > DEFINITION_TOKENS_MAX) fail("the file is too long: split it into several", offset);
    if (!isScalar && MARKED.test(lexeme) && ++marks > DEFINITION_ALIASES_MAX) {
      fail(`a file has at most ${DEFINITION_ALIASES_MAX} anchors, aliases and tags`, offset);
    }
    isScalar = lexeme === SCALAR_FOLLOWS;
    for (const token of parser.next(lexeme)) {
      if (token.type === "error") fail(describeFault("UNEXPECTED_TOKEN"), token.offset);
      tokens.push(token);
    }
    // The lexer's marks of its own are no part of the text.
    if (!(lexeme.length === 1 && "\u0002\u0018\u001f".includes(lexeme))) offset += lexeme.length;
  }
  tokens.push(...parser.end());
  return tokens;
}

// Without recursion: the library's own goes as deep as the text does.
function checkDepth(tokens: readonly CST.Token[], fail: Fail): void {
  const open: { token: CST.Token; depth: number }[] = tokens.map((token) => ({ token, depth: 0 }));
  let next = open.pop();
  for (; next !== undefined; next = open.pop()) {
    const { token, depth } = next;
    if (depth > DEFINITION_DEPTH_MAX) {
      fail(`values are nested at most ${DEFINITION_DEPTH_MAX} levels deep`, token.offset);
    }
    for (const child of listChildren(token)) open.push({ token: child, depth: depth + 1 });
  }
}

function listChildren(token: CST.Token): CST.Token[] {
  if (token.type === "document") return token.value ? [token.value] : [];
  if (!("items" in token)) return [];
  return token.items.flatMap(({ key, value }) => [key, value]).filter((child) => child != null);
}

type FaultSource = number | readonly number[] | { offset: number };

function compose(tokens: readonly CST.Token[], length: number, fail: Fail): Document.Parsed | undefined {
  const composer = new Composer({ version: "1.2", uniqueKeys: false, prettyErrors: false });
  let first: { message: string; offset: number } | undefined;
  // The library collects every fault and makes an error of each; a file of nothing but faults would take seconds.
  const onError = (source: FaultSource, code: string): never => {
    first ??= { message: describeFault(code), offset: toOffset(source) };
    return fail(first.message, first.offset);
  };
  Object.assign(composer, { onError });
  const [document, second] = composer.compose(tokens, true, length);
  if (second !== undefined) fail(describeFault("MULTIPLE_DOCS"), second.range[0]);
  const fault = document?.errors[0] ?? document?.warnings[0];
  if (fault !== undefined) fail(describeFault(fault.code), fault.pos[0]);
  return document;
}

function toOffset(source: FaultSource): number {
  if (typeof source === "number") return source;
  return "offset" in source ? source.offset : (source[0] ?? 0);
}

interface Walk {
  anchors: Map<string, Node>;
  targets: Map<Node, Node>;
  /** Characters of what stands at a node once its aliases are replaced. */
  sizes: Map<Node, number>;
  /** The nodes that the walk is within. */
  open: Set<Node>;
  keys: number;
  fail: Fail;
}

function resolveAliases(root: Node, fail: Fail): ReadonlyMap<Node, Node> {
  const walk: Walk = {
    anchors: new Map(),
    targets: new Map(),
    sizes: new Map(),
    open: new Set(),
    keys: 0,
    fail,
  };
  measure(root, walk);
  return walk.targets;
}

function measure(node: unknown, walk: Walk): number {
  if (isPair(node)) {
    const offset = offsetOf(node.key);
    if (++walk.keys > DEFINITION_KEYS_MAX)
      walk.fail(`a file has at most ${DEFINITION_KEYS_MAX} keys`, offset);
    return measure(node.key, walk) + measure(node.value, walk);
  }
  if (isAlias(node)) return measureAlias(node, walk);
  if (isScalar(node)) {
    if (node.anchor) walk.anchors.set(node.anchor, node);
    return keepSize(node, 1 + (node.source?.length ?? 0), walk);
  }
  if (!isCollection(node)) return 1;
  if (node.anchor) walk.anchors.set(node.anchor, node);
  walk.open.add(node);
  let size = 1;
  for (const item of node.items) size += measure(item, walk);
  walk.open.delete(node);
  return keepSize(node, size, walk);
}

function measureAlias(alias: Alias, walk: Walk): number {
  const target = walk.anchors.get(alias.source);
  if (target === undefined) {
    return walk.fail(`\`*${alias.source}\` names no anchor that stands before it`, offsetOf(alias));
  }
  if (walk.open.has(target)) {
    return walk.fail(`\`*${alias.source}\` stands within what it names`, offsetOf(alias));
  }
  walk.targets.set(alias, target);
  return keepSize(alias, walk.sizes.get(target) ?? 1, walk);
}

function keepSize(node: Node, size: number, walk: Walk): number {
  if (size > DEFINITION_EXPANDED_CHARACTERS_MAX) {
    walk.fail("with its aliases replaced the file is too long", offsetOf(node));
  }
  walk.sizes.set(node, size);
  return size;
}

function offsetOf(node: unknown): number {
  if (isAlias(node) || isScalar(node) || isCollection(node)) return node.range?.[0] ?? 0;
  return 0;
}
