// Runs over the API: listed, shown, streamed from rows while the gateway is away, and cancelled.
import { and, eq } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { outbox } from "../../schema/tables/events.ts";
import { workflowJobs, workflowRuns } from "../../schema/tables/runs.ts";
import { createPerson, database, makeRepository, makeRun, type Person, send } from "../testing/fixtures.ts";
import { appendEvents, lockRun } from "./change-store.ts";

const TWO_JOBS =
  "on: push\njobs:\n  a: {steps: [{run: one}, {run: two}]}\n  b: {needs: a, steps: [{run: three}]}\n";

async function makeProject(isPrivate = false) {
  const person = await createPerson();
  const repository = await makeRepository(person, isPrivate);
  const run = await makeRun(person, repository.id, TWO_JOBS);
  return { person, repository, run };
}

async function print(runId: number, ...texts: string[]): Promise<void> {
  const [job] = await database.query
    .select()
    .from(workflowJobs)
    .where(eq(workflowJobs.runId, runId))
    .limit(1);
  const jobId = job?.id ?? 0;
  await database.transaction(async (transaction) => {
    await lockRun(transaction, runId);
    await appendEvents(
      transaction,
      runId,
      texts.map((text) => ({
        type: "log",
        data: { jobId, attempt: 0, stepId: null, stream: "stdout", text },
      })),
    );
  });
}

const cancel = (person: Person, id: number) =>
  send(`/api/runs/${id}/cancel`, { method: "POST", token: person.token });

interface RunBody {
  id: number;
  status: string;
  jobs: { key: string; status: string; needs: string[]; steps: { name: string; status: string }[] }[];
}

describe("a run", () => {
  it("is listed and shown with its jobs and steps, those that need nothing waiting", async () => {
    const { person, repository, run } = await makeProject();
    const list = await send(`/api/repos/${person.username}/${repository.name}/runs`);
    expect(await list.json()).toMatchObject({
      total_count: 1,
      runs: [
        {
          id: run.id,
          number: 1,
          status: "pending",
          event: "push",
          head_sha: "1".repeat(40),
          title: "A change",
        },
      ],
    });
    const shown = await (await send(`/api/runs/${run.id}`)).json<RunBody>();
    expect(shown.jobs.map((job) => [job.key, job.status, job.needs])).toEqual([
      ["a", "waiting", []],
      ["b", "pending", ["a"]],
    ]);
    expect(shown.jobs[0]?.steps.map((step) => step.name)).toEqual(["Run one", "Run two"]);
  });

  it("takes the next number of its repository, each once, under concurrency", async () => {
    const person = await createPerson();
    const repository = await makeRepository(person);
    const runs = await Promise.all(Array.from({ length: 8 }, () => makeRun(person, repository.id, TWO_JOBS)));
    expect(runs.map((run) => run.number).sort()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it("of a private repository is nowhere to be found by others", async () => {
    const { person, repository, run } = await makeProject(true);
    const stranger = await createPerson();
    for (const path of [
      `/api/runs/${run.id}`,
      `/api/runs/${run.id}/stream`,
      `/api/repos/${person.username}/${repository.name}/runs`,
      `/${person.username}/${repository.name}/runs/1`,
    ]) {
      expect((await send(path)).status).toBe(404);
      expect((await send(path, { token: stranger.token })).status).toBe(404);
    }
    expect((await cancel(stranger, run.id)).status).toBe(404);
  });

  it.each(["0", "-1", "x", "1.5", "99999999999999999999"])("is not found by the id %s", async (id) => {
    expect((await send(`/api/runs/${id}`)).status).toBe(422);
  });
});

describe("the stream without a gateway", () => {
  it("gives all that was, and resumes after any event without a gap or a double", async () => {
    const { person, run } = await makeProject();
    await print(run.id, "one\n", "two\n", "three\n");
    await cancel(person, run.id);
    const all = await (await send(`/api/runs/${run.id}/stream`)).text();
    const ids = (text: string) => [...text.matchAll(/^id: (\d+)$/gm)].map((match) => Number(match[1]));
    expect(ids(all)).toEqual(Array.from({ length: ids(all).length }, (_, at) => at + 1));
    expect(all).toContain('"text":"two\\n"');
    expect(all.trimEnd()).toMatch(/event: done\ndata: .*"status":"cancelled".*$/);
    for (const after of ids(all).slice(0, -1)) {
      const byHeader = await send(`/api/runs/${run.id}/stream`, {
        headers: { "last-event-id": String(after) },
      });
      expect(ids(await byHeader.text())).toEqual(ids(all).filter((id) => id > after));
      const byQuery = await send(`/api/runs/${run.id}/stream?after=${after}`);
      expect(ids(await byQuery.text())).toEqual(ids(all).filter((id) => id > after));
    }
  });
});

describe("cancelling", () => {
  it("ends a run that nothing has begun, once, with its events and its outbox row", async () => {
    const { person, run } = await makeProject();
    const answer = await cancel(person, run.id);
    expect(answer.status).toBe(202);
    const body = await answer.json<RunBody>();
    expect(body.status).toBe("cancelled");
    expect(body.jobs.map((job) => job.status)).toEqual(["cancelled", "cancelled"]);
    expect(body.jobs.flatMap((job) => job.steps.map((step) => step.status))).toEqual(
      Array(3).fill("cancelled"),
    );
    const rows = await database.query.select().from(outbox).where(eq(outbox.topic, "run.finished"));
    expect(rows.filter((row) => row.payload.runId === run.id)).toHaveLength(1);
    const again = await cancel(person, run.id);
    expect(again.status).toBe(409);
    expect(await again.json()).toMatchObject({ message: "Run 1 has ended already." });
  });

  it("leaves what an attempt owns to the gateway, and remembers that it was asked", async () => {
    const { person, run } = await makeProject();
    await database.query.update(workflowRuns).set({ status: "running" }).where(eq(workflowRuns.id, run.id));
    await database.query
      .update(workflowJobs)
      .set({ status: "running", attempt: 1 })
      .where(and(eq(workflowJobs.runId, run.id), eq(workflowJobs.key, "a")));
    const body = await (await cancel(person, run.id)).json<
      RunBody & { cancel_requested_at: string | null }
    >();
    expect(body).toMatchObject({ status: "running", jobs: [{ status: "running" }, { status: "cancelled" }] });
    expect(body.cancel_requested_at).not.toBeNull();
    expect((await cancel(person, run.id)).status).toBe(202);
  });

  it("needs more than being able to see the run", async () => {
    const { run } = await makeProject();
    expect((await cancel(await createPerson(), run.id)).status).toBe(403);
    expect((await send(`/api/runs/${run.id}/cancel`, { method: "POST" })).status).toBe(401);
  });
});
