// SSH keys and deploy keys in GitHub's shapes; what a deploy key opens, and what not.
import { eq } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { users } from "../../schema/tables/auth.ts";
import { createPerson, database, makeRepository, type Person, send } from "../testing/fixtures.ts";
import { expectGithubShape } from "../testing/github-shape.ts";

const field = (bytes: Uint8Array) => [...new Uint8Array([0, 0, 0, bytes.length]), ...bytes];
function newKey(): string {
  const name = new TextEncoder().encode("ssh-ed25519");
  const bytes = [...field(name), ...field(crypto.getRandomValues(new Uint8Array(32)))];
  return `ssh-ed25519 ${btoa(String.fromCharCode(...bytes))}`;
}
const post = (person: Person, path: string, body: object) =>
  send(`/api/v3${path}`, { method: "POST", token: person.token, body: JSON.stringify(body) });

describe("an SSH key", () => {
  it("is added, listed to everybody, refused to others, and removed", async () => {
    const [person, other] = [await createPerson(), await createPerson()];
    const key = newKey();
    const added = await post(person, "/user/keys", { title: "laptop", key: `${key} ada@home` });
    expect(added.status).toBe(201);
    const body = await expectGithubShape("POST", "/user/keys", added);
    expect(body).toMatchObject({ title: "laptop", key });
    const { id } = body as { id: number };
    expect((await post(other, "/user/keys", { title: "mine", key })).status).toBe(422);
    const list = await send(`/api/v3/users/${person.username}/keys`);
    expect(await expectGithubShape("GET", "/users/{username}/keys", list)).toMatchObject([{ id, key }]);
    for (const method of ["GET", "DELETE"])
      expect((await send(`/api/v3/user/keys/${id}`, { method, token: other.token })).status).toBe(404);
    const removed = await send(`/api/v3/user/keys/${id}`, { method: "DELETE", token: person.token });
    expect(removed.status).toBe(204);
    expect(await (await send("/api/v3/user/keys", { token: person.token })).json()).toEqual([]);
  });
});

describe("a deploy key", () => {
  async function makeDeployToken(person: Person, name: string, read_only: boolean) {
    const added = await post(person, `/repos/${person.username}/${name}/keys`, { title: "ci", read_only });
    expect(added.status).toBe(201);
    return (await added.json()) as { id: number; token: string };
  }
  const statusOf = async (path: string, token: string) => (await send(path, { token })).status;

  it("opens its own repository to git, to push only where it may, and nothing else", async () => {
    const person = await createPerson();
    const [mine, other] = [await makeRepository(person, true), await makeRepository(person, true)];
    const reader = await makeDeployToken(person, mine.name, true);
    const writer = await makeDeployToken(person, mine.name, false);
    expect(reader.token).toMatch(/^plue_deploy_[0-9A-Za-z]{36}$/);
    const git = (name: string, service: string) =>
      `/${person.username}/${name}.git/info/refs?service=git-${service}`;
    for (const { token } of [reader, writer]) {
      expect(await statusOf(git(mine.name, "upload-pack"), token)).toBe(200);
      expect(await statusOf(git(other.name, "upload-pack"), token)).toBe(404);
      expect(await statusOf(`/api/v3/repos/${person.username}/${mine.name}`, token)).toBe(200);
      expect(await statusOf(`/api/v3/repos/${person.username}/${mine.name}/keys`, token)).toBe(403);
      expect(await statusOf("/api/v3/user", token)).toBe(401);
    }
    expect(await statusOf(git(mine.name, "receive-pack"), reader.token)).toBe(403);
    expect(await statusOf(git(mine.name, "receive-pack"), writer.token)).toBe(200);
    const path = `/api/v3/repos/${person.username}/${mine.name}/keys/${writer.id}`;
    const shown = await send(path, { token: person.token });
    const text = JSON.stringify(await expectGithubShape("GET", "/repos/{owner}/{repo}/keys/{key_id}", shown));
    expect(text).not.toContain(writer.token);
    expect((await send(path, { method: "DELETE", token: person.token })).status).toBe(204);
    expect(await statusOf(git(mine.name, "upload-pack"), writer.token)).toBe(401);
    await database.query.update(users).set({ suspendedAt: new Date() }).where(eq(users.id, person.id));
    expect(await statusOf(git(mine.name, "upload-pack"), reader.token)).toBe(401);
  });

  it("is its repository's administrators' to see and to make", async () => {
    const [person, other] = [await createPerson(), await createPerson()];
    const [open, hidden] = [await makeRepository(person), await makeRepository(person, true)];
    const path = (name: string) => `/repos/${person.username}/${name}/keys`;
    expect((await post(other, path(open.name), { title: "x" })).status).toBe(403);
    expect((await post(other, path(hidden.name), { title: "x" })).status).toBe(404);
    expect((await post(person, path(open.name), { title: "x", key: "ssh-dss AAAA" })).status).toBe(422);
  });
});
