// A stream that comes from the gateway ends within five seconds of its reader's right to it, as the Worker's own does, and
// the gateway is let go.
import { eq } from "drizzle-orm";
import { afterEach, expect, it, vi } from "vitest";
import { users } from "../../schema/tables/auth.ts";
import { collaborators } from "../../schema/tables/orgs.ts";
import { createPerson, database, makeRepository, makeRun, type Person, send } from "../testing/fixtures.ts";

const END_MS = 5_000;
const GATEWAY = "http://127.0.0.1:9/";

afterEach(() => vi.unstubAllGlobals());

/** Answers for the gateway with a stream that says something every now and then and never ends by itself. */
function standInForGateway() {
  const state = { isAsked: false, isLetGo: false };
  const real = globalThis.fetch;
  vi.stubGlobal("fetch", (input: RequestInfo | URL, init?: RequestInit) => {
    const url = input instanceof Request ? input.url : String(input);
    if (!url.startsWith(GATEWAY)) return real(input, init);
    state.isAsked = true;
    let timer: ReturnType<typeof setInterval> | undefined;
    const end = () => {
      state.isLetGo = true;
      clearInterval(timer);
    };
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        let id = 0;
        const speak = () =>
          controller.enqueue(new TextEncoder().encode(`id: ${++id}\nevent: log\ndata: {}\n\n`));
        speak();
        timer = setInterval(speak, 100);
        init?.signal?.addEventListener("abort", () => {
          end();
          controller.error(init.signal?.reason);
        });
      },
      cancel: end,
    });
    return Promise.resolve(new Response(body, { headers: { "content-type": "text/event-stream" } }));
  });
  return state;
}

const LOSSES: Record<string, (reader: Person) => Promise<unknown>> = {
  "is suspended": ({ id }) =>
    database.query.update(users).set({ suspendedAt: new Date() }).where(eq(users.id, id)),
  "is no collaborator any more": ({ id }) =>
    database.query.delete(collaborators).where(eq(collaborators.userId, id)),
};

it.each(Object.keys(LOSSES))("ends when its reader %s", async (loss) => {
  const [owner, reader] = [await createPerson(), await createPerson()];
  const repository = await makeRepository(owner, true);
  await database.query
    .insert(collaborators)
    .values({ repositoryId: repository.id, userId: reader.id, role: "read" });
  const run = await makeRun(owner, repository.id, "on: push\njobs: {a: {steps: [{run: 'true'}]}}\n");
  const gateway = standInForGateway();
  const answer = await send(`/api/runs/${run.id}/stream`, { token: reader.token });
  const chunks = answer.body?.getReader();
  let told = "";
  while (!told.includes("id: 1")) told += new TextDecoder().decode((await chunks?.read())?.value);
  expect(gateway.isAsked).toBe(true);
  await LOSSES[loss]?.(reader);
  const lostAtMs = Date.now();
  // Whether the stream closes or breaks off, it is over.
  const drained = async () => {
    while ((await chunks?.read())?.done === false);
  };
  await drained().catch((error: unknown) => expect(error).toBeInstanceOf(Error));
  expect(Date.now() - lostAtMs).toBeLessThan(END_MS);
  await vi.waitUntil(() => gateway.isLetGo);
});
