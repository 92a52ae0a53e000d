// The format of every secret Plue gives out, and how one is stored: `plue_` + 30 base62 + 6 base62 of CRC-32,
// so that a leaked token can be recognised by its look alone. Only the SHA-256 is kept.
// After https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats/

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const RANDOM_LENGTH = 30;
const CHECKSUM_LENGTH = 6;
const TOKEN_SHAPE = /^(plue(?:_run|_deploy)?_)([0-9A-Za-z]{30})([0-9A-Za-z]{6})$/;

/** API tokens, tokens of runs, deploy keys. */
type TokenPrefix = "plue_" | "plue_run_" | "plue_deploy_";

/** A new token with 178 bits from the CSPRNG. */
export function createToken(prefix: TokenPrefix): string {
  const secret = randomBase62(RANDOM_LENGTH);
  return `${prefix}${secret}${checksum(`${prefix}${secret}`)}`;
}

/** Whether `text` has a token's shape and its checksum is right; says nothing of its being known or live. */
export function isWellFormedToken(text: string): boolean {
  const match = TOKEN_SHAPE.exec(text);
  return match !== null && checksum(`${match[1]}${match[2]}`) === match[3];
}

/** Lowercase hex SHA-256, the only form in which a token, session id or link is stored. */
export async function hashSecret(secret: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(secret));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** `length` base62 characters, each uniform: bytes of 248 and above are drawn again. */
export function randomBase62(length: number): string {
  let text = "";
  while (text.length < length) {
    for (const byte of crypto.getRandomValues(new Uint8Array(length))) {
      if (byte < 248 && text.length < length) text += ALPHABET[byte % 62];
    }
  }
  return text;
}

function checksum(text: string): string {
  let value = crc32(new TextEncoder().encode(text));
  let digits = "";
  for (let place = 0; place < CHECKSUM_LENGTH; place++) {
    digits = ALPHABET[value % 62] + digits;
    value = Math.floor(value / 62);
  }
  return digits;
}

// The reflected CRC-32 of ISO 3309, bit by bit: tokens are short and this runs once a request.
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}
