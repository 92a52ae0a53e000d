// A request's body that broke off. Invariant: what a client's connection does is told apart from faults of our own stores,
// so that it is never logged or answered as one.

/** Reading a body failed: the connection was lost, or what was sent can't be decompressed. */
export class BodyFailure extends Error {
  override readonly name = "BodyFailure";

  constructor(cause: unknown) {
    super("the request's body ended early", { cause });
  }
}

/** Waits for a read of a body. Throws BodyFailure for what the stream throws. */
export async function readOrFail<Result>(reading: Promise<Result>): Promise<Result> {
  try {
    return await reading;
  } catch (cause) {
    throw new BodyFailure(cause);
  }
}
