// A cache of the isolate's own, bounded in bytes: the least recently used goes when the budget is spent. Invariant: what is
// kept under a key never changes, so nothing is ever stale.

/** What is kept says what keeping it costs. */
interface Costly {
  readonly costBytes: number;
}

export class BoundedCache<Value extends Costly> {
  private readonly limitBytes: number;
  private readonly onEvicted: (key: string, value: Value) => void;
  private usedBytes = 0;
  // A Map keeps the order of insertion: the first is the one used longest ago.
  private readonly values = new Map<string, Value>();

  /** @param onEvicted told of what had to go, not of what was deleted */
  constructor(limitBytes: number, onEvicted: (key: string, value: Value) => void = () => undefined) {
    this.limitBytes = limitBytes;
    this.onEvicted = onEvicted;
  }

  get(key: string): Value | undefined {
    const value = this.values.get(key);
    if (value !== undefined) {
      this.values.delete(key);
      this.values.set(key, value);
    }
    return value;
  }

  /** Keeps a value; one that is larger than the budget isn't kept. */
  add(key: string, value: Value): void {
    if (this.values.has(key) || value.costBytes > this.limitBytes) return;
    this.values.set(key, value);
    this.usedBytes += value.costBytes;
    for (const [oldest, evicted] of this.values) {
      if (this.usedBytes <= this.limitBytes) return;
      this.delete(oldest);
      this.onEvicted(oldest, evicted);
    }
  }

  delete(key: string): void {
    const value = this.values.get(key);
    if (value === undefined) return;
    this.values.delete(key);
    this.usedBytes -= value.costBytes;
  }
}
