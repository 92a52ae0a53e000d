// What no route takes, and forms that can't be read: every address of the app is asked by every method, and every form
// is sent bodies that are no form.
import { beforeAll, describe, expect, it } from "vitest";
import { app } from "../app.ts";
import { createPerson, type Person, send } from "../testing/fixtures.ts";
import { openSignedIn } from "../testing/mail-account.ts";

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"];
// Git's clients speak a protocol of their own; what is internal isn't there for who lacks the secret.
const OTHERS = /^\/internal\b|^\/:owner\/:repository\//;

let person: Person;
beforeAll(async () => {
  person = await createPerson();
});

const routes = app.routes.filter(({ method, path }) => method !== "ALL" && !OTHERS.test(path));
/** An address of the route: `1` for whatever may be any word, and the first of those that may stand there. */
const fill = (path: string): string =>
  path.replaceAll(/:[a-z_]+(?:\{((?:[^{}]|\{[^}]*\})*)\})?/gi, (_, shape = "1") =>
    shape === "[^/]+\\.keys" ? "a.keys" : (shape.split("|")[0] ?? "1"),
  );
const wordOf = (path: string): string => path.split("/")[1] ?? "";
const words = new Set(routes.map(({ path }) => wordOf(path)));

/** A pattern that matches what Hono's `path` does. */
function toPattern(path: string): RegExp {
  const source = path.replaceAll(
    /:[a-z_]+(?:\{((?:[^{}]|\{[^}]*\})*)\})?/gi,
    (_, shape = "[^/]+") => `(?:${shape})`,
  );
  return new RegExp(`^${source}$`);
}

describe("every address", () => {
  it("answers 405 with Allow to the methods that none of its routes takes", async () => {
    const paths = [...new Set(routes.map(({ path }) => path))];
    expect(paths.length).toBeGreaterThan(100);
    const odd: string[] = [];
    let asked = 0;
    for (const path of paths) {
      const address = fill(path);
      const isOwn = words.has(wordOf(address));
      const here = routes.filter(
        (route) => toPattern(route.path).test(address) && (!isOwn || wordOf(route.path) === wordOf(address)),
      );
      const allowed = new Set(here.map(({ method }) => method));
      if (allowed.has("GET")) allowed.add("HEAD");
      for (const method of METHODS) {
        if (allowed.has(method)) continue;
        asked += 1;
        const answer = await send(address, { method, token: person.token });
        await answer.body?.cancel();
        const allow = new Set(answer.headers.get("allow")?.split(", "));
        const isRight = answer.status === 405 && String([...allow].sort()) === String([...allowed].sort());
        if (!isRight)
          odd.push(`${method} ${path}: ${answer.status} ${[...allow]} instead of ${[...allowed]}`);
      }
    }
    expect(odd).toEqual([]);
    expect(asked).toBeGreaterThan(500);
  });

  it("is told the same by whoever asks, whether something is there or not", async () => {
    for (const path of ["/nobody/nothing", "/api/v3/repos/nobody/nothing", "/nobody"]) {
      const answer = await send(path, { method: "PUT" });
      expect([path, answer.status, answer.headers.get("allow")?.startsWith("GET, HEAD")]).toEqual([
        path,
        405,
        true,
      ]);
    }
  });

  it("that has no route at all answers 404 to every method", async () => {
    for (const path of [
      "/api/v3/nothing/of/this/name",
      "/settings/nothing",
      "/login/x/y",
      "/internal/clock",
    ]) {
      for (const method of METHODS) {
        const answer = await send(path, { method, token: person.token });
        await answer.body?.cancel();
        expect([method, path, answer.status]).toEqual([method, path, 404]);
      }
    }
  });

  it("answers a refused method of the API in GitHub's shape, and of the site by a page", async () => {
    const api = await send("/api/v3/user", { method: "DELETE", token: person.token });
    expect(await api.json()).toMatchObject({
      message: "This address does not support DELETE. Supported: GET, HEAD, PATCH.",
    });
    const page = await send("/logout", { headers: { accept: "text/html" } });
    expect(page.status).toBe(405);
    expect(await page.text()).toContain("405 Method not allowed");
  });
});

const BROKEN: Record<string, { type: string; body: string }> = {
  "no boundary": { type: "multipart/form-data", body: "name=x" },
  "another boundary": { type: "multipart/form-data; boundary=a", body: "--b\r\n\r\nx\r\n--b--\r\n" },
  "no end": {
    type: "multipart/form-data; boundary=a",
    body: '--a\r\nContent-Disposition: form-data; name="name"\r\n\r\nx',
  },
  "a part without a name": {
    type: "multipart/form-data; boundary=a",
    body: "--a\r\nX: y\r\n\r\nx\r\n--a--\r\n",
  },
  "no body": { type: "multipart/form-data; boundary=a", body: "" },
};

describe("a form that can't be read", () => {
  it("is refused with 400 and a page that says why, wherever it is sent", async () => {
    const forms = new Set(
      routes
        .filter(({ method, path }) => method === "POST" && !path.startsWith("/api/"))
        .map(({ path }) => path),
    );
    expect(forms.size).toBeGreaterThan(30);
    const odd: string[] = [];
    const seen = new Set<string>();
    for (const path of forms) {
      for (const [name, { type, body }] of Object.entries(BROKEN)) {
        const answer = await send(fill(path), { method: "POST", body, headers: { "content-type": type } });
        const text = await answer.text();
        if (answer.status >= 500) odd.push(`${path}, ${name}: ${answer.status}`);
        if (answer.status === 400 && text.includes("The form could not be read")) seen.add(name);
      }
    }
    expect(odd).toEqual([]);
    expect([...seen].toSorted()).toEqual(Object.keys(BROKEN).toSorted());
  });

  it("is refused with 400 of somebody signed in, too", async () => {
    const browser = await openSignedIn(person.id);
    const csrf = /name="_csrf" value="([^"]+)"/.exec(await (await browser.get("/")).text())?.[1] ?? "";
    const headers = { "content-type": "multipart/form-data", "x-csrf-token": csrf };
    for (const path of ["/new", "/settings/profile", "/settings/tokens", "/settings/appearance"]) {
      const init = { method: "POST", cookie: browser.cookie(), body: "name=x", headers };
      const answer = await send(path, init);
      expect([path, answer.status]).toEqual([path, 400]);
      expect(await answer.text()).toContain("The form could not be read");
    }
  });
});
