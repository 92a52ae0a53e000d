/** bubblewrap under the driver suite, and what only a sandbox on the host's own kernel has to refuse. */
import { rmSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { declareDriverSuite } from "./driver-suite.ts";
import { makeSuiteDriver, type SuiteDriver, startSandbox } from "./suite/suite-host.ts";

declareDriverSuite("bubblewrap");

describe("the host's kernel under bubblewrap", () => {
  let suite: SuiteDriver;
  let sandboxId: string;
  beforeAll(async () => {
    suite = await makeSuiteDriver("bubblewrap");
    sandboxId = await startSandbox(suite);
  }, 60_000);
  afterAll(async () => {
    await suite.driver.close();
    rmSync(suite.dataFolder, { recursive: true });
  }, 60_000);

  test("the seccomp filter is on", async () => {
    const { stdout } = await suite.gateway.bash(sandboxId, "grep Seccomp /proc/self/status");
    expect(stdout).toContain("Seccomp:\t2");
  });

  test("no user namespace can be made", async () => {
    for (const command of ["unshare --user true", "unshare --user --map-root-user true"]) {
      const { status, stderr } = await suite.gateway.bash(sandboxId, command);
      expect(status).toBe(1);
      expect(stderr).toContain("Operation not permitted");
    }
  });

  test.each([
    ["a clone into a user namespace", "syscall($n{clone}, 0x10000000 | 17, 0, 0, 0, 0)", "EPERM"],
    ["clone3", "syscall($n{clone3}, 0, 0)", "ENOSYS"],
    ["the keyring", "syscall($n{keyctl}, 0, -3, 0)", "EPERM"],
    ["a trace of another process", "syscall($n{ptrace}, 16, getppid(), 0, 0)", "EPERM"],
    ["io_uring", "syscall($n{io_uring_setup}, 1, 0)", "EPERM"],
    ["bpf", "syscall($n{bpf}, 0, 0, 0)", "EPERM"],
    ["a socket to the hypervisor", "socket(my $s, 40, 1, 0) ? 0 : -1", "EAFNOSUPPORT"],
    ["a socket to the kernel's cryptography", "socket(my $s, 38, 5, 0) ? 0 : -1", "EAFNOSUPPORT"],
    ["input pushed into a terminal", "ioctl(STDIN, 0x5412, $n{zero}) ? 0 : -1", "EPERM"],
  ])("%s is refused", async (_what, call, code) => {
    const numbers =
      process.arch === "arm64"
        ? "clone => 220, keyctl => 219, ptrace => 117, bpf => 280"
        : "clone => 56, keyctl => 250, ptrace => 101, bpf => 321";
    const script = `use Errno; my %n = (${numbers}, clone3 => 435, io_uring_setup => 425, zero => "0");
      exit((${call}) == -1 && $!{${code}} ? 0 : 1)`;
    expect(await suite.gateway.run(sandboxId, "perl", "-e", script)).toMatchObject({ status: 0, stderr: "" });
  });
});
