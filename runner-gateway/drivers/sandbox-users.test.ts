/** Which user ids sandboxes get: nobody's on the host, and each sandbox's own. */
import { describe, expect, test } from "vitest";
import { chooseUserRange, SandboxUserPool } from "./sandbox-users.ts";

const wholeMap = "         0          0 4294967295\n";
const containerMap = "         0     100000      65536\n";
const passwd =
  "root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n";

describe("the range of sandbox users", () => {
  test("is far from every account where all ids are mapped", () => {
    const range = chooseUserRange([wholeMap, wholeMap], [passwd, "dev:100000:65536\n"]);
    expect(range.first).toBe(2_013_265_920);
    expect(range.first + range.count).toBeLessThan(2 ** 31);
  });

  test("stays within the ids of a container, and below nobody", () => {
    expect(chooseUserRange([containerMap, containerMap], [passwd])).toEqual({ first: 61_184, count: 4_336 });
  });

  test.each([
    ["an account in it", "kate:x:2013265921:100::/home/kate:/bin/sh\n"],
    ["subordinate ids that reach into it", "kate:2000000000:20000000\n"],
  ])("is another one when there is %s", (_what, text) => {
    expect(chooseUserRange([wholeMap, wholeMap], [passwd, text]).first).toBe(61_184);
  });

  test("is refused when no ids are free", () => {
    const small = "0 100000 1000\n";
    expect(() => chooseUserRange([small, small], [passwd])).toThrow("no user ids are free for sandboxes");
  });
});

describe("the pool of sandbox users", () => {
  test("gives each sandbox two ids of its own until none is left", () => {
    const pool = new SandboxUserPool({ first: 1_000, count: 6 });
    const taken = [pool.take(), pool.take(), pool.take()];
    const ids = taken.flatMap(({ runner, step }) => [runner, step]);
    expect([...ids].sort()).toEqual([1_000, 1_001, 1_002, 1_003, 1_004, 1_005]);
    expect(() => pool.take()).toThrow("in use");
    const [first] = taken;
    if (first === undefined) throw new Error("nothing was taken");
    pool.giveBack(first);
    expect(pool.take()).toEqual(first);
  });
});
