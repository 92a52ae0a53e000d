// What holds of the whole API under GitHub's paths: null in an optional field of a body says no more than leaving it out,
// and times are whole seconds. Made from the API's own description, so that a route that is added is held to it.
import { beforeAll, describe, expect, it } from "vitest";
import { makeSample, type Operation, readOperations } from "../testing/api-operations.ts";
import { type Estate, fillPath, makeEstate } from "../testing/estate.ts";
import { giveToken, send } from "../testing/fixtures.ts";

let estate: Estate;
let operations: Operation[];

beforeAll(async () => {
  estate = await makeEstate();
  operations = await readOperations();
});

describe("null in an optional field of a body", () => {
  it("is refused by no route", async () => {
    // What is asked doesn't happen: bodies are read before the permission is judged.
    const token = await giveToken(estate.owner.id, []);
    const refused: string[] = [];
    let asked = 0;
    for (const { method, path, body } of operations) {
      if (body?.properties === undefined) continue;
      const optional = Object.keys(body.properties).filter((name) => !body.required?.includes(name));
      for (const field of optional) {
        asked += 1;
        const answer = await send(fillPath(estate, path), {
          ...{ method, token, headers: { "content-type": "application/json" } },
          body: JSON.stringify({ ...(makeSample(body) as object), [field]: null }),
        });
        const text = await answer.text();
        if (answer.status === 422 || answer.status >= 500)
          refused.push(`${method} ${path}, ${field}: ${text}`);
      }
    }
    expect(refused).toEqual([]);
    expect(asked).toBeGreaterThan(50);
  });

  it("leaves what there was as it was", async () => {
    const { token, username } = estate.owner;
    const repo = estate.find("/repos/:owner/:repo", "repo");
    const path = `/api/v3/repos/${username}/${repo}`;
    const before = await (await send(path, { token })).json<object>();
    const fields = { name: null, private: null, visibility: null, default_branch: null, archived: null };
    const answer = await send(path, { method: "PATCH", token, body: JSON.stringify(fields) });
    expect(answer.status).toBe(200);
    const after = await answer.json<object>();
    const { updated_at: _, ...rest } = before as { updated_at: string };
    expect(after).toMatchObject(rest);
  });
});

describe("times", () => {
  it("are whole seconds in every answer under GitHub's paths", async () => {
    const reads = operations.filter(({ method, path }) => method === "GET" && path.startsWith("/api/v3/"));
    const odd: string[] = [];
    let seen = 0;
    for (const { path } of reads) {
      const text = await (await send(fillPath(estate, path), { token: estate.owner.token })).text();
      seen += [...text.matchAll(/"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"/g)].length;
      const [bad] = /"\w+":"\d{4}-\d\d-\d\dT[\d:]+\.\d+Z"/.exec(text) ?? [];
      if (bad !== undefined) odd.push(`${path}: ${bad}`);
    }
    expect(odd).toEqual([]);
    expect(seen).toBeGreaterThan(10);
  });
});
