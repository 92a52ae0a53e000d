// Commits by their full id: shown while a ref that readers see reaches them, and not a moment longer.
import { env } from "cloudflare:test";
import { sql } from "drizzle-orm";
import { expect, it } from "vitest";
import { parseEnv } from "../core/env.ts";
import { ZERO_OID } from "../git/object/oid.ts";
import { database } from "../testing/fixtures.ts";
import { makeCommit, PushedRepository } from "../testing/pushed-repository.ts";
import { openContent } from "./service.ts";

const resolve = (repository: PushedRepository, rest: string) =>
  openContent(parseEnv(env), database, repository).resolve(rest);

it("shows a commit that a branch reaches, and no longer once it was pushed over", async () => {
  const repository = await PushedRepository.create();
  const first = await repository.commit("main", { "a.txt": "a\n" });
  const second = await repository.commit("main", { "b.txt": "b\n" }, first.oid);
  expect(await resolve(repository, `${first.oid}/a.txt`)).toMatchObject({ kind: "commit", path: "a.txt" });
  const other = makeCommit({ "c.txt": "c\n" });
  await repository.move("refs/heads/main", second.oid, other.oid, other.pack);
  expect(await resolve(repository, first.oid)).toBeNull();
  expect(await resolve(repository, second.oid)).toBeNull();
  await repository.move("refs/tags/old", ZERO_OID, first.oid);
  expect(await resolve(repository, first.oid)).toMatchObject({ kind: "commit", name: first.oid });
  expect(await resolve(repository, second.oid)).toBeNull();
});

it("doesn't show what only the forge's own refs reach", async () => {
  const repository = await PushedRepository.create();
  // The first branch becomes the default one, which can't be deleted.
  await repository.commit("main", { "b.txt": "b\n" });
  const { oid } = await repository.commit("topic", { "a.txt": "a\n" });
  await repository.move("refs/heads/topic", oid, ZERO_OID);
  await database.query.execute(
    sql`INSERT INTO refs (repository_id, name, oid) VALUES (${repository.id}, 'refs/plue/kept', ${oid})`,
  );
  expect(await resolve(repository, oid)).toBeNull();
});
