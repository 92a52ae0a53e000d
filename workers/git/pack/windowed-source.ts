// A RangeSource that reads another in aligned windows and keeps the ones used last, so that many small reads near each
// other cost one. Memory is bounded by the windows kept.
import { assertRange, type RangeSource } from "./range-source.ts";

interface WindowOptions {
  readonly windowBytes: number;
  readonly cacheBytes: number;
}

/** Wraps a source; reads within one window are views of it, larger ones are put together. */
export function createWindowedSource(inner: RangeSource, options: WindowOptions): RangeSource {
  const { windowBytes } = options;
  const keptLimit = Math.max(1, Math.floor(options.cacheBytes / windowBytes));
  // A Map keeps the order of insertion: the first is the one used longest ago.
  const kept = new Map<number, Promise<Uint8Array>>();

  const load = (window: number): Promise<Uint8Array> => {
    const found = kept.get(window);
    if (found !== undefined) {
      kept.delete(window);
      kept.set(window, found);
      return found;
    }
    const start = window * windowBytes;
    const reading = inner
      .read(start, Math.min(windowBytes, inner.sizeBytes - start))
      .catch((error: unknown) => {
        // A failed read isn't kept: the next one tries again.
        kept.delete(window);
        throw error;
      });
    kept.set(window, reading);
    if (kept.size > keptLimit) {
      const [oldest] = kept.keys();
      if (oldest !== undefined) kept.delete(oldest);
    }
    return reading;
  };

  const source: RangeSource = {
    sizeBytes: inner.sizeBytes,
    async read(offset, length) {
      assertRange(source, offset, length);
      const first = Math.floor(offset / windowBytes);
      const from = offset - first * windowBytes;
      if (from + length <= windowBytes) return (await load(first)).subarray(from, from + length);
      const joined = new Uint8Array(length);
      for (let filled = 0; filled < length; ) {
        const window = Math.floor((offset + filled) / windowBytes);
        const at = offset + filled - window * windowBytes;
        const part = (await load(window)).subarray(at, at + length - filled);
        joined.set(part, filled);
        filled += part.length;
      }
      return joined;
    },
  };
  return source;
}
