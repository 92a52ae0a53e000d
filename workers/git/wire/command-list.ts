// What a push asks for (gitprotocol-pack, "Reference Update Request"): refs with their old and new ids, then the
// push options. What follows them in the body is the pack.
import { REF_UPDATE_LIMIT } from "../limits.ts";
import { GitError } from "../object/git-error.ts";
import { isOid, type Oid, ZERO_OID } from "../object/oid.ts";
import { type Capabilities, parseCapabilityWords, requireSha1 } from "./capabilities.ts";
import { decodePacketText, type Packet } from "./pkt-line.ts";

/** One ref's move; the zero id stands for a ref that doesn't exist. */
export interface RefUpdate {
  readonly name: string;
  readonly before: Oid;
  readonly after: Oid;
  /** The name as it was sent, where that isn't UTF-8; `name` then has signs in the place of what can't be read. */
  readonly rawName?: Uint8Array;
}

export interface PushRequest {
  readonly updates: readonly RefUpdate[];
  readonly capabilities: Capabilities;
  readonly options: readonly string[];
  /** Commits whose parents the pusher, who has a shallow clone, lacks. */
  readonly shallows: ReadonlySet<Oid>;
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
  const shallows = new Set<Oid>();
  let capabilities: Capabilities | null = null;
  for (;;) {
    const packet = await next();
    if (packet === "flush" || (packet === null && capabilities === null)) break;
    if (packet === null || typeof packet === "string") throw unexpected(packet ?? "end of the request");
    const nul = packet.indexOf(0);
    const command = nul < 0 ? packet : packet.subarray(0, nul);
    const line = decodeLossily(command);
    if (capabilities === null && /^shallow [0-9a-f]{40}$/.test(line)) {
      shallows.add(line.slice("shallow ".length));
      continue;
    }
    if (capabilities === null) {
      capabilities = parseCapabilityWords(nul < 0 ? "" : decodePacketText(packet.subarray(nul + 1)));
      onCapabilities(capabilities);
      requireSha1(capabilities.get("object-format")?.[0]);
    }
    if (updates.length >= REF_UPDATE_LIMIT) {
      throw new GitError(
        "limit_exceeded",
        `a push may move at most ${REF_UPDATE_LIMIT} refs; push them in parts`,
      );
    }
    updates.push(parseCommand(line, command));
  }
  if (capabilities === null) return null;
  const options = capabilities.has("push-options") ? await readOptions(next) : [];
  return { updates, capabilities, options, shallows };
}

const lossyDecoder = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });

/** A line as text, without the line feed it may end in, with signs in the place of what isn't UTF-8. */
function decodeLossily(payload: Uint8Array): string {
  return lossyDecoder.decode(payload).replace(/\n$/, "");
}

const NAME_AT = 82;

function parseCommand(line: string, bytes: Uint8Array): RefUpdate {
  const before = line.slice(0, 40);
  const after = line.slice(41, 81);
  const name = line.slice(NAME_AT);
  if (!isOid(before) || !isOid(after) || line[40] !== " " || line[81] !== " " || name === "") {
    throw unexpected(`'${line.slice(0, 200)}' instead of a ref update`);
  }
  const end = bytes.at(-1) === 0x0a ? bytes.length - 1 : bytes.length;
  const rawName = bytes.slice(NAME_AT, end);
  const isText = Buffer.from(name).equals(rawName);
  return { name, before, after, ...(isText ? {} : { rawName }) };
}

async function readOptions(next: () => Promise<Packet | null>): Promise<string[]> {
  const options: string[] = [];
  for (let packet = await next(); packet !== "flush"; packet = await next()) {
    if (packet === null || typeof packet === "string") throw unexpected(packet ?? "end of the request");
    options.push(decodeLossily(packet));
  }
  return options;
}

function unexpected(what: string): GitError {
  return new GitError("bad_protocol", `protocol error: unexpected ${what}`);
}
