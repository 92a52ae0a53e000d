// The consumer of the `imports` queue. Invariant: a message is only a hint; a double or a lost one changes nothing.
import { importsMessageSchema } from "../../schema/wire/imports.ts";
import { noteFailure } from "../core/message-failures.ts";
import { type ImportServices, runImport } from "./run-import.ts";
import { cleanUpEnded } from "./service.ts";

const RETRY_SECONDS = 5;

/** Indexes what the messages name, one after the other. What fails for reasons of our own is tried again. */
export async function consumeImports(services: ImportServices, batch: MessageBatch<unknown>): Promise<void> {
  const { log } = services;
  for (const message of batch.messages) {
    const parsed = importsMessageSchema.safeParse(message.body);
    if (!parsed.success) {
      log.error("a message of the imports queue has no known shape", parsed.error, { id: message.id });
      message.ack();
      continue;
    }
    const { importId } = parsed.data;
    try {
      const end = await runImport(services, importId);
      if (end.kind === "done" || end.kind === "failed") await cleanUpEnded(services, importId);
      log.info("an import was taken up", {
        importId,
        end: end.kind,
        reason: end.kind === "failed" ? end.reason : null,
      });
      // The next slice is a call of its own, with a call's CPU.
      if (end.kind === "paused") await services.env.importsQueue.send({ kind: "import", importId });
      if (end.kind === "again") message.retry({ delaySeconds: RETRY_SECONDS });
      else message.ack();
    } catch (error) {
      log.error("an import was not indexed; it is tried again", error, { importId });
      await noteFailure(services, batch.queue, message.body, error);
      message.retry({ delaySeconds: RETRY_SECONDS });
    }
  }
}
