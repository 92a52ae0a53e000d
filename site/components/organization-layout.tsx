// What stands around every page of an organisation: its name, the pages that the viewer may open, what was just done.
import type { PropsWithChildren } from "hono/jsx";
import type { Frame } from "./frame.ts";
import { Layout } from "./layout.tsx";
import { type OrganizationPage, organizationPath, ownerPath } from "./organization-paths.ts";

export interface OrganizationView {
  name: string;
  displayName: string;
  description: string;
  /** Whether the viewer sees who is in it, and whether they may change it. */
  isMember: boolean;
  isOwner: boolean;
}

type Tab = "repositories" | "audit" | OrganizationPage;

type OrganizationLayoutProps = PropsWithChildren<{
  frame: Frame;
  organization: OrganizationView;
  tab: Tab;
  title: string;
  /** A sentence of the page's own table on what was just done. */
  notice?: string | null;
  /** What was wrong and belongs to no field. */
  problem?: string | undefined;
}>;

export function OrganizationLayout(props: OrganizationLayoutProps) {
  const { frame, organization, tab, title, notice = null, problem, children } = props;
  const { name } = organization;
  return (
    <Layout frame={frame} title={`${title} · ${name}`}>
      <OrganizationHeader organization={organization} tab={tab} />
      <h1>{title}</h1>
      {notice === null ? null : (
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

export function OrganizationHeader({ organization, tab }: { organization: OrganizationView; tab: Tab }) {
  const { name, displayName, description, isMember, isOwner } = organization;
  const tabs: { key: Tab; label: string; href: string }[] = [
    { key: "repositories", label: "Repositories", href: ownerPath(name) },
    { key: "people", label: "People", href: organizationPath(name, "people") },
  ];
  if (isMember) tabs.push({ key: "teams", label: "Teams", href: organizationPath(name, "teams") });
  if (isOwner) {
    tabs.push({ key: "settings", label: "Settings", href: organizationPath(name, "settings") });
    tabs.push({ key: "audit", label: "Audit log", href: `${organizationPath(name, "settings")}/audit` });
  }
  return (
    <div class="tight">
      <p class="row">
        <a href={ownerPath(name)} class="name">
          {name}
        </a>
        <span class="tag">organisation</span>
        <bdi>{displayName}</bdi>
      </p>
      {description === "" ? null : (
        <p>
          <bdi>{description}</bdi>
        </p>
      )}
      <nav aria-label="Organisation" class="tabs">
        {tabs.map(({ key, label, href }) => (
          <a href={href} class="tab" aria-current={key === tab ? "page" : undefined}>
            {label}
          </a>
        ))}
      </nav>
    </div>
  );
}
