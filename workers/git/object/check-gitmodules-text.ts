// Refuses the .gitmodules files with which a clone could be made to write outside itself or run a command
// (CVE-2018-11235, CVE-2018-17456, CVE-2019-19604, CVE-2020-5260, CVE-2020-11008), as git's fsck does.
import { GitError } from "./git-error.ts";
import { parseConfig } from "./parse-config.ts";

function bad(oid: string, why: string): GitError {
  return new GitError("bad_object", `.gitmodules ${oid}: ${why}`);
}

function isOption(text: string): boolean {
  return text.startsWith("-");
}

function decodePercent(text: string): string {
  return text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

function isBadName(name: string): boolean {
  return name === "" || name.split(/[/\\]/).includes("..");
}

function isBadUrl(url: string): boolean {
  if (isOption(url) || decodePercent(url).includes("\n")) return true;
  const isRelative = url.startsWith("./") || url.startsWith("../") || /^\.\.?\\/.test(url);
  if (isRelative) {
    // "../" out of the parent's path may leave a URL with another host.
    const rest = url
      .replace(/^(\.[/\\])*/, "")
      .replace(/^(\.\.?[/\\])+/, (dots) => (dots.includes("..") ? "\0" : ""));
    return rest.startsWith("\0:") || rest.startsWith("\0/");
  }
  const web = /^(?:https?|ftps?)::(.*)$/s.exec(url)?.[1] ?? (/^(?:https?|ftps?):\/\//.test(url) ? url : null);
  return web !== null && !/^[a-z][a-z0-9+.-]*:\/\/([^/?#]*@)?[^/?#:@]/i.test(web);
}

/** Throws GitError `bad_object` when a .gitmodules file is dangerous. What isn't configuration passes, as in git. */
export function checkGitmodulesText(bytes: Uint8Array, oid: string): void {
  const text = new TextDecoder("latin1").decode(bytes);
  for (const { section, subsection, key, value } of parseConfig(text)) {
    if (section !== "submodule" || subsection === null) continue;
    if (isBadName(subsection)) throw bad(oid, "a submodule has a dangerous name");
    if (value === null) continue;
    if (key === "url" && isBadUrl(value)) throw bad(oid, "a submodule has a dangerous URL");
    if (key === "path" && isOption(value)) throw bad(oid, "a submodule has a path that looks like an option");
    if (key === "update" && value.startsWith("!")) throw bad(oid, "a submodule's update is a command");
  }
}
