// What stays and what goes.
import { describe, expect, it } from "vitest";
import { BoundedCache } from "./bounded-cache.ts";

const of = (costBytes: number) => ({ costBytes });

describe("a bounded cache", () => {
  it("keeps what fits exactly, and lets the least recently used go for one byte more", () => {
    const evicted: string[] = [];
    const cache = new BoundedCache(10, (key) => evicted.push(key));
    cache.add("a", of(4));
    cache.add("b", of(6));
    expect(evicted).toEqual([]);
    expect(cache.get("a")).toEqual(of(4));
    cache.add("c", of(1));
    expect(evicted).toEqual(["b"]);
    expect(cache.get("b")).toBeUndefined();
    expect([cache.get("a"), cache.get("c")]).toEqual([of(4), of(1)]);
  });

  it("takes what is as large as its budget, and leaves alone what is larger", () => {
    const cache = new BoundedCache(10);
    cache.add("a", of(10));
    cache.add("b", of(11));
    expect([cache.get("a"), cache.get("b")]).toEqual([of(10), undefined]);
  });

  it("has room again for what was deleted, and tells nobody", () => {
    const evicted: string[] = [];
    const cache = new BoundedCache(10, (key) => evicted.push(key));
    cache.add("a", of(10));
    cache.delete("a");
    cache.delete("a");
    cache.add("b", of(10));
    expect([cache.get("a"), cache.get("b"), evicted]).toEqual([undefined, of(10), []]);
  });
});
