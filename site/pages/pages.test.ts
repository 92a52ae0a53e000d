// What the pages say and offer as served: to whom, in which state, and whatever names and texts they are given.
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import type { Frame } from "../components/frame.ts";
import type { CommitView, RepositoryView, RevisionView, RunSummaryView } from "../components/views.ts";
import { DEMO, NOW, SIGNED_IN, SIGNED_OUT } from "../testing/sample-frame.ts";
import { AccountGonePage, AccountPage } from "./account-page.tsx";
import { AppearancePage } from "./appearance-page.tsx";
import { ConfirmPage } from "./confirm-page.tsx";
import { EmptyRepositoryPage } from "./empty-repository-page.tsx";
import { ErrorPage } from "./error-page.tsx";
import { FilePage } from "./file-page.tsx";
import { HomePage } from "./home-page.tsx";
import { InvitationPage } from "./invitation-page.tsx";
import { MissingPathPage } from "./missing-path-page.tsx";
import { NewRepositoryPage } from "./new-repository-page.tsx";
import { OneTimeLinkPage } from "./one-time-link-page.tsx";
import { PasskeysPage } from "./passkeys-page.tsx";
import { RepositoryPage } from "./repository-page.tsx";
import { RunsPage } from "./runs-page.tsx";
import { SessionsPage } from "./sessions-page.tsx";
import { SignInPage } from "./sign-in-page.tsx";
import { TransfersPage } from "./transfers-page.tsx";
import { WalletRegistrationPage } from "./wallet-registration-page.tsx";
import { WalletsPage } from "./wallets-page.tsx";
import { WorkflowsPage } from "./workflows-page.tsx";

const SHA = "0123456789abcdef0123456789abcdef01234567";
const OFFERS = { registrationProblem: undefined, canMail: true, walletMakesAccount: true };
const NO_PAGING = { previousHref: null, nextHref: null };

/** A page may have one script of the site's own. */
const withoutIsland = (html: string): string =>
  html.replace(/<script type="module" src="\/assets\/[\w-]+\.js"><\/script>/, "");

/** As `pagesSaying`: the pages of ways in. */
function waysInSaying(words: string, frame: Frame): Record<string, () => unknown> {
  return {
    signIn: () => SignInPage({ frame, problem: words, returnTo: words, offers: OFFERS }),
    confirm: () =>
      ConfirmPage({
        frame,
        ways: { walletCount: 1, passkeyCount: 1, hasPassword: true, hasEmail: true },
        problem: words,
        returnTo: words,
      }),
    walletRegistration: () =>
      WalletRegistrationPage({
        ...{ frame, address: words, ticket: words, username: words, problem: words, returnTo: words },
      }),
    wallets: () =>
      WalletsPage({
        frame,
        wallets: [{ id: 1, address: words, name: words, createdAt: NOW, lastUsedAt: null }],
        notice: words,
        problem: words,
      }),
    passkeys: () =>
      PasskeysPage({
        frame,
        passkeys: [{ id: 1, name: words, isBackedUp: true, createdAt: NOW, lastUsedAt: NOW }],
        notice: words,
        problem: words,
      }),
    sessions: () =>
      SessionsPage({
        frame,
        sessions: [
          {
            ...{ id: 1, method: words, userAgent: words, address: words, isCurrent: false },
            ...{ openedAt: NOW, lastUsedAt: NOW, expiresAt: NOW },
          },
        ],
        notice: words,
      }),
  };
}

/** As `pagesSaying`: the pages of coming, giving and going. */
function leavingSaying(words: string, frame: Frame): Record<string, () => unknown> {
  const offer = { id: 1, owner: words, name: words, newName: words, requester: "ada", recipient: "eve" };
  const invitation = {
    ...{ frame, path: "/invitations/secret", email: words, to: words, kind: "repository" as const },
    ...{ inviter: words, role: words, expiresAt: NOW, username: words },
    errors: { username: words, password: words, form: words },
  };
  return {
    invitation: () => InvitationPage({ ...invitation, isTheirs: false, isKnown: false, closed: undefined }),
    closedInvitation: () =>
      InvitationPage({ ...invitation, inviter: null, isTheirs: false, isKnown: false, closed: words }),
    ownInvitation: () => InvitationPage({ ...invitation, isTheirs: true, isKnown: false, closed: undefined }),
    transfers: () =>
      TransfersPage({
        ...{ frame, notice: words, problem: words },
        incoming: [{ ...offer, expiresAt: NOW }],
        outgoing: [{ ...offer, expiresAt: NOW }],
      }),
    account: () =>
      AccountPage({
        ...{ frame, username: "admin", problem: words },
        departure: {
          orphans: [],
          isLastAdmin: false,
          repositories: [{ id: 1, name: "demo" }],
          isTooMuch: false,
        },
      }),
    keptAccount: () =>
      AccountPage({
        ...{ frame, username: "admin", problem: words },
        departure: { orphans: ["makers"], isLastAdmin: true, repositories: [], isTooMuch: true },
      }),
    accountGone: () => AccountGonePage({ frame }),
  };
}

/** Every page with this text wherever a person's words can stand. */
function pagesSaying(words: string, frame: Frame): Record<string, () => unknown> {
  const repository: RepositoryView = { ...DEMO, description: words, isPrivate: true };
  const revision: RevisionView = {
    name: words,
    kind: "branch",
    branches: [words],
    tags: [words],
    isCut: false,
  };
  const commit: CommitView = {
    ...{ sha: SHA, subject: words, authorName: words, authoredAt: NOW },
    runs: [{ number: 1, name: words, status: "failed" }],
  };
  const run: RunSummaryView = {
    ...{ number: 1, name: words, title: words, event: words, ref: words, headSha: SHA, actor: words },
    ...{ status: "pending", createdAt: NOW, startedAt: null, finishedAt: null },
  };
  const note = { message: words, line: 1, column: 2 };
  const definition = { path: words, name: words, error: note, notices: [note], events: [words] };
  const within = { frame, repository, revision, commit, path: words };
  const job = { key: words, name: words, needs: [words] };
  return {
    error: () => ErrorPage({ frame, status: 404, message: words, requestId: words }),
    ...waysInSaying(words, frame),
    ...leavingSaying(words, frame),
    appearance: () => AppearancePage({ frame, notice: words }),
    once: () => OneTimeLinkPage({ frame, username: words, action: words, expiresAt: NOW }),
    home: () =>
      HomePage({
        frame,
        repositories: [repository],
        paging: { previousHref: "/?page=1", nextHref: "/?page=3" },
      }),
    newOne: () =>
      NewRepositoryPage({
        frame,
        values: { owner: words, name: words, description: words, visibility: "private" },
        owners: [words, words],
        errors: { name: words, description: words, form: words },
      }),
    empty: () => EmptyRepositoryPage({ frame, repository, defaultBranch: words, canWrite: true }),
    repository: () =>
      RepositoryPage({
        ...within,
        entries: [{ name: words, mode: words, sizeBytes: 1 }],
        entriesLeftOut: 1,
        readme: { name: words, text: words },
      }),
    text: () => FilePage({ ...within, file: { kind: "text", text: words, sizeBytes: 1 } }),
    symlink: () => FilePage({ ...within, file: { kind: "symlink", target: words } }),
    submodule: () => FilePage({ ...within, file: { kind: "submodule", oid: words } }),
    missing: () => MissingPathPage(within),
    runs: () => RunsPage({ frame, repository, runs: [run], paging: NO_PAGING }),
    workflows: () =>
      WorkflowsPage({
        frame,
        repository,
        defaultBranch: words,
        definitions: [{ ...definition, jobs: [job] }],
      }),
  };
}

const render = async (page: unknown): Promise<string> => String(await page);
const NAMES = Object.keys(pagesSaying("", SIGNED_IN));
const renderSaying = (name: string, words: string, frame = SIGNED_IN): Promise<string> =>
  render(pagesSaying(words, frame)[name]?.());

describe.each(NAMES)("the page %s", (name) => {
  test("shows hostile words as words", async () => {
    const html = await renderSaying(name, `"'><script>alert(1)</script><img src=x onerror=alert(1)>`);
    expect(withoutIsland(html)).not.toMatch(/<script|<img/);
    expect(html).not.toMatch(/<[a-z][^<>"]*\son\w+=/);
  });

  test("can't be given a link that runs a script, nor words that break it", async () => {
    const html = await renderSaying(name, "javascript:alert(1)//\ud800\u0000\u202e");
    for (const [, href] of html.matchAll(/href="([^"]*)"/g)) expect(href).toMatch(/^(\/|#|data:,$)/);
    expect(html).toMatch(/^<!doctype html><html lang="en">/);
  });

  test("has nothing inline and nothing from elsewhere, and one heading", async () => {
    const html = await renderSaying(name, "words");
    expect(withoutIsland(html)).not.toMatch(/<style|\sstyle=|<script|\son\w+="|(src|href)="https?:/);
    expect(html.match(/<h1/g)).toHaveLength(1);
    expect(html).toContain('<a class="skip" href="#main">');
  });

  test("sends the session's token with every form, and has no form that needs one when signed out", async () => {
    const html = await renderSaying(name, "words");
    const forms = html.match(/<form .*?<\/form>/gs) ?? [];
    expect(forms.length).toBeGreaterThan(0);
    for (const form of forms) {
      expect(form).toContain('method="post"');
      expect(form).toContain('<input type="hidden" name="_csrf" value="the-token"');
    }
    const signedOut = await renderSaying(name, "words", SIGNED_OUT);
    expect(signedOut).not.toContain("_csrf");
    expect(signedOut).toContain('<a href="/login">Sign in</a>');
    expect(signedOut).not.toContain("Sign out");
  });
});

describe("nothing there yet", () => {
  test("no repository: how to make one, to who may", async () => {
    const empty = { repositories: [], paging: NO_PAGING };
    const html = await render(HomePage({ frame: SIGNED_IN, ...empty }));
    expect(html).toContain(
      "http://localhost:4000/api/v3/user/repos -d &#39;{&quot;name&quot;:&quot;demo&quot;}&#39;",
    );
    expect(html).toContain('href="/new"');
    expect(await render(HomePage({ frame: SIGNED_OUT, ...empty }))).not.toContain("curl");
  });

  test("no commit: how to push, to who may", async () => {
    const props = { repository: DEMO, defaultBranch: "main" };
    const html = await render(EmptyRepositoryPage({ ...props, frame: SIGNED_IN, canWrite: true }));
    expect(html).toContain(
      "git remote add origin http://localhost:4000/admin/demo.git\ngit push -u origin HEAD:main",
    );
    expect(await render(EmptyRepositoryPage({ ...props, frame: SIGNED_OUT, canWrite: false }))).not.toContain(
      "git push",
    );
  });

  test("no run and no workflow: one to begin with", async () => {
    const within = { frame: SIGNED_IN, repository: DEMO };
    expect(await render(RunsPage({ ...within, runs: [], paging: NO_PAGING }))).toContain("on: push\njobs:");
    expect(await render(WorkflowsPage({ ...within, defaultBranch: "main", definitions: [] }))).toContain(
      "on: push\njobs:",
    );
  });
});

describe("details", () => {
  const within = {
    frame: SIGNED_IN,
    repository: DEMO,
    revision: { name: "feature/x", kind: "branch" as const, branches: ["feature/x"], tags: [], isCut: false },
    commit: { sha: SHA, subject: "", authorName: "Ada", authoredAt: NOW, runs: [] },
  };

  test("a folder links its parts, a file's lines have anchors and keep their text", async () => {
    const html = await render(
      FilePage({ ...within, path: "src/a b.ts", file: { kind: "text", text: "one\ntwo\n", sizeBytes: 8 } }),
    );
    expect(html).toContain('<a href="/admin/demo/tree/feature/x/src">src</a>');
    expect(html).toContain('href="/admin/demo/raw/feature/x/src/a%20b.ts"');
    expect(html).toContain('id="L2"');
    expect(html).not.toContain('id="L3"');
    expect(html.match(/<code>(.*?)<\/code>/gs)).toEqual(["<code>one\n</code>", "<code>two\n</code>"]);
  });

  test("folders lead to folders, all else to files", async () => {
    const entries = ["040000", "100644", "120000", "160000"].map((mode) => ({
      name: `m${mode}`,
      mode,
      sizeBytes: null,
    }));
    const html = await render(
      RepositoryPage({ ...within, path: "", entries, entriesLeftOut: 0, readme: null }),
    );
    expect(html).toContain("/tree/feature/x/m040000");
    for (const mode of ["100644", "120000", "160000"]) expect(html).toContain(`/blob/feature/x/m${mode}`);
  });

  test("times are exact in machine's words and in the title", async () => {
    const html = await render(
      HomePage({ frame: SIGNED_IN, repositories: [{ ...DEMO, pushedAt: NOW }], paging: NO_PAGING }),
    );
    expect(html).toContain(
      '<time datetime="2026-11-21T12:00:00.000Z" title="2026-11-21 12:00:00 UTC">just now</time>',
    );
  });

  test("a wrong field keeps what was typed and points to what was wrong", async () => {
    const html = await render(
      NewRepositoryPage({
        frame: SIGNED_IN,
        values: { owner: "", name: "a b", description: "", visibility: "public" },
        owners: ["ada"],
        errors: { name: "No spaces." },
      }),
    );
    expect(html).toMatch(
      /<input id="name"[^>]*value="a b"[^>]*aria-invalid="true"[^>]*aria-describedby="name-hint name-error"/,
    );
    expect(html).toContain('<p id="name-error" class="wrong">');
  });

  test("a repository of a hundred files is light", async () => {
    const entries = Array.from({ length: 100 }, (_, i) => ({
      name: `file-${i * 7919}.ts`,
      mode: "100644",
      sizeBytes: i * 997,
    }));
    const html = await render(
      RepositoryPage({ ...within, path: "", entries, entriesLeftOut: 0, readme: null }),
    );
    expect(gzipSync(html).length).toBeLessThan(8 * 1024);
  });
});
