// One person with something of everything there is, for tests that ask every route of it: an organisation, a private
// repository with a run and an import, keys, tokens, sessions, addresses, invitations.
import { eq } from "drizzle-orm";
import { accessTokens, authSessions, emails, passkeys, sshKeys, wallets } from "../../schema/tables/auth.ts";
import { invitations } from "../../schema/tables/orgs.ts";
import { hashSecret, randomBase62 } from "../../schema/token.ts";
import { createPerson, database, giveToken, makeRepository, makeRun, type Person, send } from "./fixtures.ts";
import { openSignedIn } from "./mail-account.ts";
import { insist, makeOrganization, makeTeam } from "./organizations.ts";

export interface Estate {
  owner: Person;
  member: Person;
  /** What stands in a path as `:name` or `{name}`. @param path as in the code, since `id` is another's in each */
  find(path: string, name: string): string | undefined;
}

/** A name or id that no estate has, as long as the one it stands for. */
export function makeMissing(value: string): string {
  if (/^\d+$/.test(value)) return "999999999";
  const [, name = "", ending = ""] = /^(.*?)((?:\.git)?)$/.exec(value) ?? [];
  return `zz${randomBase62(Math.max(1, name.length - 2))}${ending}`;
}

/** `path` with every parameter filled; `1` where nothing is known. */
export function fillPath(estate: Estate, path: string, other: Record<string, string> = {}): string {
  const fill = (name: string) => encodeURIComponent(other[name] ?? estate.find(path, name) ?? "1");
  return path.replaceAll(/(?::([a-z_]+)(?:\{[^}]*\})?|\{([a-z_]+)\})/gi, (_, one?: string, two?: string) =>
    fill(one ?? two ?? "").replaceAll("%2F", "/"),
  );
}

/** The parameters of a path. */
export const listParams = (path: string): string[] =>
  [...path.matchAll(/(?::([a-z_]+)(?:\{[^}]*\})?|\{([a-z_]+)\})/gi)].map(([, one, two]) => one ?? two ?? "");

export async function makeEstate(): Promise<Estate> {
  const { name: org, owner, member } = await makeOrganization();
  const repository = await makeRepository(owner, true);
  const team = await makeTeam(owner, org, null, "secret");
  const place = `/repos/${owner.username}/${repository.name}`;
  const guest = await createPerson();
  await insist(owner, "PUT", `${place}/collaborators/${guest.username}`, { permission: "pull" });
  const invited = await createPerson();
  const answer = await insist(owner, "POST", `/orgs/${org}/invitations`, { login: invited.username });
  const invitation = await answer.json<{ id: number }>();
  const deployKey = await insist(owner, "POST", `${place}/keys`, { title: "k", read_only: true });
  const run = await makeRun(owner, repository.id, "on: push\njobs: {a: {steps: [{run: 'true'}]}}\n");
  const [toRepository] = await database.query
    .select()
    .from(invitations)
    .where(eq(invitations.repositoryId, repository.id));
  const begun = await send(`/api/${owner.username}/${repository.name}/import`, {
    ...{ method: "POST", token: owner.token },
    body: JSON.stringify({ format: "bundle", size_bytes: 2_000_000, part_size_bytes: 1_048_576 }),
  });
  const own = await makeCredentials(owner.id);
  const ids: [RegExp, string, unknown][] = [
    [/\/user\/keys\/|\/settings\/keys\/:id/, "key_id", own.sshKey],
    [/\/keys\/\{key_id\}|\/keys\/:key_id/, "key_id", (await deployKey.json<{ id: number }>()).id],
    [/:repo\/settings\/keys\//, "id", (await listDeployKeys(owner, place))[0]],
    [/^\/settings\/keys\//, "id", own.sshKey],
    [/\/tokens\//, "id", own.token],
    [/\/passkeys\//, "id", own.passkey],
    [/\/wallets\//, "id", own.wallet],
    [/\/sessions\//, "id", own.session],
    [/\/emails\//, "id", own.email],
    [/\/runs\//, "id", run.id],
    [/\/imports?\//, "id", (await begun.json<{ id: number }>()).id],
    [/repository_invitations|repos\/.*\/invitations/, "invitation_id", toRepository?.id],
    [/orgs\/.*\/invitations/, "invitation_id", invitation.id],
    [/\/site-admin\/people\//, "name", owner.username],
  ];
  const values: Record<string, string> = {
    ...{ owner: owner.username, repo: repository.name, repository: `${repository.name}.git`, org },
    ...{ team: team.slug, team_slug: team.slug, username: member.username, number: String(run.number) },
    ...{ branch: "main", ref: "main", sha: "1".repeat(40), rest: "main/a.txt", word: "old", part: "1" },
  };
  return {
    ...{ owner, member },
    find: (path, name) => {
      const known = ids.find(([where, which]) => which === name && where.test(path));
      return known === undefined ? values[name] : String(known[2]);
    },
  };
}

async function listDeployKeys(owner: Person, place: string): Promise<number[]> {
  const keys = await (await insist(owner, "GET", `${place}/keys`)).json<{ id: number }[]>();
  return keys.map(({ id }) => id);
}

async function makeCredentials(userId: number) {
  const word = randomBase62(20);
  const query = database.query;
  await giveToken(userId, ["repo:read"]);
  const [token] = await query.select().from(accessTokens).where(eq(accessTokens.userId, userId));
  const [passkey] = await query
    .insert(passkeys)
    .values({
      ...{ userId, name: "p", credentialId: word, publicKey: word, transports: [] },
      ...{ isBackupEligible: false, isBackedUp: false },
    })
    .returning();
  const address = `0x${(await hashSecret(word)).slice(0, 40)}`;
  const [wallet] = await query.insert(wallets).values({ userId, address }).returning();
  const key = { userId, title: "k", publicKey: `ssh-ed25519 ${word}`, fingerprint: `SHA256:${word}` };
  const [sshKey] = await query.insert(sshKeys).values(key).returning();
  const [email] = await query
    .insert(emails)
    .values({ userId, address: `${word}@example.com` })
    .returning();
  await openSignedIn(userId);
  const [session] = await query.select().from(authSessions).where(eq(authSessions.userId, userId));
  return {
    ...{ token: token?.id, passkey: passkey?.id, wallet: wallet?.id, sshKey: sshKey?.id },
    ...{ email: email?.id, session: session?.id },
  };
}
