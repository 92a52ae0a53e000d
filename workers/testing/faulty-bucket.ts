// R2 as it may be on a bad day: calls fail before or after they did their work, and bodies break off or end early.
// Invariant: what happens is decided by the given generator alone, so that a seed repeats it.
type Random = () => number;

/** A bucket that fails, and a record of how often. */
interface FaultyBucket {
  readonly bucket: R2Bucket;
  /** Faults so far, by the name of the call, `body` for bodies that broke off or were short. */
  readonly faults: Map<string, number>;
}

/** Wraps `bucket` so that about `share` of all calls and bodies fail. */
export function makeFaulty(bucket: R2Bucket, random: Random, share: number): FaultyBucket {
  const faults = new Map<string, number>();
  const note = (name: string) => faults.set(name, (faults.get(name) ?? 0) + 1);
  const wrap = <Target extends object>(target: Target): Target => {
    let body: ReadableStream | undefined;
    return new Proxy(target, {
      get(_, name) {
        const member: unknown = Reflect.get(target, name);
        if (name === "body" && member instanceof ReadableStream) {
          body ??= spoil(member);
          return body;
        }
        if (name === "arrayBuffer" && "body" in target && target.body instanceof ReadableStream) {
          const whole = target.body;
          return () => new Response(spoil(whole)).arrayBuffer();
        }
        if (typeof member !== "function") return member;
        return async (...args: unknown[]) => {
          const isFailing = random() < share;
          if (isFailing) note(String(name));
          // Of an upload that begins although R2 says it doesn't nobody can know; R2 itself drops it after some days.
          const isBefore = random() < 0.5 || name === "createMultipartUpload";
          if (isFailing && isBefore) throw new Error(`R2 failed to ${String(name)}`);
          const result: unknown = await Reflect.apply(member, target, args);
          if (isFailing) throw new Error(`R2 failed after ${String(name)}`);
          return isLive(result) ? wrap(result) : result;
        };
      },
    });
  };

  function spoil(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
    if (random() >= share) return body;
    note("body");
    const isShort = random() < 0.5;
    // A byte stream, as R2's own bodies are.
    const { readable, writable } = new IdentityTransformStream();
    const cut = async () => {
      const writer = writable.getWriter();
      const reader = body.getReader();
      const { value } = await reader.read();
      const sent = value?.subarray(0, Math.floor(random() * value.length)) ?? new Uint8Array(0);
      if (sent.length > 0) await writer.write(sent);
      await reader.cancel();
      await (isShort ? writer.close() : writer.abort(new Error("R2's body broke off")));
    };
    // Whoever reads may have gone by then.
    cut().catch(() => undefined);
    return readable;
  }

  return { bucket: wrap(bucket), faults };
}

/** What R2 gives back that has calls or a body of its own. */
function isLive(result: unknown): result is object {
  if (typeof result !== "object" || result === null) return false;
  return "body" in result || "uploadPart" in result;
}
