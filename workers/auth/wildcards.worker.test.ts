// Signs that SQL's LIKE takes for any text, in every query that a route of the API describes and every field of every page's
// search: they find what a word finds that nothing is called by.
import { eq } from "drizzle-orm";
import { expect, it } from "vitest";
import { users } from "../../schema/tables/auth.ts";
import { app } from "../app.ts";
import { readOperations } from "../testing/api-operations.ts";
import { type Estate, fillPath, makeEstate } from "../testing/estate.ts";
import { database, send } from "../testing/fixtures.ts";
import { openSignedIn } from "../testing/mail-account.ts";

const WILDCARDS = ["%", "_%", "\\%"];
const NOTHING = "zz9-nothing-is-called-so";

interface Search {
  path: string;
  name: string;
  credential: { token: string } | { cookie: string };
}

/** What a search of a route answers, without the word itself and what differs by the moment. */
async function answerTo({ path, name, credential }: Search, word: string): Promise<string> {
  const answer = await send(`${path}?${new URLSearchParams({ [name]: word })}`, credential);
  const encoded = [word, encodeURIComponent(word), JSON.stringify(word).slice(1, -1), `${name}=${word}`];
  let text = `${answer.status} ${answer.headers.get("link")} ${await answer.text()}`;
  for (const written of encoded.sort((left, right) => right.length - left.length)) {
    text = text.replaceAll(`value="${written}"`, "<word>").replaceAll(`=${written}`, "=<word>");
  }
  return text
    .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "<request>")
    .replaceAll(/name="_once" value="\w+"/g, "<form>")
    .replaceAll(
      /\d{4}-\d\d-\d\d[T ][\d:.]+( UTC|Z)?|\d+ (second|minute)s? ago|just now|"(reset|used|remaining)":\d+/g,
      "<time>",
    );
}

/** The fields of the searches (forms that are asked by GET) of a page. */
const listFields = (page: string): string[] =>
  [...page.matchAll(/<form(?![^>]*method="post")[^>]*>(.*?)<\/form>/gs)].flatMap(([, form = ""]) =>
    [...form.matchAll(/<input[^>]*\sname="([^"]+)"/g)].map(([, name = ""]) => name),
  );

async function listSearches(estate: Estate, cookie: string): Promise<Search[]> {
  const api = (await readOperations()).filter(
    ({ method, path }) => method === "GET" && !path.endsWith("/stream"),
  );
  const searches: Search[] = api.flatMap(({ path, queries }) =>
    queries.map((name) => ({
      path: fillPath(estate, path),
      name,
      credential: { token: estate.owner.token },
    })),
  );
  const routes = new Set(app.routes.filter(({ method }) => method === "GET").map(({ path }) => path));
  const pages = [...routes].filter((path) => !/^\/(api|internal|assets)\b|:repository/.test(path));
  for (const path of pages.map((page) => fillPath(estate, page))) {
    const page = await (await send(path, { cookie })).text();
    for (const name of new Set(listFields(page))) searches.push({ path, name, credential: { cookie } });
  }
  return searches;
}

it("signs that stand for any text in LIKE widen no list", async () => {
  const estate = await makeEstate();
  // Whoever sees most searches most.
  await database.query.update(users).set({ isAdmin: true }).where(eq(users.id, estate.owner.id));
  const searches = await listSearches(estate, (await openSignedIn(estate.owner.id)).cookie());
  expect(searches.length).toBeGreaterThan(30);
  const odd: string[] = [];
  for (const search of searches) {
    const nothing = await answerTo(search, NOTHING);
    for (const word of WILDCARDS) {
      const found = await answerTo(search, word);
      if (found !== nothing)
        odd.push(
          `${search.path} by ${search.name}=${word}: ${found.slice(0, 400)} | ${nothing.slice(0, 400)}`,
        );
    }
  }
  expect(odd).toEqual([]);
});
