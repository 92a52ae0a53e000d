// The forge's imports as a client sees them: over HTTPS, tried again when the connection or the server fails.
import { createHash } from "node:crypto";

export interface ImportAnswer {
  readonly id: number;
  readonly state: string;
  readonly parts: number;
  readonly part_size_bytes: number;
  readonly received_parts: readonly number[];
  readonly progress: { readonly phase: string; readonly done: number; readonly total: number } | null;
  readonly failure: string | null;
  readonly result: {
    readonly moved: number;
    readonly unchanged: number;
    readonly skipped: number;
    readonly skipped_names: readonly string[];
    readonly lines: readonly string[];
  } | null;
}

/** What the server refused; trying again changes nothing. */
export class ImportRefused extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const ATTEMPTS_MAX = 8;
const FIRST_PAUSE_MS = 500;
const PAUSE_MS_MAX = 15_000;

export class ForgeImports {
  private readonly base: string;
  private readonly token: string;

  /** @param repositoryUrl the repository's page, such as `https://host/owner/name` */
  constructor(repositoryUrl: URL, token: string) {
    this.base = `${repositoryUrl.origin}/api${repositoryUrl.pathname}/import`;
    this.token = token;
  }

  begin(wanted: {
    size_bytes: number;
    part_size_bytes: number | undefined;
    force: boolean;
  }): Promise<ImportAnswer> {
    return this.ask("POST", "", JSON.stringify({ format: "bundle", ...wanted }));
  }

  /** An import, or null when the server doesn't know it. */
  async find(id: number): Promise<ImportAnswer | null> {
    try {
      return await this.ask("GET", `/${id}`);
    } catch (error) {
      if (error instanceof ImportRefused && error.status === 404) return null;
      throw error;
    }
  }

  complete(id: number): Promise<ImportAnswer> {
    return this.ask("POST", `/${id}/complete`);
  }

  async putPart(id: number, part: number, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const sha256 = createHash("sha256").update(bytes).digest("base64");
    await this.send("PUT", `/${id}/parts/${part}`, bytes, { "content-digest": `sha-256=:${sha256}:` });
  }

  private async ask(method: string, path: string, body?: string): Promise<ImportAnswer> {
    const answer: ImportAnswer = JSON.parse(await this.send(method, path, body));
    return answer;
  }

  private async send(
    method: string,
    path: string,
    body?: string | Uint8Array<ArrayBuffer>,
    headers: Record<string, string> = {},
  ): Promise<string> {
    for (let attempt = 1, pauseMs = FIRST_PAUSE_MS; ; attempt++) {
      const outcome = await this.trySend(method, path, body, headers);
      if (typeof outcome === "string") return outcome;
      if (attempt === ATTEMPTS_MAX) throw outcome;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
      pauseMs = Math.min(2 * pauseMs, PAUSE_MS_MAX);
    }
  }

  /** The answer's text, or the failure that may pass. */
  private async trySend(
    method: string,
    path: string,
    body: string | Uint8Array<ArrayBuffer> | undefined,
    headers: Record<string, string>,
  ): Promise<string | Error> {
    let response: Response;
    let text: string;
    try {
      response = await fetch(`${this.base}${path}`, {
        method,
        headers: { authorization: `Bearer ${this.token}`, ...headers },
        ...(body === undefined ? {} : { body }),
      });
      text = await response.text();
    } catch (error) {
      return new Error(`${this.base} can't be reached`, { cause: error });
    }
    if (response.ok) return text;
    const told = new ImportRefused(response.status, describeRefusal(response.status, text));
    if (response.status >= 500 || response.status === 429) return told;
    throw told;
  }
}

function describeRefusal(status: number, text: string): string {
  if (!text.startsWith("{")) return `the server answered ${status}`;
  const { message, errors }: { message?: string; errors?: { field: string; message?: string }[] } =
    JSON.parse(text);
  const fields = (errors ?? []).map((one) => `${one.field}: ${one.message ?? ""}`);
  return [`${message ?? "no reason given"} (${status})`, ...fields].join("\n");
}
