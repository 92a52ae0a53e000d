// Where bytes go, in order, at the pace of the one who takes them.

export interface ByteSink {
  /** Takes the bytes; they may be reused once the promise is settled. Rejects when nobody takes them any more. */
  write(bytes: Uint8Array): Promise<void>;
}
