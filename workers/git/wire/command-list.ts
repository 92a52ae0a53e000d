// What a push asks for (gitprotocol-pack, "Reference Update Request"): refs with their old and new ids, then the
// push options. What follows them in the body is the pack.
import { PUSH_OPTION_LIMIT, PUSH_OPTION_LIMIT_BYTES, REF_UPDATE_LIMIT } from "../limits.ts";
import { GitError } from "../object/git-error.ts";
import { isOid, type Oid, ZERO_OID } from "../object/oid.ts";
import { type Capabilities, parseCapabilityWords, requireSha1 } from "./capabilities.ts";
import { decodePacketText, type Packet } from "./pkt-line.ts";

/** One ref's move; the zero id stands for a ref that doesn't exist. */
export interface RefUpdate {
  readonly name: string;
  readonly before: Oid;
  readonly after: Oid;
}

export interface PushRequest {
  readonly updates: readonly RefUpdate[];
  readonly capabilities: Capabilities;
  readonly options: readonly string[];
}

/** True when a pack follows the commands: something other than deletions is asked for. */
export function expectsPack(push: PushRequest): boolean {
  return push.updates.some((update) => update.after !== ZERO_OID);
}

/**
 * Reads the commands and options of a push; null when there are none, as in git's probe of the connection.
 * `onCapabilities` hears of the client's capabilities as soon as they are known.
 * Throws GitError `bad_protocol` or `limit_exceeded`.
 */
export async function parsePushRequest(
  next: () => Promise<Packet | null>,
  onCapabilities: (capabilities: Capabilities) => void,
): Promise<PushRequest | null> {
  const updates: RefUpdate[] = [];
  let capabilities: Capabilities | null = null;
  for (;;) {
    const packet = await next();
    if (packet === "flush" || (packet === null && capabilities === null)) break;
    if (packet === null || typeof packet === "string") throw unexpected(packet ?? "end of the request");
    const line = decodePacketText(packet, "the name of a ref");
    if (capabilities === null && /^shallow [0-9a-f]{40}$/.test(line)) continue;
    const nul = line.indexOf("\0");
    if (capabilities === null) {
      capabilities = parseCapabilityWords(nul < 0 ? "" : line.slice(nul + 1));
      onCapabilities(capabilities);
      requireSha1(capabilities.get("object-format")?.[0]);
    }
    if (updates.length >= REF_UPDATE_LIMIT) {
      throw new GitError(
        "limit_exceeded",
        `a push may move at most ${REF_UPDATE_LIMIT} refs; push them in parts`,
      );
    }
    updates.push(parseCommand(nul < 0 ? line : line.slice(0, nul)));
  }
  if (capabilities === null) return null;
  const options = capabilities.has("push-options") ? await readOptions(next) : [];
  return { updates, capabilities, options };
}

function parseCommand(line: string): RefUpdate {
  const before = line.slice(0, 40);
  const after = line.slice(41, 81);
  const name = line.slice(82);
  if (!isOid(before) || !isOid(after) || line[40] !== " " || line[81] !== " " || name === "") {
    throw unexpected(`'${line.slice(0, 200)}' instead of a ref update`);
  }
  return { name, before, after };
}

async function readOptions(next: () => Promise<Packet | null>): Promise<string[]> {
  const options: string[] = [];
  for (let packet = await next(); packet !== "flush"; packet = await next()) {
    if (packet === null || typeof packet === "string") throw unexpected(packet ?? "end of the request");
    if (options.length >= PUSH_OPTION_LIMIT || packet.length > PUSH_OPTION_LIMIT_BYTES) {
      throw new GitError(
        "limit_exceeded",
        `a push may have at most ${PUSH_OPTION_LIMIT} options of ${PUSH_OPTION_LIMIT_BYTES} bytes each`,
      );
    }
    options.push(decodePacketText(packet, "a push option"));
  }
  return options;
}

function unexpected(what: string): GitError {
  return new GitError("bad_protocol", `protocol error: unexpected ${what}`);
}
