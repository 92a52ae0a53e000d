/**
 * The seccomp filter of bubblewrap sandboxes, as a classic BPF program (seccomp(2), linux/filter.h). Whatever the
 * call, the verdict is reached by comparisons alone: every path through the program ends in a return.
 */
import {
  auditArchitecture,
  type FilteredArchitecture,
  inspectedCalls,
  refusedCalls,
} from "./syscall-numbers.ts";

type Instruction = { code: number; whenTrue: number; whenFalse: number; value: number };

const killProcess = 0x80000000;
const allow = 0x7fff0000;
const refuse = (errno: number): number => 0x00050000 | errno;

const eperm = 1;
const enosys = 38;
const eafnosupport = 97;

/** Offsets in `struct seccomp_data`; both architectures are little-endian, so an argument's low half comes first. */
const offsets = { call: 0, architecture: 4, firstArgument: 16, secondArgument: 24 };

/** x86-64 also answers calls of its 32-bit-pointer ABI, numbered from here. */
const x32FirstCall = 0x40000000;

/** Every CLONE_NEW… flag that clone(2) takes: cgroup, uts, ipc, user, pid, net, mount namespaces. */
const namespaceFlags =
  0x02000000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x20000000 | 0x40000000 | 0x00020000;

/** Both push characters into a terminal's input. */
const terminalInputRequests = [0x5412, 0x541c]; // TIOCSTI, TIOCLINUX

/** AF_UNIX, AF_INET, AF_INET6, AF_NETLINK. Others aren't all bound to the network namespace: vsock reaches the host. */
const socketFamilies = [1, 2, 10, 16];

/** The program for the architecture, ready for `bwrap --seccomp`. */
export function makeSeccompFilter(architecture: FilteredArchitecture): Buffer {
  const { clone, clone3, ioctl, socket } = inspectedCalls;
  const refused = Object.values(refusedCalls)
    .map((numbers) => numbers[architecture])
    .filter((number) => number !== null);
  const program = [
    load(offsets.architecture),
    ...unlessEqual(auditArchitecture[architecture], killProcess),
    load(offsets.call),
    ...(architecture === "x64" ? ifAtLeast(x32FirstCall, killProcess) : []),
    ...refused.flatMap((call) => ifEqual(call, refuse(eperm))),
    // Its flags are in memory, out of a filter's sight; told that it isn't there, the C library uses clone.
    ...ifEqual(clone3[architecture], refuse(enosys)),
    ...inspect(clone[architecture], [
      load(offsets.firstArgument),
      ...ifAnyBit(namespaceFlags, refuse(eperm)),
    ]),
    ...inspect(ioctl[architecture], [
      load(offsets.secondArgument),
      ...terminalInputRequests.flatMap((request) => ifEqual(request, refuse(eperm))),
    ]),
    ...inspect(socket[architecture], [
      load(offsets.firstArgument),
      ...socketFamilies.flatMap((family) => ifEqual(family, allow)),
      answer(refuse(eafnosupport)),
    ]),
    answer(allow),
  ];
  return encode(program);
}

/** The architecture of this process, or null when there is no filter for it. */
export function findFilteredArchitecture(architecture: string): FilteredArchitecture | null {
  return architecture === "x64" || architecture === "arm64" ? architecture : null;
}

const load = (offset: number): Instruction => ({ code: 0x20, whenTrue: 0, whenFalse: 0, value: offset });
const answer = (verdict: number): Instruction => ({ code: 0x06, whenTrue: 0, whenFalse: 0, value: verdict });

/** Compares the loaded word, and runs the next instruction when it holds, else skips it. */
const ifEqual = (value: number, verdict: number): Instruction[] => [
  { code: 0x15, whenTrue: 0, whenFalse: 1, value },
  answer(verdict),
];
const unlessEqual = (value: number, verdict: number): Instruction[] => [
  { code: 0x15, whenTrue: 1, whenFalse: 0, value },
  answer(verdict),
];
const ifAtLeast = (value: number, verdict: number): Instruction[] => [
  { code: 0x35, whenTrue: 0, whenFalse: 1, value },
  answer(verdict),
];
const ifAnyBit = (bits: number, verdict: number): Instruction[] => [
  { code: 0x45, whenTrue: 0, whenFalse: 1, value: bits },
  answer(verdict),
];

/** For that call alone runs the body, which is allowed when it reaches its end. */
function inspect(call: number, body: Instruction[]): Instruction[] {
  const whole = [...body, answer(allow)];
  return [{ code: 0x15, whenTrue: 0, whenFalse: whole.length, value: call }, ...whole];
}

function encode(program: Instruction[]): Buffer {
  const bytes = Buffer.alloc(program.length * 8);
  for (const [index, { code, whenTrue, whenFalse, value }] of program.entries()) {
    bytes.writeUInt16LE(code, index * 8);
    bytes.writeUInt8(whenTrue, index * 8 + 2);
    bytes.writeUInt8(whenFalse, index * 8 + 3);
    bytes.writeUInt32LE(value >>> 0, index * 8 + 4);
  }
  return bytes;
}
