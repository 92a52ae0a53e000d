/** Driver suite: what a program inside a sandbox can see, reach and do, tried from inside. */

import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { homedir, networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { insidePaths } from "../driver.ts";
import { makeSuiteDriver, type SuiteDriver, startSandbox } from "./suite-host.ts";

const isRoot = process.getuid?.() === 0;

function describeDevices(names: string[]) {
  return names.map((name) => {
    const { dev, ino, mode, uid, gid, ctimeMs } = statSync(`/dev/${name}`);
    return { name, dev, ino, mode, uid, gid, ctimeMs };
  });
}

const secret = "a-secret-that-only-the-gateway-has";

export function declareIsolationTests(technology: "gvisor" | "bubblewrap"): void {
  describe("what a sandbox reaches", () => {
    let suite: SuiteDriver;
    let sandboxId: string;
    beforeAll(async () => {
      process.env.PLUE_SUITE_SECRET = secret;
      suite = await makeSuiteDriver(technology);
      sandboxId = await startSandbox(suite);
    }, 60_000);
    afterAll(async () => {
      delete process.env.PLUE_SUITE_SECRET;
      await suite.driver.close();
      rmSync(suite.dataFolder, { recursive: true });
    }, 60_000);

    const bash = (script: string) => suite.gateway.bash(sandboxId, script);
    const node = (script: string) => suite.gateway.node(sandboxId, script);

    test("what a build needs is there", async () => {
      for (const command of ["git --version", "bash --version", "node --version", "ls -la /", "stat /usr"]) {
        expect(await bash(command)).toMatchObject({ status: 0, signal: null });
      }
      expect((await bash("node --version")).stdout.trim()).toBe(process.version);
      expect((await bash("pwd; echo $HOME; id -un; locale charmap")).stdout).toBe(
        "/work\n/home/runner\nrunner\nUTF-8\n",
      );
      expect(
        await bash(
          "git init -q . && echo 1 > a && git add a && git -c user.name=r -c user.email=r@r commit -qm a && git status",
        ),
      ).toMatchObject({ status: 0 });
      expect(
        await bash(
          "mktemp && touch ~/x && echo >/dev/shm/x && echo >/dev/null && head -c4 /dev/urandom | wc -c",
        ),
      ).toMatchObject({ status: 0 });
    });

    test("loopback works inside", async () => {
      const script = `const s = require("net").createServer((c) => c.end("hello")).listen(0, "127.0.0.1", () =>
        require("net").connect(s.address().port, "127.0.0.1").on("data", (d) => { console.log(String(d)); process.exit() }))`;
      expect(await node(script)).toMatchObject({ status: 0, stdout: "hello\n" });
    });

    test("only the sandbox's own socket is there, and it says who it is", async () => {
      const other = await startSandbox(suite, "other");
      const ask = `node -e 'require("http").get({ socketPath: process.env.PLUE_GATEWAY_SOCKET, path: "/whoami" }, (r) => r.pipe(process.stdout)).on("error", (e) => { console.log(e.code); process.exit(7) })'`;
      for (const id of [sandboxId, other])
        expect(JSON.parse((await suite.gateway.bashAsRunner(id, ask)).stdout)).toEqual({ sandboxId: id });
      if (isRoot) expect(await bash(ask)).toMatchObject({ status: 7, stdout: "EACCES\n" });
      const sockets = "find / -path /proc -prune -o -path /usr -prune -o -type s -print 2>/dev/null";
      expect((await bash(sockets)).stdout.trim()).toBe(insidePaths.gatewaySocket);
      await suite.driver.kill(other);
    });

    test("no address outside can be reached", async () => {
      let connections = 0;
      const listener = createServer((socket) => {
        connections += 1;
        socket.destroy();
      }).listen(0, "0.0.0.0");
      await once(listener, "listening");
      const address = listener.address();
      if (address === null || typeof address === "string") throw new Error("the listener has no port");
      const own = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
      const targets = [
        ...own.filter(({ family }) => family === "IPv4").map((each) => [each.address, address.port]),
        ...[
          ["127.0.0.1", address.port],
          ["169.254.169.254", 80],
          ["1.1.1.1", 443],
          ["10.0.0.1", 80],
        ],
      ];
      const script = `for (const [host, port] of ${JSON.stringify(targets)})
        require("net").connect({ host, port, timeout: 1500 }).on("connect", () => { console.log("reached", host); process.exit(1) })
          .on("error", (e) => console.log(e.code)).on("timeout", function () { console.log("timeout"); this.destroy() })`;
      const result = await node(script);
      listener.close();
      expect(result.status).toBe(0);
      expect(result.stdout.trim().split("\n")).toHaveLength(targets.length);
      expect(result.stdout).not.toContain("reached");
      expect(connections).toBe(0);
      expect(
        (await node(`require("dns").lookup("example.com", (e) => process.exit(e ? 7 : 0))`)).status,
      ).toBe(7);
    });

    test("no file of the host is visible but its programs", async () => {
      const hostFolder = mkdtempSync(join(tmpdir(), "plue-host-"));
      mkdirSync(join(suite.dataFolder, "near"));
      for (const folder of [hostFolder, join(suite.dataFolder, "near")])
        writeFileSync(join(folder, "secret"), secret, { mode: 0o644 });
      const paths = [
        hostFolder,
        suite.dataFolder,
        homedir(),
        import.meta.dirname,
        "/etc/shadow",
        "/var",
        "/boot",
        "/srv",
        "/root",
      ];
      for (const path of paths) expect(await bash(`ls -d ${path}`)).toMatchObject({ status: 2, stdout: "" });
      expect(
        (await bash("ls /home /opt/plue /run /tmp /mnt /media 2>/dev/null; ls -A /home/runner")).stdout,
      ).not.toContain("secret");
      expect((await bash("cat /etc/passwd")).stdout.split("\n")).toHaveLength(3);
      expect(await bash(`grep -rl ${secret} /etc /home /opt /run /tmp /work /dev/shm`)).toMatchObject({
        stdout: "",
      });
      rmSync(hostFolder, { recursive: true });
    });

    test("no process of the host is visible, nor the gateway's environment", async () => {
      const names = await bash("env -0 | tr '\\0' '\\n' | cut -d= -f1 | sort | xargs");
      expect(names.stdout.trim()).toBe("HOME LANG PATH PLUE_GATEWAY_SOCKET PLUE_RUNNER_FOLDER PWD SHLVL _");
      const found = await bash(`cat /proc/[0-9]*/environ 2>/dev/null | grep -c ${secret}`);
      expect(found.stdout.trim()).toBe("0");
      const processes = (await bash("ls -d /proc/[0-9]* | wc -l")).stdout;
      expect(Number(processes)).toBeLessThan(15);
    });

    test("nothing but the work folder, home and temporary folders can be written", async () => {
      const paths = [
        "/x",
        "/usr/x",
        "/usr/bin/x",
        "/bin/x",
        "/etc/x",
        "/etc/passwd",
        "/opt/plue/runner.js",
        "/opt/plue/bin/node",
        "/run/plue/x",
        "/dev/x",
        "/proc/sys/kernel/hostname",
        "/sys/x",
        "/home/x",
      ];
      const script = `for (const path of ${JSON.stringify(paths)}) try { require("fs").appendFileSync(path, "x"); console.log("wrote", path) } catch {}`;
      expect(await node(script)).toMatchObject({ status: 0, stdout: "" });
      expect(
        (await bash(`rm -f ${insidePaths.gatewaySocket}; mv /run/plue/gateway.sock /run/plue/y`)).status,
      ).not.toBe(0);
    });

    test("its devices are its own, and the host's are as before", async () => {
      const names = ["null", "zero", "full", "random", "urandom", "tty"];
      const before = describeDevices(names);
      const own = await bash(`cd /dev && stat -c %t:%T ${names.join(" ")}`);
      expect(own.stdout.trim().split("\n")).toEqual(["1:3", "1:5", "1:7", "1:8", "1:9", "5:0"]);
      for (const name of names) {
        expect((await bash(`chmod 600 /dev/${name}`)).status).not.toBe(0);
        expect((await bash(`chown $(id -u) /dev/${name}`)).status).not.toBe(0);
        await suite.gateway.bashAsRunner(sandboxId, `chmod 600 /dev/${name}; chown $(id -u) /dev/${name}`);
      }
      expect(describeDevices(names)).toEqual(before);
      // Not the host's nodes under another name: those would have the host's inode numbers.
      const inodes = (await bash(`cd /dev && stat -c %d:%i ${names.join(" ")}`)).stdout.trim().split("\n");
      const hostInodes = before.map(({ dev, ino }) => `${dev}:${ino}`);
      if (isRoot) expect(inodes.filter((inode) => hostInodes.includes(inode))).toEqual([]);
    });

    test("its steps are one user and its runner another, and neither is the host's or another sandbox's", async () => {
      const other = await startSandbox(suite, "other");
      const ids = [];
      for (const id of [sandboxId, other]) {
        ids.push(Number((await suite.gateway.bash(id, "id -u")).stdout));
        ids.push(Number((await suite.gateway.bashAsRunner(id, "id -u")).stdout));
      }
      await suite.driver.kill(other);
      if (isRoot) expect(new Set(ids).size).toBe(4);
      const accounts = readFileSync("/etc/passwd", "utf8")
        .split("\n")
        .map((line) => Number(line.split(":")[2]));
      expect(isRoot ? ids.filter((id) => accounts.includes(id)) : []).toEqual([]);
    });

    test("a step can't read, trace, signal or stand in for the runner program", async () => {
      const found = await suite.gateway.bashAsRunner(sandboxId, "echo $PPID");
      // Without root steps are in a process namespace of their own, in which the runner is not.
      const runner = isRoot ? Number(found.stdout) : 9_999;
      const seen = await bash("grep -lz ^/opt/plue/runner.js$ /proc/[0-9]*/cmdline | wc -l");
      if (!isRoot) expect(seen.stdout).toBe("0\n");
      expect(await bash("ls -d /proc/self")).toMatchObject({ status: 0 });
      const attacks = [
        `cat /proc/${runner}/environ`,
        `ls -l /proc/${runner}/fd`,
        `cat /proc/${runner}/maps`,
        `head -c 1 /proc/${runner}/mem`,
        `ls /proc/${runner}/root/run/runner`,
        `kill -STOP ${runner}`,
        `kill -USR1 ${runner}`,
        `kill -KILL ${runner}`,
        "touch $PLUE_RUNNER_FOLDER/x",
        "ls $PLUE_RUNNER_FOLDER",
        "mv $PLUE_RUNNER_FOLDER /run/x",
      ];
      for (const attack of attacks) {
        const { status, stdout } = await bash(attack);
        expect([attack, status === 0, stdout]).toEqual([attack, false, ""]);
      }
      // PTRACE_ATTACH and PTRACE_SEIZE.
      const number = process.arch === "arm64" ? 117 : 101;
      for (const request of [16, 0x4206]) {
        const script = `exit(syscall(${number}, ${request}, ${runner}, 0, 0) == -1 ? 0 : 1)`;
        expect(await suite.gateway.run(sandboxId, "perl", "-e", script)).toMatchObject({ status: 0 });
      }
      expect((await suite.gateway.bashAsRunner(sandboxId, "echo alive")).stdout).toBe("alive\n");
    });

    test("a step is without capabilities, and can't get any", async () => {
      const status = new Map(
        (await bash("cat /proc/self/status")).stdout
          .split("\n")
          .map((line) => [line.split(":")[0], line.split(":")[1]?.trim()]),
      );
      for (const name of ["Uid", "Gid"]) {
        const ids = new Set(status.get(name)?.split("\t").map(Number));
        expect([name, ids.size, ids.has(0)]).toEqual([name, 1, false]);
      }
      expect(
        status
          .get("Groups")
          ?.split(" ")
          .filter((group) => group === "0"),
      ).toEqual([]);
      for (const name of ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"])
        expect([name, status.get(name)]).toEqual([name, "0000000000000000"]);
      expect(status.get("NoNewPrivs")).toBe("1");
      for (const command of [
        "mount -t tmpfs none /tmp",
        "mount --bind /tmp /work",
        "umount /work",
        "chroot / true",
        "su -c true",
        "unshare --mount true",
        "unshare --net true",
      ]) {
        expect([command, (await bash(command)).status]).not.toEqual([command, 0]);
      }
    });
  });
}
