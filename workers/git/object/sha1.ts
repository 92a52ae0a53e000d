// SHA-1 (FIPS 180-4) in plain code, for the many small objects of a pack, where a call into the platform's
// implementation costs more than the hashing. It hashes a prefix and bytes as one, without allocating.

const schedule = new Int32Array(80);
const block = new Uint8Array(64);
const state = new Int32Array(5);

/** Adds the 64 bytes at `at` to `state`. */
function compress(bytes: Uint8Array, at: number): void {
  const w = schedule;
  for (let i = 0, p = at; i < 16; i++, p += 4) {
    w[i] = (bytes[p]! << 24) | (bytes[p + 1]! << 16) | (bytes[p + 2]! << 8) | bytes[p + 3]!;
  }
  for (let i = 16; i < 80; i++) {
    const word = w[i - 3]! ^ w[i - 8]! ^ w[i - 14]! ^ w[i - 16]!;
    w[i] = (word << 1) | (word >>> 31);
  }
  let a = state[0]!;
  let b = state[1]!;
  let c = state[2]!;
  let d = state[3]!;
  let e = state[4]!;
  for (let i = 0; i < 20; i += 5) {
    e = (e + ((a << 5) | (a >>> 27)) + (d ^ (b & (c ^ d))) + w[i]! + 0x5a827999) | 0;
    b = (b << 30) | (b >>> 2);
    d = (d + ((e << 5) | (e >>> 27)) + (c ^ (a & (b ^ c))) + w[i + 1]! + 0x5a827999) | 0;
    a = (a << 30) | (a >>> 2);
    c = (c + ((d << 5) | (d >>> 27)) + (b ^ (e & (a ^ b))) + w[i + 2]! + 0x5a827999) | 0;
    e = (e << 30) | (e >>> 2);
    b = (b + ((c << 5) | (c >>> 27)) + (a ^ (d & (e ^ a))) + w[i + 3]! + 0x5a827999) | 0;
    d = (d << 30) | (d >>> 2);
    a = (a + ((b << 5) | (b >>> 27)) + (e ^ (c & (d ^ e))) + w[i + 4]! + 0x5a827999) | 0;
    c = (c << 30) | (c >>> 2);
  }
  for (let i = 20; i < 40; i += 5) {
    e = (e + ((a << 5) | (a >>> 27)) + (b ^ c ^ d) + w[i]! + 0x6ed9eba1) | 0;
    b = (b << 30) | (b >>> 2);
    d = (d + ((e << 5) | (e >>> 27)) + (a ^ b ^ c) + w[i + 1]! + 0x6ed9eba1) | 0;
    a = (a << 30) | (a >>> 2);
    c = (c + ((d << 5) | (d >>> 27)) + (e ^ a ^ b) + w[i + 2]! + 0x6ed9eba1) | 0;
    e = (e << 30) | (e >>> 2);
    b = (b + ((c << 5) | (c >>> 27)) + (d ^ e ^ a) + w[i + 3]! + 0x6ed9eba1) | 0;
    d = (d << 30) | (d >>> 2);
    a = (a + ((b << 5) | (b >>> 27)) + (c ^ d ^ e) + w[i + 4]! + 0x6ed9eba1) | 0;
    c = (c << 30) | (c >>> 2);
  }
  for (let i = 40; i < 60; i += 5) {
    e = (e + ((a << 5) | (a >>> 27)) + ((b & c) | (d & (b | c))) + w[i]! - 0x70e44324) | 0;
    b = (b << 30) | (b >>> 2);
    d = (d + ((e << 5) | (e >>> 27)) + ((a & b) | (c & (a | b))) + w[i + 1]! - 0x70e44324) | 0;
    a = (a << 30) | (a >>> 2);
    c = (c + ((d << 5) | (d >>> 27)) + ((e & a) | (b & (e | a))) + w[i + 2]! - 0x70e44324) | 0;
    e = (e << 30) | (e >>> 2);
    b = (b + ((c << 5) | (c >>> 27)) + ((d & e) | (a & (d | e))) + w[i + 3]! - 0x70e44324) | 0;
    d = (d << 30) | (d >>> 2);
    a = (a + ((b << 5) | (b >>> 27)) + ((c & d) | (e & (c | d))) + w[i + 4]! - 0x70e44324) | 0;
    c = (c << 30) | (c >>> 2);
  }
  for (let i = 60; i < 80; i += 5) {
    e = (e + ((a << 5) | (a >>> 27)) + (b ^ c ^ d) + w[i]! - 0x359d3e2a) | 0;
    b = (b << 30) | (b >>> 2);
    d = (d + ((e << 5) | (e >>> 27)) + (a ^ b ^ c) + w[i + 1]! - 0x359d3e2a) | 0;
    a = (a << 30) | (a >>> 2);
    c = (c + ((d << 5) | (d >>> 27)) + (e ^ a ^ b) + w[i + 2]! - 0x359d3e2a) | 0;
    e = (e << 30) | (e >>> 2);
    b = (b + ((c << 5) | (c >>> 27)) + (d ^ e ^ a) + w[i + 3]! - 0x359d3e2a) | 0;
    d = (d << 30) | (d >>> 2);
    a = (a + ((b << 5) | (b >>> 27)) + (c ^ d ^ e) + w[i + 4]! - 0x359d3e2a) | 0;
    c = (c << 30) | (c >>> 2);
  }
  state[0] = (state[0]! + a) | 0;
  state[1] = (state[1]! + b) | 0;
  state[2] = (state[2]! + c) | 0;
  state[3] = (state[3]! + d) | 0;
  state[4] = (state[4]! + e) | 0;
}

/** Hashes prefix[0, prefixLength), at most 63 bytes, followed by bytes[start, end); writes 20 bytes to `into` at `at`. */
export function hashPrefixed(
  prefix: Uint8Array,
  prefixLength: number,
  bytes: Uint8Array,
  start: number,
  end: number,
  into: Uint8Array,
  at: number,
): void {
  state[0] = 0x67452301;
  state[1] = 0xefcdab89;
  state[2] = 0x98badcfe;
  state[3] = 0x10325476;
  state[4] = 0xc3d2e1f0;
  let used = prefixLength;
  for (let i = 0; i < prefixLength; i++) block[i] = prefix[i]!;
  let from = start;
  while (used < 64 && from < end) block[used++] = bytes[from++]!;
  if (used === 64) {
    compress(block, 0);
    used = 0;
    for (; end - from >= 64; from += 64) compress(bytes, from);
    while (from < end) block[used++] = bytes[from++]!;
  }
  block[used++] = 0x80;
  if (used > 56) {
    block.fill(0, used);
    compress(block, 0);
    used = 0;
  }
  block.fill(0, used, 56);
  const totalBytes = prefixLength + end - start;
  writeWord(block, 56, Math.floor(totalBytes / 0x20000000));
  writeWord(block, 60, totalBytes << 3);
  compress(block, 0);
  for (let i = 0; i < 5; i++) writeWord(into, at + 4 * i, state[i]!);
}

function writeWord(into: Uint8Array, at: number, word: number): void {
  into[at] = word >>> 24;
  into[at + 1] = word >>> 16;
  into[at + 2] = word >>> 8;
  into[at + 3] = word;
}
