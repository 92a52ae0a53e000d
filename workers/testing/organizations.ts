// Organisations for tests on workerd, made and asked through the API as a script would.
import { randomBase62 } from "../../schema/token.ts";
import { createPerson, type Person, send } from "./fixtures.ts";

/** Asks the API as `person`; `body` makes it carry JSON. */
export function ask(
  person: { token: string } | null,
  method: string,
  path: string,
  body?: object,
): Promise<Response> {
  return send(`/api/v3${path}`, {
    method,
    ...(person === null ? {} : { token: person.token }),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

/** As `ask`. @throws Error with the answer unless it is a 2xx */
export async function insist(
  person: { token: string },
  method: string,
  path: string,
  body?: object,
): Promise<Response> {
  const answer = await ask(person, method, path, body);
  if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${await answer.text()}`);
  return answer;
}

/** An organisation with an owner and a member, with names of their own. */
export async function makeOrganization(settings: object = {}) {
  const [owner, member] = [await createPerson(), await createPerson()];
  const name = `o${randomBase62(10)}`;
  await insist(owner, "POST", "/orgs", { login: name });
  if (Object.keys(settings).length > 0) await insist(owner, "PATCH", `/orgs/${name}`, settings);
  await join(owner, name, member);
  return { name, owner, member };
}

/** Invites somebody, who accepts. */
export async function join(
  owner: Person,
  name: string,
  person: Person,
  role: "admin" | "direct_member" | "billing_manager" = "direct_member",
): Promise<void> {
  await insist(owner, "POST", `/orgs/${name}/invitations`, { login: person.username, role });
  await insist(person, "PATCH", `/user/memberships/orgs/${name}`, { state: "active" });
}

/** A repository of the organisation. */
export async function makeOrganizationRepository(
  owner: Person,
  name: string,
  visibility: "public" | "internal" | "private",
): Promise<{ id: number; name: string; path: string }> {
  const answer = await insist(owner, "POST", `/orgs/${name}/repos`, {
    ...{ name: `r${randomBase62(8)}`, visibility },
  });
  const made = await answer.json<{ id: number; name: string; full_name: string }>();
  return { id: made.id, name: made.name, path: `/repos/${made.full_name}` };
}

/** Makes a team and gives its slug and id. */
export async function makeTeam(
  owner: Person,
  name: string,
  parentId: number | null = null,
  privacy: "closed" | "secret" = "closed",
): Promise<{ id: number; slug: string }> {
  const answer = await insist(owner, "POST", `/orgs/${name}/teams`, {
    ...{ name: `t${randomBase62(8)}`, parent_team_id: parentId, privacy },
  });
  return answer.json<{ id: number; slug: string }>();
}
