// The frame of every page: skip link, banner, main, footer. Nothing in it needs a script.
import { raw } from "hono/html";
import type { PropsWithChildren } from "hono/jsx";
import { CsrfField } from "./form.tsx";
import type { Frame, Viewer } from "./frame.ts";
import { ownOrganizationsPath } from "./organization-paths.ts";
import { homePath, newRepositoryPath, signInPath, signOutPath } from "./paths.ts";

const DOCTYPE = raw("<!doctype html>");

type LayoutProps = PropsWithChildren<{
  frame: Frame;
  title: string;
  /** The address of a script that the page can do without. */
  script?: string;
}>;

export function Layout({ frame, title, script, children }: LayoutProps) {
  return (
    <>
      {DOCTYPE}
      <html lang="en" data-appearance={frame.appearance === "auto" ? undefined : frame.appearance}>
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <meta name="color-scheme" content={frame.appearance === "auto" ? "light dark" : frame.appearance} />
          <title>{`${title} · ${frame.site.name}`}</title>
          <link rel="icon" href="data:," />
          <link rel="stylesheet" href={frame.assets.css} />
          {script === undefined ? null : <script type="module" src={script} />}
        </head>
        <body>
          <a class="skip" href="#main">
            Skip to content
          </a>
          <Banner site={frame.site} viewer={frame.viewer} />
          {frame.site.banner === "" ? null : (
            <aside class="announcement" aria-label="Announcement">
              {frame.site.banner}
            </aside>
          )}
          <main id="main" class="spread" tabindex={-1}>
            {children}
          </main>
          <footer class="footer">
            <span>Plue {frame.version}</span>
            <a href="/api/health">health</a>
          </footer>
        </body>
      </html>
    </>
  );
}

/** What waits for the viewer's answer, where there is anything. */
function WaitingLinks({ waiting: { invitations, transfers } }: { waiting: Viewer["waiting"] }) {
  const count = (many: number, what: string) => `${many} ${what}${many === 1 ? "" : "s"}`;
  return (
    <>
      {invitations === 0 ? null : (
        <a href={ownOrganizationsPath} class="tag">
          {count(invitations, "invitation")}
        </a>
      )}
      {transfers === 0 ? null : (
        <a href="/settings/transfers" class="tag">
          {count(transfers, "transfer offer")}
        </a>
      )}
    </>
  );
}

function Banner({ site, viewer }: Pick<Frame, "site" | "viewer">) {
  return (
    <header class="banner">
      <nav aria-label="Site" class="row">
        <a href={homePath} class="brand">
          {site.name}
        </a>
        <a href={homePath}>Repositories</a>
        {viewer === null ? null : <a href={newRepositoryPath}>New repository</a>}
      </nav>
      {viewer === null ? (
        <a href={signInPath}>Sign in</a>
      ) : (
        <form method="post" action={signOutPath} class="row">
          <CsrfField viewer={viewer} />
          <WaitingLinks waiting={viewer.waiting} />
          <a href={`/${viewer.username}`}>{viewer.username}</a>
          {viewer.isAdmin ? <a href="/site-admin">Administration</a> : null}
          <a href="/settings">Settings</a>
          <button type="submit">Sign out</button>
        </form>
      )}
    </header>
  );
}
