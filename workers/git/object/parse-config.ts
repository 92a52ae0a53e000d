// git's configuration syntax (git-config, "Syntax"), as far as .gitmodules needs it.

interface ConfigEntry {
  /** In lowercase. */
  readonly section: string;
  readonly subsection: string | null;
  /** In lowercase. */
  readonly key: string;
  /** Null for a key without "=". */
  readonly value: string | null;
}

class ConfigReader {
  private readonly text: string;
  private at = 0;

  constructor(text: string) {
    this.text = text.replaceAll("\r\n", "\n");
  }

  /** The next character, which the end of the text makes a newline. */
  next(): string {
    return this.text[this.at++] ?? "\n";
  }

  peek(): string {
    return this.text[this.at] ?? "\n";
  }

  get isAtEnd(): boolean {
    return this.at >= this.text.length;
  }

  /** Steps over all that matches. */
  take(pattern: RegExp): string {
    const from = this.at;
    while (!this.isAtEnd && pattern.test(this.peek())) this.at++;
    return this.text.slice(from, this.at);
  }

  /** Behind "[": the section and its subsection; null when malformed. */
  readSection(): { section: string; subsection: string | null } | null {
    const name = this.take(/[A-Za-z0-9.-]/).toLowerCase();
    const after = this.next();
    if (after === "]") {
      const dot = name.indexOf(".");
      if (dot < 0) return { section: name, subsection: null };
      return { section: name.slice(0, dot), subsection: name.slice(dot + 1) };
    }
    if (after !== " " && after !== "\t") return null;
    this.take(/[ \t]/);
    if (this.next() !== '"') return null;
    let subsection = "";
    for (let character = this.next(); character !== '"'; character = this.next()) {
      if (character === "\\") character = this.next();
      if (character === "\n") return null;
      subsection += character;
    }
    return this.next() === "]" ? { section: name, subsection } : null;
  }

  /** Behind "=": the value; null when malformed. */
  readValue(): string | null {
    let value = "";
    let spaces = "";
    let isQuoted = false;
    for (let character = this.next(); character !== "\n"; character = this.next()) {
      if (!isQuoted && /\s/.test(character)) {
        if (value !== "") spaces += character;
        continue;
      }
      if (!isQuoted && (character === ";" || character === "#")) {
        this.take(/[^\n]/);
        continue;
      }
      value += spaces;
      spaces = "";
      if (character === '"') {
        isQuoted = !isQuoted;
        continue;
      }
      if (character === "\\") {
        const escaped = this.next();
        if (escaped === "\n") continue;
        const meaning = { t: "\t", b: "\b", n: "\n", "\\": "\\", '"': '"' }[escaped];
        if (meaning === undefined) return null;
        character = meaning;
        value += character;
        continue;
      }
      value += character;
    }
    return isQuoted ? null : value;
  }
}

/** The entries of a configuration, up to where it stops being one. */
export function parseConfig(text: string): ConfigEntry[] {
  const reader = new ConfigReader(text.replace(/^\ufeff/, ""));
  const entries: ConfigEntry[] = [];
  let section: { section: string; subsection: string | null } = { section: "", subsection: null };
  for (;;) {
    reader.take(/\s/);
    if (reader.isAtEnd) return entries;
    const first = reader.peek();
    if (first === "#" || first === ";") {
      reader.take(/[^\n]/);
      continue;
    }
    if (first === "[") {
      reader.next();
      const found = reader.readSection();
      if (found === null) return entries;
      section = found;
      continue;
    }
    if (!/[A-Za-z]/.test(first)) return entries;
    const key = reader.take(/[A-Za-z0-9-]/).toLowerCase();
    reader.take(/[ \t]/);
    const separator = reader.next();
    const value = separator === "=" ? reader.readValue() : null;
    if (separator !== "\n" && value === null) return entries;
    entries.push({ ...section, key, value });
  }
}
