// Pushes through a proxy, and requests whose client goes away: what comes in is read to its end before it is answered.
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { callForge, makeRepository } from "./forge-client.ts";
import { git, makeFolder, makeWorkTree, removeFolder } from "./git-client.ts";
import { type RunningNginx, startNginx } from "./nginx-proxy.ts";
import { type RunningPlue, startPlue } from "./start-plue.ts";

let plue: RunningPlue;
let nginx: RunningNginx;
const root = makeFolder("proxy");

beforeAll(async () => {
  plue = await startPlue();
  nginx = await startNginx(plue.url.replace("localhost", "127.0.0.1"));
});
afterAll(async () => {
  await nginx?.stop();
  await plue?.stop();
  removeFolder(root);
});

describe.each(["buffered", "unbuffered"] as const)("behind nginx, with requests %s", (kind) => {
  it.each([1, 4, 9, 60])("takes a push of %i MB, and gives it back", async (megabytes) => {
    const { remote } = await makeRepository(plue);
    const proxied = remote.replace(/@[^/]+/, `@${new URL(nginx[kind]).host}`);
    const folder = await makeWorkTree("proxied", { "README.md": "Read me\n" });
    writeFileSync(join(folder, "data"), randomBytes(megabytes * 1_000_000));
    await git(folder, "add", "data");
    await git(folder, "commit", "--quiet", "--message", "Data");
    await git(folder, "push", "--quiet", proxied, "main");
    const clone = join(root, `${kind}-${megabytes}`);
    await git(root, "clone", "--quiet", "--bare", proxied, clone);
    expect(await git(clone, "rev-parse", "main")).toBe(await git(folder, "rev-parse", "main"));
    removeFolder(folder);
  });

  it("tells why a large push is refused", async () => {
    const { remote } = await makeRepository(plue);
    const proxied = remote.replace(/@[^/]+/, `@${new URL(nginx[kind]).host}`);
    const folder = await makeWorkTree("refused", { "README.md": "Read me\n" });
    writeFileSync(join(folder, "data"), randomBytes(9_000_000));
    await git(folder, "add", "data");
    await git(folder, "commit", "--quiet", "--message", "Data");
    const pushed = git(folder, "push", proxied, "main:refs/pull/1/head");
    await expect(pushed).rejects.toThrow("remote rejected");
    removeFolder(folder);
  });
});

describe("a request that breaks off", () => {
  const ZERO = "0".repeat(40);
  const packet = (text: string) => (text.length + 4).toString(16).padStart(4, "0") + text;
  const commands = `${packet(`${ZERO} ${"1".repeat(40)} refs/heads/main\0report-status side-band-64k`)}0000`;

  /** Sends the beginning of a longer body. @returns the answer, where `after` leaves the connection open for it */
  async function sendPart(
    remote: string,
    service: string,
    part: string,
    after: "end" | "destroy",
  ): Promise<string> {
    const { pathname, port, username, password } = new URL(remote);
    const head = [
      `POST ${pathname}/git-${service} HTTP/1.1`,
      "Host: localhost",
      `Authorization: Basic ${btoa(`${username}:${password}`)}`,
      `Content-Type: application/x-git-${service}-request`,
      "Git-Protocol: version=2",
      "Content-Length: 100000",
    ];
    return new Promise((resolve) => {
      const socket = connect(Number(port), "127.0.0.1");
      let answer = "";
      socket.setEncoding("latin1");
      socket.on("data", (text: string) => {
        answer += text;
      });
      socket.on("error", () => undefined);
      socket.on("close", () => resolve(answer));
      const text = `${head.join("\r\n")}\r\n\r\n${part}`;
      socket.write(text, "latin1", () => (after === "end" ? socket.end() : socket.destroy()));
    });
  }

  it.each([
    ["receive-pack", "within its commands", commands.slice(0, 50)],
    ["receive-pack", "within its pack", `${commands}PACK\0\0\0\u0002\0\0\0\u0005`],
    ["upload-pack", "within a line", packet("command=ls-refs\n").slice(0, 9)],
    ["upload-pack", "between two lines", packet("command=ls-refs\n")],
    ["upload-pack", "after its last line", `${packet("command=ls-refs\n")}0000`],
  ])("is a bad request, to %s %s", async (service, _where, part) => {
    const { remote } = await makeRepository(plue);
    expect(await sendPart(remote, service, part, "end")).toMatch(
      /^HTTP\/1\.1 400 .*\r\n\r\nthe request's body ended early\n/s,
    );
  });

  it("logs one line of a push whose client vanished", async () => {
    const { remote, name } = await makeRepository(plue);
    const { length } = plue.output();
    await sendPart(remote, "receive-pack", `${commands}PACK\0\0\0\u0002\0\0\0\u0005`, "destroy");
    // Other requests' lines may come between.
    const said = () =>
      plue
        .output()
        .slice(length)
        .split("\n")
        .filter((line) => line.includes(name) || /error|lost|locked/i.test(line));
    await vi.waitUntil(() => said().length > 0, { timeout: 20_000 });
    await callForge(plue, "/health");
    expect(said()).toEqual([expect.stringMatching(/git-receive-pack status=400/)]);
  });
});
