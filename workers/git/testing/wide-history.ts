// Histories of directories with up to thousands of entries, that grow, shrink and are renamed. The same seed makes the same
// objects; files hold little, for what is wide are the trees.
import { createRandom } from "./seeded-history.ts";

interface WideOptions {
  readonly seed: number;
  readonly commits: number;
  /** Most entries of a directory. */
  readonly entries: number;
  /** Paths to begin with; made up where there are none. */
  readonly paths?: readonly string[];
}

/** A stream for git fast-import, of a branch `main`. */
export function writeWideHistory({ seed, commits, entries, paths = [] }: WideOptions): string {
  const random = createRandom(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  const parts: string[] = [];
  let serial = 0;
  const content = () => `${seed} ${++serial}\n`;
  const modify = (path: string) => {
    const bytes = content();
    parts.push(`M 100644 inline ${JSON.stringify(path)}\ndata ${bytes.length}\n${bytes}\n`);
  };
  const directories = new Map<string, Set<string>>();
  const add = (directory: string, name: string) => {
    directories.set(directory, (directories.get(directory) ?? new Set()).add(name));
    modify(`${directory}/${name}`);
  };
  const pick = () => [...directories.keys()][below(directories.size)] ?? "wide";
  /** Sizes just around where buffers double, and any other. */
  const pickSize = () => {
    const size = random() < 0.5 ? 2 ** (1 + below(12)) + below(3) - 1 : 1 + below(entries);
    return Math.min(entries, size);
  };
  const grow = (directory: string, size: number) => {
    for (let at = directories.get(directory)?.size ?? 0; at < size; at++) {
      add(directory, `${random() < 0.5 ? "a" : "z"}${below(1e9).toString(36)}-${at}`);
    }
  };
  const shrink = (directory: string, size: number) => {
    const names = directories.get(directory) ?? new Set();
    for (const name of [...names].sort(() => random() - 0.5).slice(Math.max(1, size))) {
      names.delete(name);
      parts.push(`D ${JSON.stringify(`${directory}/${name}`)}\n`);
    }
  };
  const rename = (directory: string, to: string) => {
    parts.push(`R ${JSON.stringify(directory)} ${JSON.stringify(to)}\n`);
    directories.set(to, directories.get(directory) ?? new Set());
    directories.delete(directory);
  };
  const change = () => {
    const roll = below(10);
    const directory = pick();
    const size = directories.get(directory)?.size ?? 0;
    if (roll < 2) grow(`new${++serial}`, pickSize());
    else if (roll < 4) grow(directory, Math.min(entries, size + 1 + below(size + 2)));
    else if (roll < 6) shrink(directory, below(size));
    else if (roll === 6) rename(directory, `moved${++serial}`);
    else {
      // A few files, at the ends and in the middle: what deltas of trees are made of.
      const names = [...(directories.get(directory) ?? [])];
      for (let at = 0; at < 1 + below(4); at++) modify(`${directory}/${names[below(names.length)] ?? "one"}`);
      if (random() < 0.5) shrink(directory, size - 1);
    }
  };
  for (let commit = 0; commit < commits; commit++) {
    const message = `change ${commit}\n`;
    parts.push(`commit refs/heads/main\ncommitter C <c@example.com> ${1_600_000_000 + commit} +0000\n`);
    parts.push(`data ${message.length}\n${message}\n`);
    if (commit === 0) {
      for (const path of paths) {
        const cut = path.lastIndexOf("/");
        add(cut < 0 ? "root" : path.slice(0, cut), path.slice(cut + 1));
      }
      grow("wide", Math.min(entries, 100));
    } else for (let changes = 1 + below(3); changes > 0; changes--) change();
    parts.push("\n");
  }
  return parts.join("");
}
