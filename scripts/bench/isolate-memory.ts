// The memory of the Worker's own isolate, as V8 tells it over workerd's inspector: heap and buffers, without those of
// the services that run in the same process here and elsewhere in production.
import { setTimeout as wait } from "node:timers/promises";
import WebSocket from "ws";
import { z } from "zod";

export interface IsolateMemory {
  /** Objects, as far as they aren't known to be garbage. */
  readonly heapBytes: number;
  /** What array buffers hold. */
  readonly bufferBytes: number;
}

const targetsSchema = z.array(z.object({ webSocketDebuggerUrl: z.string() }));
const usageSchema = z.object({
  id: z.number(),
  result: z.object({ usedSize: z.number(), backingStorageSize: z.number() }),
});
const SAMPLE_MS = 50;

/** Samples the isolate until `stop`, which gives the highest sum seen. An isolate that is busy answers late. */
export async function watchIsolate(inspectorPort: number): Promise<{ stop(): Promise<IsolateMemory> }> {
  const listed = await fetch(`http://127.0.0.1:${inspectorPort}/json`);
  const [target] = targetsSchema.parse(await listed.json());
  if (target === undefined) throw new Error("the inspector knows of no isolate");
  const socket = new WebSocket(target.webSocketDebuggerUrl);
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
  let highest: IsolateMemory = { heapBytes: 0, bufferBytes: 0 };
  let answered = Promise.withResolvers<void>();
  socket.on("message", (data) => {
    const message = usageSchema.safeParse(JSON.parse(String(data)));
    if (!message.success) return;
    const { usedSize, backingStorageSize } = message.data.result;
    if (usedSize + backingStorageSize > highest.heapBytes + highest.bufferBytes) {
      highest = { heapBytes: usedSize, bufferBytes: backingStorageSize };
    }
    answered.resolve();
  });
  let isStopped = false;
  const ask = async () => {
    for (let id = 1; !isStopped; id++) {
      answered = Promise.withResolvers();
      socket.send(JSON.stringify({ id, method: "Runtime.getHeapUsage" }));
      await answered.promise;
      await wait(SAMPLE_MS);
    }
  };
  const asking = ask();
  return {
    async stop() {
      isStopped = true;
      await asking;
      socket.terminate();
      return highest;
    },
  };
}
