/** The filter is run here by an interpreter of classic BPF, for both architectures, call by call. */
import { describe, expect, test } from "vitest";
import { findFilteredArchitecture, makeSeccompFilter } from "./seccomp-filter.ts";
import { auditArchitecture, inspectedCalls, refusedCalls } from "./syscall-numbers.ts";

const allowed = 0x7fff0000;
const killed = 0x80000000;
const eperm = 0x00050001;

type Call = { architecture: number; call: number; arguments?: number[] };

/** Runs the program over `struct seccomp_data`; throws when it leaves its end or takes too long. */
function judge(filter: Buffer, { architecture, call, arguments: values = [] }: Call): number {
  const data = Buffer.alloc(64);
  data.writeUInt32LE(call >>> 0, 0);
  data.writeUInt32LE(architecture >>> 0, 4);
  for (const [index, value] of values.entries()) data.writeBigUInt64LE(BigInt(value), 16 + index * 8);
  let accumulator = 0;
  for (let index = 0; index < filter.length / 8; index += 1) {
    const [code, value] = [filter.readUInt16LE(index * 8), filter.readUInt32LE(index * 8 + 4)];
    const jump = (holds: boolean) => filter.readUInt8(index * 8 + (holds ? 2 : 3));
    if (code === 0x06) return value;
    if (code === 0x20) accumulator = data.readUInt32LE(value);
    else if (code === 0x15) index += jump(accumulator === value);
    else if (code === 0x35) index += jump(accumulator >= value);
    else if (code === 0x45) index += jump((accumulator & value) !== 0);
    else throw new Error(`unknown instruction ${code}`);
  }
  throw new Error("the program has no verdict");
}

describe.each(["x64", "arm64"] as const)("the filter of %s", (name) => {
  const filter = makeSeccompFilter(name);
  const architecture = auditArchitecture[name];
  const { clone, clone3, ioctl, socket } = inspectedCalls;
  const ask = (call: number, ...values: number[]) => judge(filter, { architecture, call, arguments: values });

  test("every refused call gets EPERM, and each is refused once", () => {
    const numbers = Object.values(refusedCalls).map((call) => call[name]);
    for (const number of numbers) if (number !== null) expect(ask(number)).toBe(eperm);
    const known = numbers.filter((number) => number !== null);
    expect(new Set(known).size).toBe(known.length);
  });

  test("a call of another architecture kills the process, whatever its number", () => {
    for (const other of [
      0x40000003,
      0x40000028,
      name === "x64" ? auditArchitecture.arm64 : auditArchitecture.x64,
    ]) {
      expect(judge(filter, { architecture: other, call: 0 })).toBe(killed);
    }
  });

  test("what programs do all the time is allowed", () => {
    const refused = new Set(Object.values(refusedCalls).map((call) => call[name]));
    for (const number of [0, 1, 2, 3, 9, 59, 221, 231, 262, 332, 436, 439]) {
      if (!refused.has(number)) expect([number, ask(number)]).toEqual([number, allowed]);
    }
    expect(ask(clone[name], 0x01200011)).toBe(allowed);
    expect(ask(clone[name], 0x003d0f00)).toBe(allowed);
    expect(ask(ioctl[name], 1, 0x5401)).toBe(allowed);
  });

  test("clone is refused each new namespace, alone or among other flags", () => {
    for (const flag of [0x20000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000]) {
      expect(ask(clone[name], flag)).toBe(eperm);
      expect(ask(clone[name], flag + 0x00000f11)).toBe(eperm);
    }
    expect(ask(clone3[name])).toBe(0x00050000 | 38);
  });

  test("characters can't be pushed into a terminal, also with the argument's high half set", () => {
    expect(ask(ioctl[name], 0, 0x5412)).toBe(eperm);
    expect(ask(ioctl[name], 0, 0x5412 + 2 ** 32)).toBe(eperm);
    expect(ask(ioctl[name], 0, 0x541c)).toBe(eperm);
  });

  test("sockets are of the four families that the namespaces bound", () => {
    for (let family = 0; family < 64; family += 1) {
      expect([family, ask(socket[name], family, 1)]).toEqual([
        family,
        [1, 2, 10, 16].includes(family) ? allowed : 0x00050000 | 97,
      ]);
    }
  });
});

test("the 32-bit-pointer calls of x86-64 kill the process", () => {
  const filter = makeSeccompFilter("x64");
  const architecture = auditArchitecture.x64;
  for (const call of [0x40000000, 0x40000000 + 165, 0xffffffff]) {
    expect(judge(filter, { architecture, call })).toBe(killed);
  }
});

test("an architecture without a filter has none", () => {
  expect(findFilteredArchitecture("riscv64")).toBeNull();
});
