// The one error of the pure git code. Its message is written for the person who pushed or fetched:
// it is sent to them as it stands, so it holds nothing of the server's inside.

export type GitErrorCode =
  | "bad_pack"
  | "truncated_pack"
  | "bad_checksum"
  | "missing_object"
  | "bad_object"
  | "bad_index"
  | "bad_graph"
  | "limit_exceeded"
  | "bad_protocol";

/** What git data or a git client did wrong; `message` may be shown to the client. */
export class GitError extends Error {
  override readonly name = "GitError";
  readonly code: GitErrorCode;

  constructor(code: GitErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
