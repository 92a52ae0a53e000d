// A browser as the Worker sees one, for tests: it keeps cookies, reads forms' tokens, and posts forms and JSON.
import { send } from "../../testing/fixtures.ts";

export class TestBrowser {
  readonly cookies = new Map<string, string>();
  readonly headers: Record<string, string>;

  constructor(headers: Record<string, string> = {}) {
    this.headers = { "sec-fetch-site": "same-origin", ...headers };
  }

  get cookie(): string {
    return [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  }

  async get(path: string): Promise<Response> {
    return this.keepCookies(await send(path, { cookie: this.cookie }));
  }

  /** Posts a form, with the session's token if there is one. */
  async post(path: string, fields: Record<string, string> = {}): Promise<Response> {
    const body = new URLSearchParams({ ...fields, _csrf: await this.readCsrf() }).toString();
    return this.send(path, body, "application/x-www-form-urlencoded");
  }

  async postJson(path: string, body: object): Promise<Response> {
    return this.send(path, JSON.stringify(body), "application/json");
  }

  async isSignedIn(): Promise<boolean> {
    return (await this.get("/new")).status === 200;
  }

  /** Whoever is signed in, as the page's head says. */
  async readUsername(): Promise<string | undefined> {
    return /<form method="post" action="\/logout"[\s\S]*?<(?:a|span)[^>]*>([^<]+)</.exec(
      await (await this.get("/")).text(),
    )?.[1];
  }

  private async send(path: string, body: string, type: string): Promise<Response> {
    const headers = { ...this.headers, "content-type": type, "x-csrf-token": await this.readCsrf() };
    return this.keepCookies(await send(path, { method: "POST", body, headers, cookie: this.cookie }));
  }

  private async readCsrf(): Promise<string> {
    if (!this.cookies.has("plue")) return "";
    const page = await (await send("/new", { cookie: this.cookie })).text();
    return /name="_csrf" value="([^"]+)"/.exec(page)?.[1] ?? "";
  }

  private keepCookies(response: Response): Response {
    for (const line of response.headers.getSetCookie()) {
      const match = /^([^=]+)=([^;]*);?(.*)$/.exec(line);
      if (!match) continue;
      const [, name = "", value = "", rest = ""] = match;
      if (/max-age=0/i.test(rest)) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return response;
  }
}
