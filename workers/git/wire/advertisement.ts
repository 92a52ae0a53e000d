// What a server says first: its capabilities (gitprotocol-v2, gitprotocol-capabilities) and, in v0 and v1, its
// refs. Invariant: nothing is advertised that isn't done.
import { type Oid, ZERO_OID } from "../object/oid.ts";
import type { PacketBuffer } from "./pkt-line.ts";

export type GitService = "git-upload-pack" | "git-receive-pack";

const AGENT = "agent=plue/1";

const FETCH_CAPABILITIES = [
  "multi_ack",
  "multi_ack_detailed",
  "no-done",
  "thin-pack",
  "side-band",
  "side-band-64k",
  "ofs-delta",
  "shallow",
  "deepen-since",
  "deepen-not",
  "deepen-relative",
  "no-progress",
  "include-tag",
  "allow-tip-sha1-in-want",
  "allow-reachable-sha1-in-want",
  "filter",
  "object-format=sha1",
  AGENT,
];

const PUSH_CAPABILITIES = [
  "report-status",
  "report-status-v2",
  "delete-refs",
  "side-band-64k",
  "quiet",
  "atomic",
  "ofs-delta",
  "push-options",
  "object-format=sha1",
  AGENT,
];

/** The capabilities of v2: the whole answer to `info/refs`. */
export function writeV2Advertisement(out: PacketBuffer): void {
  out.line("version 2");
  out.line(AGENT);
  out.line("ls-refs=unborn");
  out.line("fetch=shallow wait-for-done filter ref-in-want sideband-all");
  out.line("server-option");
  out.line("object-format=sha1");
  out.line("object-info");
  out.line("bundle-uri");
  out.flush();
}

/** Writes refs one by one; the first line carries the capabilities. */
export class RefAdvertisement {
  private readonly out: PacketBuffer;
  private readonly service: GitService;
  private capabilities: string;
  private isFirst = true;

  /** @param headTarget the branch that HEAD points at, when it exists */
  constructor(out: PacketBuffer, service: GitService, version: 0 | 1, headTarget: string | null) {
    this.out = out;
    this.service = service;
    const words = [...(service === "git-upload-pack" ? FETCH_CAPABILITIES : PUSH_CAPABILITIES)];
    if (service === "git-upload-pack" && headTarget !== null) words.push(`symref=HEAD:${headTarget}`);
    this.capabilities = words.join(" ");
    out.line(`# service=${service}`);
    out.flush();
    if (version === 1) out.line("version 1");
  }

  ref(name: string, oid: Oid, peeled: Oid | null): void {
    this.add(oid, name);
    if (peeled !== null && this.service === "git-upload-pack") this.add(peeled, `${name}^{}`);
  }

  end(): void {
    if (this.isFirst) this.add(ZERO_OID, "capabilities^{}");
    this.out.flush();
  }

  private add(oid: Oid, name: string): void {
    this.out.line(this.isFirst ? `${oid} ${name}\0${this.capabilities}` : `${oid} ${name}`);
    this.isFirst = false;
  }
}
