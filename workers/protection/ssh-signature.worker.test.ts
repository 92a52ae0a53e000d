// Signatures of commits, made by real git and ssh-keygen, judged on workerd.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readCommitSignature, readSignedBytes } from "./commit-signature.ts";
import { parseSshSignature, verifySshSignature } from "./ssh-signature.ts";
import { SIGNED_COMMITS } from "./testing/signed-commits.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);

async function verify(commit: string): Promise<boolean> {
  const signature = readCommitSignature(bytesOf(commit));
  if (signature.kind !== "ssh") return false;
  const parsed = parseSshSignature(signature.armored);
  return parsed !== null && verifySshSignature(parsed, readSignedBytes(bytesOf(commit)));
}

async function fingerprintOf(publicKey: string): Promise<string> {
  const blob = Buffer.from(publicKey.split(" ")[1] ?? "", "base64");
  const digest = Buffer.from(await crypto.subtle.digest("SHA-256", blob)).toString("base64");
  return `SHA256:${digest.replace(/=+$/, "")}`;
}

describe.each(SIGNED_COMMITS)("a commit signed with $key", ({ key, commit }) => {
  it("is verified, and its key known by its fingerprint", async () => {
    expect(await verify(commit)).toBe(true);
    const signature = readCommitSignature(bytesOf(commit));
    const parsed = signature.kind === "ssh" ? parseSshSignature(signature.armored) : null;
    expect(parsed?.fingerprint).toBe(await fingerprintOf(key));
  });

  it("isn't once anything of it is another", async () => {
    expect(await verify(commit.replace("Signed by", "signed by"))).toBe(false);
    expect(await verify(commit.replace("author@example.com", "other@example.com"))).toBe(false);
    expect(await verify(`${commit}\n`)).toBe(false);
  });
});

describe("a signature", () => {
  it("of another commit's isn't taken", async () => {
    const [first, second] = SIGNED_COMMITS.map(({ commit }) => commit);
    const armor = (text: string) => /gpgsig [\s\S]+?-----END SSH SIGNATURE-----\n/.exec(text)?.[0] ?? "";
    expect(await verify((first ?? "").replace(armor(first ?? ""), armor(second ?? "")))).toBe(false);
  });

  it.each([
    ["gpgsig -----BEGIN PGP SIGNATURE-----\n \n -----END PGP SIGNATURE-----\n", "openpgp"],
    ["gpgsig -----BEGIN SIGNED MESSAGE-----\n \n -----END SIGNED MESSAGE-----\n", "x509"],
    ["gpgsig hello\n", "unknown"],
    ["", "none"],
  ])("is told by its first line: %j", (header, kind) => {
    const commit = `tree ${"0".repeat(40)}\nauthor a <b> 1 +0000\ncommitter a <b> 1 +0000\n${header}\nHi\n`;
    expect(readCommitSignature(bytesOf(commit)).kind).toBe(kind);
  });

  it("that was changed anywhere in its bytes is refused without a fault", async () => {
    const { commit } = SIGNED_COMMITS[0]!;
    const signature = readCommitSignature(bytesOf(commit));
    if (signature.kind !== "ssh") throw new Error("it is signed");
    const [head, ...lines] = signature.armored.trim().split("\n");
    const whole = Buffer.from(lines.slice(0, -1).join(""), "base64");
    const message = readSignedBytes(bytesOf(commit));
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
        const bytes = Buffer.from(whole);
        bytes[at] = bytes[at]! ^ change;
        const parsed = parseSshSignature(`${head}\n${bytes.toString("base64")}\n-----END SSH SIGNATURE-----`);
        expect(parsed !== null && (await verifySshSignature(parsed, message))).toBe(false);
      }),
      { seed: 4, numRuns: 300 },
    );
  });
});
