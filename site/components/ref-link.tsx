// Where a run's commit was pushed, with a link to the files as they were.
import { contentPath } from "./paths.ts";
import type { RepositoryView } from "./views.ts";

/** @param refName full, such as `refs/heads/main` */
export function RefLink(props: { repository: RepositoryView; refName: string; sha: string }) {
  return (
    <span>
      {props.refName.replace(/^refs\/(heads|tags)\//, "")}
      {" @ "}
      <a href={contentPath(props.repository, "tree", props.sha)} title={`files at ${props.sha}`}>
        {props.sha.slice(0, 10)}
      </a>
    </span>
  );
}
