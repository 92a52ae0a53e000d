// Every parser of people's text that isn't bounded by its caller: the time it takes grows with the text's length alone.
import { describe, expect, it } from "vitest";
import { isEmailAddress } from "../../schema/wire/mail.ts";
import { describeUserAgent } from "../../site/components/user-agent.ts";
import { SSH_KEY_CHARACTERS_MAX } from "../core/limits.ts";
import { checkGitmodulesText } from "../git/object/check-gitmodules-text.ts";
import { parseConfig } from "../git/object/parse-config.ts";
import { parsePublicKey } from "../keys/parse-public-key.ts";
import { compilePattern } from "../workflows/filter-pattern.ts";

const LENGTH = 128 * 1024;

type Parser = (length: number) => unknown;
const fill = (part: string, length: number) => part.repeat(Math.ceil(length / part.length)).slice(0, length);

const gitmodules = (text: string) => {
  try {
    checkGitmodulesText(new TextEncoder().encode(text), "1".repeat(40));
  } catch {
    return "refused";
  }
  return "taken";
};

const parsers: Record<string, Parser> = {
  "git's configuration: open sections": (length) => parseConfig(fill("[", length)),
  "git's configuration: keys": (length) => parseConfig(`[a]\n${fill("b\n", length)}`),
  "git's configuration: spaces in a value": (length) => parseConfig(`[a]\nb=x${fill(" ", length)}y`),
  "git's configuration: quotes": (length) => parseConfig(`[a]\nb=${fill('""', length)}`),
  "git's configuration: comments": (length) => parseConfig(fill("#\n", length)),
  "git's configuration: continued lines": (length) => parseConfig(`[a]\nb=${fill("\\\n", length)}`),
  "a submodule's URL of dots": (length) => gitmodules(`[submodule "a"]\nurl=${fill("../", length)}`),
  "a submodule's URL of slashes": (length) => gitmodules(`[submodule "a"]\nurl=https://${fill("@", length)}`),
  "a submodule's URL of escapes": (length) => gitmodules(`[submodule "a"]\nurl=./${fill("%41", length)}`),
  "a submodule's name": (length) => gitmodules(`[submodule "${fill("a/", length)}"]\nurl=x`),
  "an email address": (length) => isEmailAddress(`${fill("a.", length)}@`),
  "a filter of brackets": (length) => compilePattern(fill("[", length)),
  "a filter of sets": (length) => compilePattern(fill("[a-z]", length)),
};

const cpuMs = (work: () => void): number => {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
};

describe("the worst case", () => {
  // Four times the text: what is quadratic would take sixteen times as long.
  it.each(Object.entries(parsers))("of %s", (_, parse) => {
    const time = (length: number) => Math.min(...[1, 2].map(() => cpuMs(() => parse(length))));
    expect(time(LENGTH * 4)).toBeLessThan(8 * time(LENGTH) + 200);
  });

  it("of a public key at its limit is told at once", async () => {
    const half = SSH_KEY_CHARACTERS_MAX / 2 - 20;
    for (const key of [
      `ssh-rsa AAAA${" ".repeat(half)}${"x".repeat(half)}\u0001`,
      `a${" ".repeat(2 * half)}`,
    ]) {
      const before = process.cpuUsage();
      expect(await parsePublicKey(key)).toHaveProperty("problem");
      // It took a second where spaces and comment could be divided in any way.
      expect(process.cpuUsage(before).user / 1000).toBeLessThan(200);
    }
  });

  it("of a user agent as long as one is kept", () => {
    expect(describeUserAgent(`Version/${"1".repeat(500)}`)).toBe("Unknown device");
  });
});
