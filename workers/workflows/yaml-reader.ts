// Typed access to a YAML document that remembers where each value stands, so that every complaint has a line
// and a column. Invariant: nothing is read past; `refuseOthers` names what isn't understood.
import { isMap, isScalar, isSeq, type LineCounter, type Node } from "yaml";
import { DEFINITION_MESSAGE_CHARACTERS_MAX } from "../core/limits.ts";
import type { DefinitionProblem } from "./definition.ts";
import { DefinitionError, parseYaml } from "./parse-yaml.ts";

/** Parses `text` and gives its root. @throws DefinitionError at the first fault of syntax, and past a bound */
export function readYaml(text: string): YamlValue {
  const { root, targets, lines } = parseYaml(text);
  return new YamlValue(root, { targets, lines }, "the file", 0);
}

interface Source {
  targets: ReadonlyMap<unknown, Node>;
  lines: LineCounter;
}

export class YamlValue {
  readonly #node: Node | null;
  readonly #source: Source;
  readonly #path: string;
  readonly #startOffset: number;

  constructor(node: unknown, source: Source, path: string, fallbackOffset: number) {
    const found = source.targets.get(node) ?? toNode(node);
    this.#node = found;
    this.#source = source;
    this.#path = path;
    this.#startOffset = found?.range?.[0] ?? fallbackOffset;
  }

  /** @throws DefinitionError always, at this value's place. */
  fail(message: string): never {
    throw new DefinitionError(this.note(message));
  }

  /** A sentence about this value, at its place. */
  note(message: string): DefinitionProblem {
    const { line, col } = this.#source.lines.linePos(this.#startOffset);
    return { message: shorten(message), line, column: col };
  }

  get path(): string {
    return this.#path;
  }

  isNull(): boolean {
    return this.#node === null || (isScalar(this.#node) && this.#node.value === null);
  }

  isMap(): boolean {
    return isMap(this.#node);
  }

  isSequence(): boolean {
    return isSeq(this.#node);
  }

  /** The entries of a mapping, in order. @throws DefinitionError when it isn't one. */
  entries(): Map<string, YamlValue> {
    const node = this.#node;
    if (!isMap(node)) this.fail(`${this.#path} must be a mapping`);
    const found = new Map<string, YamlValue>();
    for (const pair of node.items) {
      const key = new YamlValue(pair.key, this.#source, this.#path, this.#startOffset);
      const name = key.#text() ?? key.fail(`a key of ${this.#path} must be a plain text`);
      const path = this.#path === "the file" ? name : `${this.#path}.${name}`;
      if (found.has(name)) key.fail(`the key ${name} is used twice in ${this.#path}`);
      found.set(name, new YamlValue(pair.value, this.#source, path, key.#startOffset));
    }
    return found;
  }

  /** The entries of a sequence. @throws DefinitionError when it isn't one. */
  items(): YamlValue[] {
    const node = this.#node;
    if (!isSeq(node)) this.fail(`${this.#path} must be a list`);
    return node.items.map(
      (item, at) => new YamlValue(item, this.#source, `${this.#path}[${at}]`, this.#startOffset),
    );
  }

  /** A text, number or boolean as text, as it stands in the file. @throws DefinitionError for anything else. */
  text(): string {
    const text = this.#text();
    if (text === undefined) this.fail(`${this.#path} must be a text`);
    return text;
  }

  boolean(): boolean {
    const value = isScalar(this.#node) ? this.#node.value : undefined;
    if (typeof value !== "boolean") this.fail(`${this.#path} must be true or false`);
    return value;
  }

  number(): number {
    const value = isScalar(this.#node) ? this.#node.value : undefined;
    if (typeof value !== "number" || !Number.isFinite(value)) this.fail(`${this.#path} must be a number`);
    return value;
  }

  /** One text or a list of texts. */
  texts(): string[] {
    return this.isSequence() ? this.items().map((item) => item.text()) : [this.text()];
  }

  #text(): string | undefined {
    if (!isScalar(this.#node)) return undefined;
    const { value, source } = this.#node;
    if (typeof value === "string") return value;
    // `1.10` stays `1.10`, not the number 1.1.
    return value === null ? undefined : (source ?? String(value));
  }
}

/** Fails at the first key of `entries` that isn't in `known`; `hints` say more about some. */
export function refuseOthers(
  entries: Map<string, YamlValue>,
  known: readonly string[],
  hints: Readonly<Record<string, string>> = {},
): void {
  for (const [key, value] of entries) {
    if (known.includes(key)) continue;
    const hint = Object.hasOwn(hints, key) ? hints[key] : undefined;
    value.fail(hint ?? `${value.path} isn't known; known here: ${known.join(", ")}`);
  }
}

const toNode = (node: unknown): Node | null => (isScalar(node) || isMap(node) || isSeq(node) ? node : null);

const shorten = (message: string): string =>
  message.length <= DEFINITION_MESSAGE_CHARACTERS_MAX
    ? message
    : `${message.slice(0, DEFINITION_MESSAGE_CHARACTERS_MAX - 1)}…`;
