// What stands around every page of a repository's settings: its head, the pages there are, and what has just been done.
// Invariant: what has been done is one of a fixed table's sentences, never words of the address.
import type { PropsWithChildren } from "hono/jsx";
import type { Frame } from "./frame.ts";
import { Layout } from "./layout.tsx";
import { settingsPath } from "./paths.ts";
import { RepositoryHeader } from "./repository-header.tsx";
import type { RepositoryView } from "./views.ts";

const PAGES = [
  { page: "", label: "General" },
  { page: "access", label: "Access" },
  { page: "branches", label: "Branches" },
  { page: "keys", label: "Deploy keys" },
] as const;

type SettingsPage = (typeof PAGES)[number]["page"];

type RepositorySettingsLayoutProps = PropsWithChildren<{
  frame: Frame;
  repository: RepositoryView;
  page: SettingsPage;
  /** A sentence on what has just been done. */
  notice?: string | undefined;
  /** What was wrong and belongs to no field. */
  problem?: string | undefined;
}>;

export function RepositorySettingsLayout(props: RepositorySettingsLayoutProps) {
  const { frame, repository, page, notice, problem, children } = props;
  const label = PAGES.find((one) => one.page === page)?.label ?? "";
  return (
    <Layout frame={frame} title={`${label} · Settings · ${repository.owner}/${repository.name}`}>
      <RepositoryHeader repository={repository} tab="settings" />
      <nav aria-label="Settings" class="row">
        {PAGES.map((one) => (
          <a href={settingsPath(repository, one.page)} aria-current={one.page === page ? "page" : undefined}>
            {one.label}
          </a>
        ))}
      </nav>
      <h1>{label}</h1>
      {notice === undefined ? null : (
        <p class="notice" role="status">
          ✓ {notice}
        </p>
      )}
      {problem === undefined ? null : (
        <p class="wrong" role="alert">
          ✗ {problem}
        </p>
      )}
      {children}
    </Layout>
  );
}
