// The heads of bundles: real git's, hostile ones, and all that fast-check thinks of.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BUNDLE_HEADER_LIMIT_BYTES, REF_UPDATE_LIMIT } from "../limits.ts";
import { GitError } from "../object/git-error.ts";
import { createRepository } from "../testing/real-git.ts";
import { formatBundleHeader, parseBundleHeader } from "./bundle-header.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);
const parse = (text: string) => parseBundleHeader(bytesOf(text));
const A = "a".repeat(40);
const B = "b".repeat(40);

describe("parseBundleHeader", () => {
  it.each(["2", "3"])("reads what git writes as version %s", (version) => {
    const repository = createRepository();
    const tree = repository.text(["mktree"]);
    const first = repository.text(["commit-tree", tree, "-m", "First"]);
    const second = repository.text(["commit-tree", tree, "-p", first, "-m", "Sécond"]);
    repository.git(["update-ref", "refs/heads/main", second]);
    const bundle = repository.git([
      "bundle",
      "create",
      `--version=${version}`,
      "-q",
      "-",
      "main",
      `^${first}`,
    ]);
    const header = parseBundleHeader(bundle);
    expect(header).toMatchObject({
      prerequisites: [first],
      refs: [{ name: "refs/heads/main", oid: second }],
    });
    expect(bundle.subarray(header?.packOffset).subarray(0, 4).toString()).toBe("PACK");
  });

  it("refuses what isn't a bundle, at once", () => {
    for (const text of ["PACK\0\0\0\x02\0\0\0\x01 and more", "# v4 git bundle\n\n", "\n\n"]) {
      expect(() => parse(text), text).toThrow("not a git bundle of version 2 or 3");
    }
    expect(parse("# v2 git")).toBeNull();
  });

  it("refuses capabilities that it can't honour, and takes the one that it can", () => {
    const withCapability = (line: string) => () => parse(`# v3 git bundle\n@${line}\n${A} refs/heads/x\n\n`);
    expect(withCapability("object-format=sha1")()?.refs).toHaveLength(1);
    expect(withCapability("object-format=sha256")).toThrow("not named by SHA-1");
    expect(withCapability("filter=blob:none")).toThrow("made with a filter");
    expect(withCapability("surprise")).toThrow("'surprise'");
    expect(() => parse(`# v2 git bundle\n@object-format=sha1\n\n`)).toThrow("isn't understood");
  });

  it.each([
    `${A}refs/heads/x`,
    A,
    `${A} `,
    `${A.toUpperCase()} refs/heads/x`,
    `-${A}x`,
    "-",
    `${A.slice(1)} refs/heads/x`,
  ])("refuses the line %j", (line) => {
    expect(() => parse(`# v2 git bundle\n${line}\n\n`)).toThrow(GitError);
  });

  it("takes as many refs as one push may move, and not one more", () => {
    const refs = (count: number) =>
      Array.from({ length: count }, (_, at) => `${A} refs/heads/${at}\n`).join("");
    expect(parse(`# v2 git bundle\n${refs(REF_UPDATE_LIMIT)}\n`)?.refs).toHaveLength(REF_UPDATE_LIMIT);
    expect(() => parse(`# v2 git bundle\n${refs(REF_UPDATE_LIMIT + 1)}\n`)).toThrow("at most");
  });

  it("takes a head of the largest size, and not one byte more", () => {
    const head = (size: number) => {
      const start = `# v2 git bundle\n-${A} `;
      return `${start}${"c".repeat(size - start.length - 2)}\n\n`;
    };
    expect(parse(head(BUNDLE_HEADER_LIMIT_BYTES))?.packOffset).toBe(BUNDLE_HEADER_LIMIT_BYTES);
    expect(() => parse(head(BUNDLE_HEADER_LIMIT_BYTES + 1))).toThrow("head is larger");
  });

  it("gives back every head that is well formed, and waits for each that is cut", () => {
    const oid = fc.constantFrom(A, B);
    const name = fc.stringMatching(/^refs\/[a-z]{1,8}\/[A-Za-z0-9é._-]{1,20}$/);
    const refs = fc.array(fc.record({ oid, name }), { maxLength: 8 });
    const comments = fc.array(fc.tuple(oid, fc.stringMatching(/^[^\n]{0,20}$/)), { maxLength: 4 });
    fc.assert(
      fc.property(refs, comments, fc.nat(), (wanted, needed, cut) => {
        const lines = [
          "# v2 git bundle",
          ...needed.map(([id, comment]) => `-${id} ${comment}`),
          ...wanted.map((ref) => `${ref.oid} ${ref.name}`),
        ];
        const head = bytesOf(`${lines.join("\n")}\n\n`);
        const whole = new Uint8Array([...head, 1, 2, 3]);
        expect(parseBundleHeader(whole)).toEqual({
          prerequisites: needed.map(([id]) => id),
          refs: wanted,
          packOffset: head.length,
        });
        expect(parseBundleHeader(head.subarray(0, cut % head.length))).toBeNull();
      }),
      { seed: 20261121, numRuns: 200 },
    );
  });

  it("gives back what was written", () => {
    const oid = fc.constantFrom(A, B);
    const name = fc.oneof(
      fc.constant("HEAD"),
      fc.stringMatching(/^refs\/[a-z]{1,8}\/[A-Za-z0-9é._-]{1,20}$/),
    );
    fc.assert(
      fc.property(fc.array(fc.record({ oid, name }), { maxLength: 8 }), (refs) => {
        const head = formatBundleHeader(refs);
        expect(parseBundleHeader(head)).toEqual({ prerequisites: [], refs, packOffset: head.length });
      }),
      { seed: 20261121, numRuns: 200 },
    );
  });

  it("answers any bytes with a head, a wait or a GitError", () => {
    const start = fc.constantFrom("", "# v2 git bundle\n", "# v3 git bundle\n", `# v2 git bundle\n${A} `);
    fc.assert(
      fc.property(start, fc.uint8Array({ maxLength: 200 }), (head, tail) => {
        try {
          const header = parseBundleHeader(new Uint8Array([...bytesOf(head), ...tail]));
          if (header !== null) expect(header.packOffset).toBeLessThanOrEqual(head.length + tail.length);
        } catch (error) {
          expect(error).toBeInstanceOf(GitError);
        }
      }),
      { seed: 20261121, numRuns: 500 },
    );
  });
});
