// .gitmodules files are judged as by `git index-pack --strict`, in a pack as it is received.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ingestBytes } from "../testing/ingest-bytes.ts";
import { PackBuilder, text } from "../testing/pack-builder.ts";
import { createRepository } from "../testing/real-git.ts";
import { checkGitmodulesText } from "./check-gitmodules-text.ts";
import { GitError } from "./git-error.ts";
import { hashObject } from "./hash-object.ts";
import { parseConfig } from "./parse-config.ts";

function packOf(gitmodules: Uint8Array): Uint8Array {
  const oid = hashObject("blob", gitmodules);
  const tree = Buffer.concat([text("100644 .gitmodules\0"), Buffer.from(oid, "hex")]);
  return new PackBuilder()
    .add({ type: "tree", bytes: tree })
    .add({ type: "blob", bytes: gitmodules })
    .finish();
}

const module = (lines: string, name = "m") => `[submodule "${name}"]\n${lines}\n`;
const url = (value: string) => module(`url = ${value}`);

const files: [string, string][] = [
  ["nothing", ""],
  ["a plain module", module("path = lib/m\n\turl = https://example.com/m.git\n\tupdate = checkout")],
  ["comments", `# x\n; y\n${module("path = p # c\nurl = ./u ; d")}`],
  ["name ..", module("path = p", "..")],
  ["name with ..", module("path = p", "a/../b")],
  ["name with .. and a backslash", module("path = p", "a\\\\..\\\\b")],
  ["name with dots", module("path = p", "a..b/...c")],
  ["name empty", module("path = p", "")],
  ["name .. without keys", '[submodule ".."]\n'],
  ["path -option", module("path = -option")],
  ["path - quoted", module('path = "-option"')],
  ["update command", module("update = !touch pwned")],
  ["update other", module("update = rebase")],
  ["url -option", url("-upload-pack=x")],
  ["url ssh", url("ssh://git@example.com/a")],
  ["url scp", url("git@example.com:a")],
  ["url file", url("/somewhere")],
  ["url relative", url("../a/b")],
  ["url with a newline", url("https://example.com/a%0ahost=evil")],
  ["url git with a newline", url("git://example.com/a%0ahost=evil")],
  ["url relative with a newline", url("./%0a")],
  ["url without a host", url("https:///path")],
  ["url without slashes", url("https::example.com/x")],
  ["url with a remote helper", url("https::https://example.com/x")],
  ["url helper without host", url("http::///x")],
  ["url that escapes", url("../../../:host/x")],
  ["url that escapes by a slash", url("..//host/x")],
  ["url dots inside", url("./a/../../b")],
  ["url escapes after dot", url("./../:x")],
  ["url escapes dot after", url(".././:x")],
  ["not configuration", "<<<<<<< HEAD\n"],
  ["bad after what isn't configuration", `=\n${module("update = !x")}`],
  ["bad before what isn't configuration", `${module("update = !x")}=\n`],
  ["dotted section", "[submodule.m]\nupdate = !x\n"],
  ["other section", '[other "m"]\nupdate = !x\n'],
  ["section in capitals", '[SubModule "m"]\nUpdate = !x\n'],
  ["continued line", module("update = \\\n!x")],
  ["quoted in part", module('update = "!"x')],
  ["escaped", module('path = "\\t-x"')],
  ["one line", '[submodule "m"] update = !x\n'],
  ["key without value", module("update")],
  ["windows line ends", module("update = !x").replaceAll("\n", "\r\n")],
  ["unclosed quote", module('update = "!x')],
  ["unclosed section", '[submodule "m"\nupdate = !x\n'],
  ["byte order mark", `\ufeff${module("update = !x")}`],
];

describe("a .gitmodules is judged as by git", () => {
  it.each(files)("%s", async (_, content) => {
    const pack = packOf(text(content));
    const { ok, stderr } = createRepository().try(["index-pack", "--strict", "--stdin"], pack);
    const accepted = await ingestBytes(pack).then(
      () => "",
      (error: Error) => error.message,
    );
    expect({ ok: accepted === "", said: `${accepted}|${stderr}` }).toMatchObject({ ok });
  });
});

it("any text is judged, and parsed to entries", () => {
  const alphabet = fc.constantFrom(
    "[",
    "]",
    '"',
    "\\",
    "\n",
    "=",
    " ",
    "#",
    "submodule",
    "url",
    "a",
    "..",
    "!",
    "-",
    "/",
    ":",
  );
  fc.assert(
    fc.property(fc.array(alphabet, { maxLength: 40 }), (parts) => {
      const content = parts.join("");
      for (const { key } of parseConfig(content)) expect(key).toMatch(/^[a-z][a-z0-9-]*$/);
      try {
        checkGitmodulesText(text(content), "x");
      } catch (error) {
        expect(error).toBeInstanceOf(GitError);
      }
    }),
    { seed: 3, numRuns: 2000 },
  );
});
