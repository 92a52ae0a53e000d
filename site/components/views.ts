// What pages show of repositories, commits and runs: plain values, already limited to what the viewer may see.
import type { RepositoryRole } from "../../schema/roles.ts";
import type { JobStatus, RunStatus, StepStatus } from "../../schema/run-states.ts";
import type { RunEvent } from "../../schema/wire/run-events.ts";

/** Links to the neighbouring pages of a list; null where there is none. */
export interface Paging {
  previousHref: string | null;
  nextHref: string | null;
}

/** What is there for who isn't known yet. */
export interface Offers {
  /** Why nobody can register here now, in a sentence; undefined when they can. */
  registrationProblem: string | undefined;
  /** Whether links can be mailed at all. */
  canMail: boolean;
  /** Whether a wallet that nobody has makes an account. */
  walletMakesAccount: boolean;
}

export interface RepositoryView {
  owner: string;
  name: string;
  description: string;
  isPrivate: boolean;
  isArchived?: boolean;
  /** The viewer's; whoever maintains it is shown the way to its settings. */
  role?: RepositoryRole | null;
  pushedAt: Date | null;
}

export interface CommitView {
  sha: string;
  /** The first line of the message. */
  subject: string;
  authorName: string;
  /** Null when the commit says no time, or one that no calendar has. */
  authoredAt: Date | null;
  /** The runs of this commit, newest first. */
  runs: readonly { number: number; name: string; status: RunStatus }[];
}

/** What of the repository is looked at. */
export interface RevisionView {
  /** As it stands in addresses after `tree/`: a branch or tag without `refs/…/`, or a commit's full sha. */
  name: string;
  kind: "branch" | "tag" | "commit";
  /** To choose another from; `isCut` when there are more than these. */
  branches: readonly string[];
  tags: readonly string[];
  isCut: boolean;
}

export interface RunSummaryView {
  number: number;
  /** The workflow's name. */
  name: string;
  /** The head commit's subject. */
  title: string;
  event: string;
  /** Full, such as `refs/heads/main`. */
  ref: string;
  headSha: string;
  status: RunStatus;
  /** Null when nobody in particular caused it. */
  actor: string | null;
  createdAt: Date;
  startedAt: Date | null;
  finishedAt: Date | null;
}

interface StepView {
  id: number;
  position: number;
  name: string;
  status: StepStatus;
  exitCode: number | null;
  failureReason: string | null;
  startedAt: Date | null;
  finishedAt: Date | null;
}

export interface JobView {
  id: number;
  key: string;
  name: string;
  needs: readonly string[];
  status: JobStatus;
  failureReason: string | null;
  attempt: number;
  /** Such as `bubblewrap 0.8.0`; null before an attempt had one. */
  sandbox: string | null;
  /** Milliseconds of each part of the start: queue, claim, handover, checkout, firstOutput. */
  timings: Record<string, number>;
  startedAt: Date | null;
  finishedAt: Date | null;
  steps: readonly StepView[];
}

/** The events that a page shows and no row holds. */
export type OutputEvent = RunEvent<"log"> | RunEvent<"error">;
