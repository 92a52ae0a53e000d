// The body of a git request: of the right type, inflated where the client compressed it (gitprotocol-http).
import type { Context } from "hono";
import type { AppEnv } from "../../core/app-env.ts";
import { BodyFailure } from "../body-failure.ts";
import { GitError } from "../object/git-error.ts";
import type { GitService } from "../wire/advertisement.ts";
import { refuse } from "./git-response.ts";

export interface OpenBody {
  readonly body: ReadableStream<Uint8Array>;
  /** What an error met while the body was read means: a body that breaks off or can't be decompressed is the client's fault. */
  explain(error: unknown): unknown;
}

/** A body, or what a person who posts something else to git's addresses is told. */
type RequestBody = OpenBody | { readonly refusal: Response };

/** Opens the body of a request to a service, or says why it can't be one. */
export function openRequestBody(context: Context<AppEnv>, service: GitService): RequestBody {
  const expected = `application/x-${service}-request`;
  const type = context.req.header("content-type")?.split(";", 1)[0]?.trim().toLowerCase();
  if (type !== expected)
    return { refusal: refuse(415, `This address takes ${expected}, as git's client sends it.`) };
  const body = context.req.raw.body ?? emptyStream();
  const encoding = context.req.header("content-encoding")?.trim().toLowerCase() ?? "identity";
  if (encoding === "identity") return { body, explain: explainFailure };
  if (encoding === "gzip" || encoding === "x-gzip") return { body: inflate(body), explain: explainInflation };
  return { refusal: refuse(415, `The content encoding ${encoding} isn't supported; gzip is.`) };
}

// The readers of the body bound how much they take, so a small body that inflates without end is stopped there.
function inflate(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  return body.pipeThrough<Uint8Array>(new DecompressionStream("gzip"));
}

function explainFailure(error: unknown): unknown {
  return error instanceof BodyFailure ? new GitError("bad_protocol", error.message, { cause: error }) : error;
}

// The platform's inflater says so by a TypeError.
function explainInflation(error: unknown): unknown {
  if (!(error instanceof BodyFailure) || !(error.cause instanceof TypeError)) return explainFailure(error);
  return new GitError("bad_protocol", "the request's compressed body is damaged", { cause: error });
}

function emptyStream(): ReadableStream<Uint8Array> {
  return new ReadableStream({ start: (controller) => controller.close() });
}
