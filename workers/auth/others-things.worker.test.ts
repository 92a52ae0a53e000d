// What belongs to somebody else, asked for by its id on every route: nothing happens to it, and the answer is the very one
// for what doesn't exist, so that it doesn't even tell that it is there.
import { neonConfig } from "@neondatabase/serverless";
import { sql } from "drizzle-orm";
import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { app } from "../app.ts";
import { queryRows } from "../git/store/query-rows.ts";
import { makeSample, type Operation, readOperations } from "../testing/api-operations.ts";
import { type Estate, fillPath, listParams, makeEstate, makeMissing } from "../testing/estate.ts";
import { createPerson, database, send } from "../testing/fixtures.ts";
import { openSignedIn } from "../testing/mail-account.ts";

// Words of the route itself, secrets that nobody has, and names that are public: of people, and of organisations.
const NOT_IDS = new Set(["act", "verb", "word", "secret", "file", "org", "part", "rest"]);
const isPublic = (path: string, name: string) =>
  (name === "owner" && !path.includes("repo")) || (name === "username" && /\/users\/[:{]username/.test(path));

interface Route {
  method: string;
  path: string;
  operation: Operation | undefined;
}
interface Asker {
  name: string;
  token?: string;
  cookie?: string;
  csrf?: string;
}

let estate: Estate;
let routes: Route[];
let askers: Asker[];
let bystander: string;

beforeAll(async () => {
  estate = await makeEstate();
  const known = new Map((await readOperations()).map((one) => [`${one.method} ${one.path}`, one]));
  const keys = new Set(
    app.routes.filter(({ method }) => method !== "ALL").map((one) => `${one.method} ${one.path}`),
  );
  routes = [...keys].flatMap((key) => {
    const [method = "", path = ""] = key.split(" ");
    if (/^\/(internal|assets)\//.test(path)) return [];
    return [{ method, path, operation: known.get(`${method} ${path.replaceAll(/:([a-z_]+)/gi, "{$1}")}`) }];
  });
  const stranger = await createPerson();
  bystander = (await createPerson()).username;
  const cookie = (await openSignedIn(stranger.id)).cookie();
  const csrf = /name="_csrf" value="([^"]+)"/.exec(await (await send("/new", { cookie })).text())?.[1] ?? "";
  askers = [{ name: "a stranger", token: stranger.token, cookie, csrf }, { name: "nobody" }];
});

async function ask(route: Route, path: string, asker: Asker) {
  const { method, operation } = route;
  const isByToken = /^\/api\//.test(path) || /\.git\//.test(path);
  const isForm = method === "POST" && !isByToken;
  const token = isByToken && asker.token !== undefined ? { token: asker.token } : {};
  const cookie = !isByToken && asker.cookie !== undefined ? { cookie: asker.cookie } : {};
  const sample = operation?.body === undefined ? undefined : JSON.stringify(makeSample(operation.body));
  const body = isForm ? `act=remove&_csrf=${asker.csrf ?? ""}` : sample;
  const type = isForm ? "application/x-www-form-urlencoded" : "application/json";
  const query = path.endsWith("/info/refs") ? "?service=git-upload-pack" : "";
  return send(path + query, {
    ...{ method, ...token, ...cookie },
    ...(body === undefined ? {} : { body }),
    headers: body === undefined ? {} : { "content-type": type },
  });
}

/** How often two counts of statements may differ before they are taken to do so always. */
const TRIES = 10;

const TELLING = [
  "content-type",
  "location",
  "www-authenticate",
  "link",
  "set-cookie",
  "retry-after",
  "allow",
  "etag",
];

/** All that an answer tells, but for its own number. */
async function tell(answer: Response): Promise<string> {
  const text = new TextDecoder("latin1").decode(await answer.arrayBuffer());
  const headers = TELLING.map((name) => answer.headers.get(name));
  return `${answer.status} ${headers.join()}\n${text}`
    .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "<request>")
    .replaceAll(/name="_once" value="\w+"/g, "<form>");
}

const hideName = (told: string, asked: string): string =>
  told.replaceAll(
    new RegExp(`(?<=[/ "]|%2F|owner=|name=)${asked.replace(/\.git$/, "")}(?!\\w)`, "g"),
    "<asked>",
  );

function tellApart(one: string, other: string): string {
  const at = [...one].findIndex((letter, index) => letter !== other[index]);
  return `${one.slice(Math.max(0, at - 40), at + 80)} | ${other.slice(Math.max(0, at - 40), at + 80)}`;
}

const stateSchema = z.object({ place: z.string(), rows: z.number(), hash: z.string().nullable() });

/** Every row of every table that belongs to the estate's people and places, as one hash a table. */
async function readState(): Promise<z.infer<typeof stateSchema>[]> {
  const columns = await queryRows(
    database.query,
    sql`SELECT c.table_name AS "table", c.column_name AS "column" FROM information_schema.columns c
      JOIN information_schema.tables t USING (table_schema, table_name)
      WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND table_name NOT IN ('audit_events', 'rate_limits')
      AND column_name IN ('user_id', 'owner_id', 'organization_id', 'repository_id', 'team_id') ORDER BY 1, 2`,
    z.object({ table: z.string(), column: z.string() }),
  );
  const [owner, org, repo, team] = ["owner", "org", "repo", "team"].map((name) => estate.find("", name));
  const mine = sql`SELECT id FROM users WHERE username IN (${owner}, ${org})`;
  const place = sql`SELECT r.id FROM repositories r JOIN users u ON u.id = owner_id WHERE username = ${owner} AND name = ${repo}`;
  const ofTeam = sql`SELECT id FROM teams WHERE slug = ${team}`;
  const queries = columns.map(({ table, column }) => {
    const ids = column === "repository_id" ? place : column === "team_id" ? ofTeam : mine;
    return sql`SELECT ${`${table} ${column}`} AS place, count(*)::int AS rows,
      md5(string_agg(one::text, ',' ORDER BY one::text)) AS hash
      FROM ${sql.identifier(table)} one WHERE ${sql.identifier(column)} IN (${ids})`;
  });
  return queryRows(database.query, sql.join(queries, sql` UNION ALL `), stateSchema);
}

/** What one asker is told on one route of what is there, against what doesn't exist by each of its ids in turn. */
async function compareTold(
  route: Route,
  asker: Asker,
): Promise<{ compared: number; hidden: number; odd: string[] }> {
  const names = listParams(route.path).filter((name) => !NOT_IDS.has(name) && !isPublic(route.path, name));
  const odd: string[] = [];
  if (names.length === 0) return { compared: 0, hidden: 0, odd };
  const answer = await ask(route, fillPath(estate, route.path), asker);
  const told = await tell(answer);
  const isHidden = answer.status === 404 || answer.status === 401;
  if (answer.status < 300 || answer.status >= 500)
    odd.push(`${route.method} ${route.path}: ${answer.status}`);
  for (const name of names) {
    const value = estate.find(route.path, name) ?? "1";
    // Who has an account is no secret, what they have to do with somebody else's things is.
    const missing = name === "username" ? bystander : makeMissing(value);
    const other = await tell(await ask(route, fillPath(estate, route.path, { [name]: missing }), asker));
    const [one, two] = [hideName(told, value), hideName(other, missing)];
    if (one !== two)
      odd.push(`${route.method} ${route.path} by ${name} for ${asker.name}: ${tellApart(one, two)}`);
  }
  return { compared: names.length, hidden: isHidden ? names.length : 0, odd };
}

describe("what is somebody else's", () => {
  it("is told from what doesn't exist on no route, by no one of its ids, and nothing happens to it", async () => {
    const before = await readState();
    expect(before.filter(({ rows }) => rows > 0).length).toBeGreaterThan(12);
    const results: Awaited<ReturnType<typeof compareTold>>[] = [];
    for (const route of routes) {
      results.push(...(await Promise.all(askers.map((asker) => compareTold(route, asker)))));
    }
    const sum = (count: "compared" | "hidden") => results.reduce((total, one) => total + one[count], 0);
    expect(results.flatMap(({ odd }) => odd)).toEqual([]);
    expect(sum("compared")).toBeGreaterThan(400);
    expect(sum("hidden")).toBeGreaterThan(300);
    expect(await readState()).toEqual(before);
  });

  // What takes longer to be refused tells as much as words do.
  it("costs the database as many statements as what doesn't exist", async () => {
    let statements = 0;
    // The site's settings are read anew every five seconds and a credential's use noted every minute, whatever is asked for.
    const byTheClock = /site_settings|set \\"last_used_at\\" = now/;
    const { fetchFunction } = neonConfig;
    neonConfig.fetchFunction = (url: string, init: RequestInit) => {
      if (!byTheClock.test(String(init.body))) statements += 1;
      return fetch(url, init);
    };
    const count = async (route: Route, other: Record<string, string>, asker: Asker) => {
      statements = 0;
      await (await ask(route, fillPath(estate, route.path, other), asker)).body?.cancel();
      return statements;
    };
    const reads = routes.filter(({ method, path }) => method === "GET" && !/\.git|:repository/.test(path));
    const odd: string[] = [];
    let compared = 0;
    for (const route of reads) {
      for (const name of listParams(route.path).filter((one) => /repo|id$|team/.test(one))) {
        const asker = askers[0] ?? { name: "" };
        const missing = makeMissing(estate.find(route.path, name) ?? "1");
        compared += 1;
        // What is due by the clock comes once and not again; what tells the two apart comes each time.
        const counts: string[] = [];
        for (let time = 0; time < TRIES; time++) {
          const there = await count(route, {}, asker);
          const nothing = await count(route, { [name]: missing }, asker);
          if (there !== nothing) counts.push(`${there} statements, else ${nothing}`);
          else break;
        }
        if (counts.length === TRIES) odd.push(`${route.path} by ${name}: ${counts.join("; ")}`);
      }
    }
    neonConfig.fetchFunction = fetchFunction;
    expect(odd).toEqual([]);
    expect(compared).toBeGreaterThan(40);
  });
});
