// Which passwords are refused: short ones, and those that are made of what everybody tries first. Pure.
// A password is taken apart into common words, runs, repetitions and what is known of its owner, the cheapest way that
// there is; what it costs to guess the parts is what it is worth. After https://www.usenix.org/conference/usenixsecurity16/technical-sessions/presentation/wheeler
import { COMMON_PASSWORDS } from "./common-passwords.ts";

export const PASSWORD_CHARACTERS_MIN = 12;
export const PASSWORD_CHARACTERS_MAX = 256;
/** What a password has to be worth: as much as eleven digits drawn at random. */
const GUESS_BITS_MIN = 36;

const PART_CHARACTERS_MIN = 3;
const PART_CHARACTERS_MAX = 24;
/** What repeating, counting or walking along a keyboard costs, besides how far. */
const PATTERN_BITS = 5;
const RUNS = [
  "abcdefghijklmnopqrstuvwxyz",
  "01234567890",
  "qwertyuiop",
  "asdfghjkl",
  "zxcvbnm",
  "qwertzuiop",
];
const LEET: Record<string, string> = {
  ...{ "0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", $: "s", "!": "i", "|": "l" },
};

/** Why `password` is refused, in a sentence for its owner; undefined when it may be had. */
export function findPasswordProblem(
  password: string,
  owner: { username: string; address: string },
): string | undefined {
  const length = [...password].length;
  if (length < PASSWORD_CHARACTERS_MIN) {
    return `A password has at least ${PASSWORD_CHARACTERS_MIN} characters; this one has ${length}.`;
  }
  if (length > PASSWORD_CHARACTERS_MAX)
    return `A password has at most ${PASSWORD_CHARACTERS_MAX} characters.`;
  const personal = `${owner.username} ${owner.address} plue`.toLowerCase().split(/[^\p{L}\p{N}]+/u);
  if (countGuessBits(password.toLowerCase(), new Set(personal)) >= GUESS_BITS_MIN) return undefined;
  return "This one is guessed early: it is made of common words, patterns, or your own name. Add words that have nothing to do with each other.";
}

let ranks: Map<string, number> | undefined;

function rankOf(word: string): number | undefined {
  ranks ??= new Map(COMMON_PASSWORDS.split(" ").map((common, at) => [common, at + 1]));
  return ranks.get(word);
}

/** The least that taking it apart costs, by dynamic programming over its ends. */
function countGuessBits(password: string, personal: ReadonlySet<string>): number {
  const characters = [...password];
  const plain = characters.map((character) => LEET[character] ?? character);
  const cheapest = [0];
  for (let end = 1; end <= characters.length; end++) {
    let bits = (cheapest[end - 1] ?? 0) + countCharacterBits(characters[end - 1] ?? "");
    const first = Math.max(0, end - PART_CHARACTERS_MAX);
    for (let start = end - PART_CHARACTERS_MIN; start >= first; start--) {
      const before = characters.slice(0, start).join("");
      const part = characters.slice(start, end).join("");
      const partBits = Math.min(
        countPartBits(part, before, personal),
        countPartBits(plain.slice(start, end).join(""), before, personal) + 1,
      );
      bits = Math.min(bits, (cheapest[start] ?? 0) + partBits);
    }
    cheapest.push(bits);
  }
  return cheapest[characters.length] ?? 0;
}

function countCharacterBits(character: string): number {
  if (/\d/.test(character)) return Math.log2(10);
  return /[a-z]/.test(character) ? Math.log2(26) : Math.log2(60);
}

function countPartBits(part: string, before: string, personal: ReadonlySet<string>): number {
  const length = Math.log2(part.length);
  if (personal.has(part) || before.includes(part) || isOneCharacter(part)) return PATTERN_BITS + length;
  if (isRun(part) || /^(19|20)\d\d$/.test(part)) return PATTERN_BITS + length + 1;
  const reversed = [...part].reverse().join("");
  const rank = rankOf(part) ?? rankOf(reversed);
  return rank === undefined ? Number.POSITIVE_INFINITY : Math.log2(rank) + 1;
}

const isOneCharacter = (part: string): boolean => new Set(part).size === 1;

function isRun(part: string): boolean {
  const reversed = [...part].reverse().join("");
  return RUNS.some((run) => run.includes(part) || run.includes(reversed));
}
