// Passwords as they are stored: scrypt (RFC 7914) in a PHC string. scrypt, since workerd has it natively and compiles no
// WebAssembly at run time; 16 MiB a hash, since an isolate has 128.
// https://github.com/P-H-C/phc-string-format https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html
import { Buffer } from "node:buffer";
import { scrypt } from "node:crypto";
import { areEqualSecrets } from "../../schema/constant-time.ts";
import { ForgeError } from "../core/errors.ts";
import { PASSWORD_HASHES_AT_ONCE_MAX, PASSWORD_HASHES_WAITING_MAX } from "../core/limits.ts";

interface HashParameters {
  /** log2 of the cost. */
  ln: number;
  r: number;
  p: number;
}

/** OWASP's parameters for 16 MiB. A hash with others is made anew when its password is next given. */
const CURRENT: HashParameters = { ln: 14, r: 8, p: 5 };
const SALT_BYTES = 16;
const HASH_BYTES = 32;
const PHC_SHAPE =
  /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{22})\$([A-Za-z0-9+/]{43})$/;

/** The slow part; a test counts how often it is asked. */
export type DeriveHash = (password: string, salt: Uint8Array, parameters: HashParameters) => Promise<Buffer>;

/** @returns a PHC string. @throws ForgeError `unavailable` when too many are waiting for theirs. */
export async function hashPassword(
  password: string,
  { parameters = CURRENT, derive = deriveHash }: { parameters?: HashParameters; derive?: DeriveHash } = {},
): Promise<string> {
  const salt = crypto.getRandomValues(new Uint8Array(SALT_BYTES));
  return format(parameters, Buffer.from(salt), await derive(password, salt, parameters));
}

/**
 * Whether `password` is the one of `stored`. Where there is none, the same work is done, and the answer is no.
 * @returns `isOutdated` when it is right but was hashed with other parameters than are current.
 */
export async function verifyPassword(
  password: string,
  stored: string | null,
  derive: DeriveHash = deriveHash,
): Promise<{ isRight: boolean; isOutdated: boolean }> {
  const { parameters, salt, hash } = parse(stored) ?? NOBODY;
  const given = await derive(password, salt, parameters);
  const isRight = areEqualSecrets(given.toString("hex"), hash.toString("hex")) && stored !== null;
  const isCurrent = parameters.ln === CURRENT.ln && parameters.r === CURRENT.r && parameters.p === CURRENT.p;
  return { isRight, isOutdated: isRight && !isCurrent };
}

/** What is hashed against where there is no password. */
const NOBODY = { parameters: CURRENT, salt: Buffer.alloc(SALT_BYTES), hash: Buffer.alloc(HASH_BYTES) };

function parse(stored: string | null) {
  if (stored === null) return undefined;
  const match = PHC_SHAPE.exec(stored);
  if (!match) throw new Error("a stored password hash has no known shape");
  const [ln = "", r = "", p = "", salt = "", hash = ""] = match.slice(1);
  return {
    parameters: { ln: Number(ln), r: Number(r), p: Number(p) },
    salt: Buffer.from(salt, "base64"),
    hash: Buffer.from(hash, "base64"),
  };
}

function format({ ln, r, p }: HashParameters, salt: Buffer, hash: Buffer): string {
  const encode = (bytes: Buffer) => bytes.toString("base64").replace(/=+$/, "");
  return `$scrypt$ln=${ln},r=${r},p=${p}$${encode(salt)}$${encode(hash)}`;
}

let running = 0;
const waiting: (() => void)[] = [];

const deriveHash: DeriveHash = async (password, salt, { ln, r, p }) => {
  await takeTurn();
  try {
    return await new Promise((resolve, reject) => {
      const options = { N: 2 ** ln, r, p, maxmem: 256 * 2 ** ln * r };
      // The same text typed on another machine may be other bytes.
      scrypt(password.normalize("NFKC"), salt, HASH_BYTES, options, (error, hash) =>
        error === null ? resolve(hash) : reject(error),
      );
    });
  } finally {
    running -= 1;
    waiting.shift()?.();
  }
};

async function takeTurn(): Promise<void> {
  if (running >= PASSWORD_HASHES_AT_ONCE_MAX) {
    if (waiting.length >= PASSWORD_HASHES_WAITING_MAX) {
      throw new ForgeError(
        "unavailable",
        "Too many are signing in at this moment. Try again in a few seconds.",
      );
    }
    await new Promise<void>((resolve) => waiting.push(resolve));
  }
  running += 1;
}
