// Keys are what ssh-keygen says they are, and nothing else is a key.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { parsePublicKey } from "./parse-public-key.ts";

const folder = mkdtempSync(join(tmpdir(), "plue-keys-"));
afterAll(() => rmSync(folder, { recursive: true }));

function makeKey(type: string, bits: string): { line: string; listed: string } {
  const file = join(folder, `${type}-${bits}`);
  execFileSync("ssh-keygen", ["-q", "-t", type, "-b", bits, "-N", "", "-C", "ada at home", "-f", file]);
  const listed = execFileSync("ssh-keygen", ["-lf", `${file}.pub`], { encoding: "utf8" });
  return { line: readFileSync(`${file}.pub`, "utf8"), listed };
}

const field = (bytes: Uint8Array | string) => {
  const body = Buffer.from(bytes);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  return Buffer.concat([length, body]);
};
const encode = (name: string, ...fields: (Uint8Array | string)[]) =>
  `${name} ${Buffer.concat([name, ...fields].map(field)).toString("base64")}`;
const problemOf = async (line: string) => {
  const parsed = await parsePublicKey(line);
  return "problem" in parsed ? parsed.problem : null;
};
const ED25519 = encode("ssh-ed25519", new Uint8Array(32).fill(7));

describe("parsePublicKey", () => {
  it.each([
    ["ed25519", "256"],
    ["ecdsa", "256"],
    ["ecdsa", "384"],
    ["ecdsa", "521"],
    ["rsa", "2048"],
  ])("says of %s with %s bits what ssh-keygen says", async (type, bits) => {
    const { line, listed } = makeKey(type, bits);
    const parsed = await parsePublicKey(line);
    if ("problem" in parsed) throw new Error(parsed.problem);
    const { key } = parsed;
    expect(listed.startsWith(`${key.bits} ${key.fingerprint} ada at home (`)).toBe(true);
    expect(line.startsWith(key.text)).toBe(true);
    expect(key.comment).toBe("ada at home");
  });

  it("takes keys of security keys", async () => {
    const sk = encode("sk-ssh-ed25519@openssh.com", new Uint8Array(32), "ssh:");
    const point = new Uint8Array(65).fill(4);
    expect(await problemOf(sk)).toBeNull();
    expect(
      await problemOf(encode("sk-ecdsa-sha2-nistp256@openssh.com", "nistp256", point, "ssh:")),
    ).toBeNull();
  });

  it("refuses what is too weak, unknown, or not what it says", async () => {
    const odd = (bytes: number) => Buffer.concat([Buffer.from([0]), Buffer.alloc(bytes, 0xff)]);
    expect(await problemOf(encode("ssh-rsa", new Uint8Array([1, 0, 1]), odd(256)))).toBeNull();
    expect(await problemOf(encode("ssh-rsa", new Uint8Array([1, 0, 1]), odd(255)))).toMatch(
      /at least 2048 bits/,
    );
    expect(await problemOf(encode("ssh-dss", odd(128)))).toMatch(/DSA/);
    expect(await problemOf(encode("ssh-rot13", odd(128)))).toMatch(/aren't known/);
    expect(await problemOf(ED25519.replace("ssh-ed25519", "ssh-rsa"))).toMatch(/isn't of the algorithm/);
    expect(await problemOf(encode("ssh-ed25519", new Uint8Array(31)))).toMatch(/damaged/);
    expect(await problemOf(encode("ssh-ed25519", new Uint8Array(32), "more"))).toMatch(/damaged/);
    expect(await problemOf("-----BEGIN OPENSSH PRIVATE KEY-----")).toMatch(/isn't a public key/);
    expect(await problemOf(`${ED25519}\ncommand="rm" ${ED25519}`)).toMatch(/isn't a public key/);
    expect(await problemOf(`command="id" ${ED25519}`)).toMatch(/isn't a public key/);
    expect(await problemOf(`${ED25519} ${"x".repeat(17_000)}`)).toMatch(/this long/);
  });

  it("never throws, whatever it is given", async () => {
    const name = fc.constantFrom(
      "ssh-ed25519",
      "ssh-rsa",
      "ecdsa-sha2-nistp256",
      "sk-ssh-ed25519@openssh.com",
    );
    const bytes = fc.uint8Array({ maxLength: 300 });
    const line = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.tuple(name, bytes).map(([kind, body]) => `${kind} ${Buffer.from(body).toString("base64")}`),
      fc.tuple(name, fc.array(bytes, { maxLength: 4 })).map(([kind, fields]) => encode(kind, ...fields)),
    );
    await fc.assert(
      fc.asyncProperty(line, async (text) => {
        const parsed = await parsePublicKey(text);
        if ("key" in parsed) expect(await problemOf(parsed.key.text)).toBeNull();
      }),
      { seed: 4, numRuns: 1_000 },
    );
  });
});
