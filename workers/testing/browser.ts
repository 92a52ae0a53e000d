// A browser without scripts, for tests on workerd: it keeps its cookie and sends the forms' own token.
import { randomBase62 } from "../../schema/token.ts";
import { send } from "./fixtures.ts";

export interface Browser {
  get(path: string): Promise<Response>;
  /** Posts a form with the token of the session, if there is one. */
  post(path: string, fields?: Record<string, string>): Promise<Response>;
  isSignedIn(): Promise<boolean>;
  cookie(): string;
}

/** @param cookie the session it has from before */
export function openBrowser(cookie = ""): Browser {
  // An address of its own, so that limits by address don't meet between tests.
  const headers = { "cf-connecting-ip": `203.0.113.${randomBase62(8)}` };
  const keep = (response: Response): Response => {
    const set = response.headers.get("set-cookie");
    if (set?.startsWith("plue=")) cookie = set.split(";")[0] ?? "";
    return response;
  };
  const get = async (path: string) => keep(await send(path, { headers, cookie }));
  const readToken = async () => /name="_csrf" value="([^"]+)"/.exec(await (await get("/")).text())?.[1];
  // A session's token stays the same; who has no cookie has none.
  const tokens = new Map<string, string | undefined>([["", undefined]]);
  return {
    get,
    post: async (path, fields = {}) => {
      if (!tokens.has(cookie)) tokens.set(cookie, await readToken());
      const token = tokens.get(cookie);
      const body = new URLSearchParams(token === undefined ? fields : { ...fields, _csrf: token });
      const type = { "content-type": "application/x-www-form-urlencoded" };
      return keep(
        await send(path, {
          ...{ method: "POST", cookie, body: body.toString() },
          headers: { ...headers, ...type },
        }),
      );
    },
    isSignedIn: async () => (await readToken()) !== undefined,
    cookie: () => cookie,
  };
}
