// What the server says of itself, of refs and of pushes, byte for byte.
import { describe, expect, it } from "vitest";
import { RefAdvertisement, writeV2Advertisement } from "./advertisement.ts";
import { formatRefLine, formatUnbornHead } from "./ls-refs.ts";
import { PacketBuffer } from "./pkt-line.ts";
import { formatReport } from "./report-status.ts";

const oid = (digit: string) => digit.repeat(40);

describe("the advertisement", () => {
  it("of v2 is capabilities alone", () => {
    const out = new PacketBuffer();
    writeV2Advertisement(out);
    const text = Buffer.from(out.take()).toString();
    expect(text.startsWith("000eversion 2\n")).toBe(true);
    expect(text).toContain("fetch=shallow wait-for-done filter ref-in-want sideband-all\n");
    expect(text.endsWith("0000")).toBe(true);
  });

  it("of v0 names HEAD's branch with the first ref, and peels tags for readers", () => {
    const out = new PacketBuffer();
    const advertisement = new RefAdvertisement(out, "git-upload-pack", 0, "refs/heads/main");
    advertisement.ref("HEAD", oid("a"), null);
    advertisement.ref("refs/tags/v1", oid("b"), oid("a"));
    advertisement.end();
    const text = Buffer.from(out.take()).toString();
    expect(text).toMatch(/^001e# service=git-upload-pack\n0000[0-9a-f]{4}a{40} HEAD\0multi_ack /);
    expect(text).toContain(" symref=HEAD:refs/heads/main\n");
    expect(text).toContain(`${oid("b")} refs/tags/v1\n`);
    expect(text).toContain(`${oid("a")} refs/tags/v1^{}\n`);
  });

  it("to pushers peels nothing; an empty repository still has capabilities", () => {
    const out = new PacketBuffer();
    const advertisement = new RefAdvertisement(out, "git-receive-pack", 1, null);
    advertisement.ref("refs/tags/v1", oid("b"), oid("a"));
    advertisement.end();
    const pushed = Buffer.from(out.take()).toString();
    expect(pushed).toContain("000eversion 1\n");
    expect(pushed).not.toContain("^{}");
    new RefAdvertisement(out, "git-receive-pack", 0, null).end();
    expect(Buffer.from(out.take()).toString()).toContain(`${oid("0")} capabilities^{}\0report-status`);
  });
});

describe("lines of ls-refs", () => {
  it("carry what was asked for", () => {
    expect(formatRefLine("HEAD", oid("a"), { symrefTarget: "refs/heads/main" })).toBe(
      `${oid("a")} HEAD symref-target:refs/heads/main`,
    );
    expect(formatRefLine("refs/tags/v1", oid("b"), { peeled: oid("a") })).toBe(
      `${oid("b")} refs/tags/v1 peeled:${oid("a")}`,
    );
    expect(formatUnbornHead("refs/heads/main")).toBe("unborn HEAD symref-target:refs/heads/main");
  });
});

describe("a report", () => {
  it("has one line for the pack and one for each ref, reasons in one line", () => {
    const report = formatReport(null, [
      { name: "refs/heads/a", refusal: null },
      { name: "refs/heads/b", refusal: "fetch\nfirst" },
    ]);
    expect(Buffer.from(report).toString()).toBe(
      "000eunpack ok\n0014ok refs/heads/a\n0020ng refs/heads/b fetch first\n0000",
    );
    expect(Buffer.from(formatReport("bad pack", [])).toString()).toBe("0014unpack bad pack\n0000");
  });
});
