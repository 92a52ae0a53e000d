// The checksum of a zlib stream (RFC 1950, 9). Sums are reduced only as often as 32 bits demand.

const MODULUS = 65521;
// The most bytes that can be summed before the second sum could pass 2^31.
const RUN_BYTES = 3800;

/** Adds bytes[start, end) to a checksum; a new one starts from 1. The result is signed, as `|0` leaves it. */
export function updateAdler32(adler: number, bytes: Uint8Array, start: number, end: number): number {
  let low = adler & 0xffff;
  let high = adler >>> 16;
  let at = start;
  while (at < end) {
    const stop = Math.min(at + RUN_BYTES, end);
    const unrolled = stop - 3;
    for (; at < unrolled; at += 4) {
      low = (low + bytes[at]!) | 0;
      high = (high + low) | 0;
      low = (low + bytes[at + 1]!) | 0;
      high = (high + low) | 0;
      low = (low + bytes[at + 2]!) | 0;
      high = (high + low) | 0;
      low = (low + bytes[at + 3]!) | 0;
      high = (high + low) | 0;
    }
    for (; at < stop; at++) {
      low = (low + bytes[at]!) | 0;
      high = (high + low) | 0;
    }
    low %= MODULUS;
    high %= MODULUS;
  }
  return (high << 16) | low;
}
