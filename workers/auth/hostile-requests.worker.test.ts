// Words that databases, shells and headers take for their own, in every query of every page and in headers that proxies
// trust: nothing breaks, nothing is echoed into a header, and no header changes who asks or what is asked.
import { beforeAll, describe, expect, it } from "vitest";
import { app } from "../app.ts";
import { readOperations } from "../testing/api-operations.ts";
import { type Estate, fillPath, makeEstate } from "../testing/estate.ts";
import { send } from "../testing/fixtures.ts";
import { openSignedIn } from "../testing/mail-account.ts";

const HOSTILE = [
  "'; DROP TABLE users; --",
  "1) UNION SELECT token_hash FROM access_tokens --",
  "%' ESCAPE '!' OR '1'='1",
  '%_\\"',
  "a\r\nset-cookie: plue=x\r\nlocation: https://elsewhere.test",
  "\u0000",
  "-1e309",
  "{{7*7}}${7*7}<script>alert(1)</script>",
];
const FAULT = /syntax error|unterminated|pg_|relation "|Failed query|invalid input|<script>alert|stack|49\$/i;

let estate: Estate;
let cookie: string;
let pages: string[];
let names: string[];

beforeAll(async () => {
  estate = await makeEstate();
  cookie = (await openSignedIn(estate.owner.id)).cookie();
  const routes = new Set(app.routes.filter(({ method }) => method === "GET").map(({ path }) => path));
  pages = [...routes]
    .filter((path) => !/^\/(api|internal|assets)\b|:repository/.test(path))
    .map((path) => fillPath(estate, path));
  // Every name that the API asks for, that a page's form sends or a page's link holds, and those that pages answer with.
  const known = new Set([
    "done",
    "return_to",
    "rule",
    "before",
    "since",
    "until",
    "search",
    "page",
    "q",
    "sort",
  ]);
  for (const { queries } of await readOperations()) for (const name of queries) known.add(name);
  for (const path of pages) {
    const text = await (await send(path, { cookie })).text();
    for (const [, query = ""] of text.matchAll(/href="[^"?]*\?([^"#]*)"/g)) {
      for (const name of new URLSearchParams(query.replaceAll("&amp;", "&")).keys()) known.add(name);
    }
    for (const [, form = ""] of text.matchAll(/<form(?![^>]*method="post")[^>]*>(.*?)<\/form>/gs)) {
      for (const [, name = ""] of form.matchAll(/\sname="([^"]+)"/g)) known.add(name);
    }
  }
  names = [...known];
});

describe("hostile words", () => {
  it("in every query of every page break nothing, and reach no header", async () => {
    expect([pages.length > 50, names.length > 12]).toEqual([true, true]);
    const odd: string[] = [];
    for (const path of pages) {
      for (const word of HOSTILE) {
        const query = new URLSearchParams(names.map((name) => [name, word]));
        const answer = await send(`${path}?${query}`, { cookie });
        const text = new TextDecoder("latin1").decode(await answer.arrayBuffer());
        const headers = [...answer.headers].filter(([name]) => name !== "content-security-policy").join("\n");
        const isTold = FAULT.test(text) || /elsewhere\.test|plue=x|DROP TABLE/.test(headers);
        if (answer.status >= 500 || isTold)
          odd.push(`${path} ${word.slice(0, 30)}: ${answer.status} ${FAULT.exec(text)?.[0]}`);
      }
    }
    expect(odd).toEqual([]);
  });

  it("in headers that proxies trust neither lead elsewhere nor are believed", async () => {
    const headers = {
      ...{ "x-forwarded-host": "elsewhere.test", forwarded: "host=elsewhere.test;proto=http;for=1.2.3.4" },
      ...{ "x-forwarded-for": "1.2.3.4", "x-real-ip": "1.2.3.4", "x-original-url": "/site-admin" },
      ...{ "x-rewrite-url": "/site-admin", "x-http-method-override": "DELETE", "x-forwarded-proto": "http" },
      ...{
        referer: "https://elsewhere.test/",
        origin: "https://elsewhere.test",
        "user-agent": "elsewhere.test",
      },
      ...{
        "accept-language": "elsewhere.test",
        "x-request-id": "elsewhere.test",
        "cf-visitor": "elsewhere.test",
      },
    };
    const odd: string[] = [];
    const api = (await readOperations()).filter(
      ({ method, path }) => method === "GET" && !path.endsWith("/stream"),
    );
    const asked = [
      ...pages.map((path) => ({ path, credential: { cookie } })),
      ...api.map(({ path }) => ({ path: fillPath(estate, path), credential: { token: estate.owner.token } })),
    ];
    for (const { path, credential } of asked) {
      // The list of sessions shows browsers what they said of themselves, and the log who did what.
      if (/sessions|security-log|audit/.test(path)) continue;
      const plain = await send(path, credential);
      const answer = await send(path, { ...credential, headers });
      const text = new TextDecoder("latin1").decode(await answer.arrayBuffer());
      await plain.body?.cancel();
      if (answer.status !== plain.status) odd.push(`${path}: ${plain.status}, then ${answer.status}`);
      if (/elsewhere\.test/.test(text + [...answer.headers].join())) odd.push(`${path} says elsewhere.test`);
    }
    expect(odd).toEqual([]);
    const place = `/api/v3/repos/${estate.find("", "owner")}/${estate.find("", "repo")}`;
    expect((await send(place, { token: estate.owner.token })).status).toBe(200);
  });
});
