// The one class of unexpected outcomes. What the public reads and what caused it are two different things.

/** Every code with the HTTP status it is answered with. */
const STATUS_OF = {
  bad_request: 400,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  method_not_allowed: 405,
  conflict: 409,
  gone: 410,
  too_large: 413,
  address_too_long: 414,
  unsupported_media_type: 415,
  invalid: 422,
  too_many_requests: 429,
  headers_too_large: 431,
  internal: 500,
  misconfigured: 500,
  unavailable: 503,
} as const;

type ForgeErrorCode = keyof typeof STATUS_OF;
type ForgeErrorStatus = (typeof STATUS_OF)[ForgeErrorCode];

/** One field that was wrong, in GitHub's shape. */
export interface FieldError {
  resource: string;
  field: string;
  code: "missing" | "missing_field" | "invalid" | "already_exists" | "custom";
  message?: string;
}

export class ForgeError extends Error {
  readonly code: ForgeErrorCode;
  readonly status: ForgeErrorStatus;
  readonly fields: readonly FieldError[];
  /** When it is worth asking again; undefined where waiting changes nothing. */
  readonly retryAfterMs: number | undefined;
  /** Of `method_not_allowed`: the methods that the address takes. */
  readonly allow: readonly string[] | undefined;

  /** @param message a sentence for the public; the cause is only logged. */
  constructor(
    code: ForgeErrorCode,
    message: string,
    options: { cause?: unknown; fields?: FieldError[]; retryAfterMs?: number; allow?: string[] } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = "ForgeError";
    this.code = code;
    this.status = STATUS_OF[code];
    this.fields = options.fields ?? [];
    this.retryAfterMs = options.retryAfterMs;
    this.allow = options.allow;
  }
}

/** What may not be seen does not exist: one answer for both. */
export function notFound(what = "Not Found"): ForgeError {
  return new ForgeError("not_found", what);
}
