// The top of every page of a repository: its name, what it is for, and its tabs.
import { hasRole } from "../../schema/roles.ts";
import { repositoryPath, runsPath, settingsPath, workflowsPath } from "./paths.ts";
import type { RepositoryView } from "./views.ts";

type Tab = "files" | "runs" | "workflows" | "settings";

/** @param tab null on a page that belongs to none of them */
export function RepositoryHeader({ repository, tab }: { repository: RepositoryView; tab: Tab | null }) {
  const tabs: { key: Tab; label: string; href: string }[] = [
    { key: "files", label: "Files", href: repositoryPath(repository) },
    { key: "runs", label: "Runs", href: runsPath(repository) },
    { key: "workflows", label: "Workflows", href: workflowsPath(repository) },
  ];
  const isMaintainer = hasRole(repository.role ?? null, "maintain");
  if (isMaintainer || tab === "settings") {
    tabs.push({ key: "settings", label: "Settings", href: settingsPath(repository) });
  }
  return (
    <div class="tight">
      <p class="row">
        <a href={repositoryPath(repository)} class="name">
          {repository.owner}/{repository.name}
        </a>
        <Visibility isPrivate={repository.isPrivate} />
        {repository.isArchived ? <span class="tag">archived</span> : null}
      </p>
      {repository.description === "" ? null : (
        <p>
          <bdi>{repository.description}</bdi>
        </p>
      )}
      <nav aria-label="Repository" class="tabs">
        {tabs.map(({ key, label, href }) => (
          <a href={href} class="tab" aria-current={key === tab ? "page" : undefined}>
            {label}
          </a>
        ))}
      </nav>
    </div>
  );
}

export function Visibility({ isPrivate }: { isPrivate: boolean }) {
  return <span class="tag">{isPrivate ? "private" : "public"}</span>;
}
