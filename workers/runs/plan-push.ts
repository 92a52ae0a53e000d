// From a push to its runs: which definitions it brings, and which of them its refs start. Invariant: what it costs is
// bounded, however many refs are pushed and whatever the files say; what is left out is told.
import { findCommit } from "../content/find-commit.ts";
import type { ObjectSource } from "../content/object-source.ts";
import {
  DEFINITION_LINES_PER_PUSH_MAX,
  PLANNED_FOLDERS_PER_PUSH_MAX,
  PLANNED_REFS_PER_PUSH_MAX,
  RUNS_PER_PUSH_MAX,
} from "../core/limits.ts";
import { ZERO_OID } from "../git/object/oid.ts";
import { MatchBudget, matchPush } from "../workflows/match-push.ts";
import { type DefinitionFile, keyOf } from "./change-store.ts";
import {
  type FoundFile,
  type FoundFolder,
  findDefinitions,
  nameOf,
  ParsingBudget,
  parseFile,
  refuse,
} from "./definitions.ts";

export interface PushedRef {
  name: string;
  before: string;
  after: string;
}

export interface PlannedRun {
  ref: string;
  headSha: string;
  title: string;
  file: DefinitionFile;
}

export interface PushPlan {
  runs: PlannedRun[];
  /** Every content of every file, once. */
  files: DefinitionFile[];
  /** What was left out, in sentences. */
  notices: string[];
}

export interface PlanSources {
  objects: ObjectSource;
  /** Those of the files that some push has had parsed, by `keyOf`. */
  readKnown(files: readonly FoundFile[]): Promise<ReadonlyMap<string, DefinitionFile>>;
  /** The branch whose definitions are shown: it comes first. */
  defaultBranch: string;
  parsing?: ParsingBudget;
  matching?: MatchBudget;
}

/** What the push would start, from the definitions of each commit that a branch or tag now points at. */
export async function planPush(sources: PlanSources, updates: readonly PushedRef[]): Promise<PushPlan> {
  const notices: string[] = [];
  const refs = chooseRefs(updates, `refs/heads/${sources.defaultBranch}`, notices);
  const tips = await findTips(sources.objects, refs, notices);
  const files = await readFiles(
    sources,
    tips.map(({ folder }) => folder),
  );
  const matching = sources.matching ?? new MatchBudget();
  const runs = tips.flatMap(({ ref, commit, folder }) =>
    folder.files.flatMap((found): PlannedRun[] => {
      const file = files.get(keyOf(found));
      if (!file?.parsed.parsed || !matchPush(file.parsed.definition.push, ref, matching)) return [];
      return [{ ref, headSha: commit.oid, title: commit.subject, file }];
    }),
  );
  if (matching.isSpent) notices.push("the filters of the workflows take too long; not every ref was matched");
  return { runs, files: [...files.values()], notices };
}

function chooseRefs(updates: readonly PushedRef[], first: string, notices: string[]): PushedRef[] {
  const refs = updates.filter(({ name, after }) => after !== ZERO_OID && /^refs\/(heads|tags)\//.test(name));
  const at = refs.findIndex(({ name }) => name === first);
  if (at > 0) refs.unshift(...refs.splice(at, 1));
  const left = refs.length - PLANNED_REFS_PER_PUSH_MAX;
  if (left > 0) {
    notices.push(
      `a push starts workflows for at most ${PLANNED_REFS_PER_PUSH_MAX} refs; ${left} more were left out`,
    );
  }
  return refs.slice(0, PLANNED_REFS_PER_PUSH_MAX);
}

interface Tip {
  ref: string;
  commit: { oid: string; subject: string };
  folder: FoundFolder;
}

// Each commit is looked at once, and commits with the same folder have the same definitions.
async function findTips(
  objects: ObjectSource,
  refs: readonly PushedRef[],
  notices: string[],
): Promise<Tip[]> {
  const tips: Tip[] = [];
  const known = new Map<string, Omit<Tip, "ref"> | null>();
  const folders = new Map<string, FoundFolder>();
  let left = 0;
  for (const { name: ref, after } of refs) {
    const seen = known.get(after);
    const tip = seen === undefined ? await findTip(objects, after) : seen;
    known.set(after, tip);
    if (tip === null || tip.folder.files.length === 0) continue;
    const { commit } = tip;
    const folder = folders.get(tip.folder.oid) ?? tip.folder;
    if (!folders.has(folder.oid) && folders.size >= PLANNED_FOLDERS_PER_PUSH_MAX) {
      left++;
      continue;
    }
    folders.set(folder.oid, folder);
    tips.push({ ref, commit, folder });
  }
  if (left > 0) {
    notices.push(
      `the workflows of at most ${PLANNED_FOLDERS_PER_PUSH_MAX} different commits are read; ${left} more refs were left out`,
    );
  }
  return tips;
}

async function findTip(objects: ObjectSource, oid: string): Promise<Omit<Tip, "ref"> | null> {
  const commit = await findCommit(objects, oid);
  const folder = commit && (await findDefinitions(objects, commit.oid));
  return folder ? { commit, folder } : null;
}

async function readFiles(
  { objects, readKnown, parsing = new ParsingBudget() }: PlanSources,
  folders: readonly FoundFolder[],
): Promise<Map<string, DefinitionFile>> {
  const found = new Map<string, FoundFile>();
  for (const { files } of new Set(folders)) for (const file of files) found.set(keyOf(file), file);
  const known = await readKnown([...found.values()].filter(({ problem }) => problem === undefined));
  const files = new Map<string, DefinitionFile>();
  for (const [key, file] of found) {
    files.set(key, refuseFound(file) ?? known.get(key) ?? (await parseFile(objects, file, parsing)));
  }
  return files;
}

function refuseFound({ path, blobOid, problem }: FoundFile): DefinitionFile | undefined {
  if (problem === undefined) return undefined;
  return { id: null, path, blobOid, name: nameOf(path), parsed: refuse(problem), parserVersion: null };
}

interface MadeRun {
  id: number;
  number: number;
}

/** The runs that were made, and how many more the refs would have started. */
export interface StartedRuns {
  made: readonly MadeRun[];
  left: number;
}

/** What the pusher is told: definitions that don't parse, and the runs that were made. */
export function describePush(plan: PushPlan, { made, left }: StartedRuns, repositoryUrl: string): string[] {
  const problems = plan.files.flatMap(describeFile);
  const lines = problems.slice(0, DEFINITION_LINES_PER_PUSH_MAX);
  if (problems.length > lines.length) {
    lines.push(`Plue: … and ${problems.length - lines.length} more: ${repositoryUrl}/workflows`);
  }
  if (made.length === 1) lines.push(`Plue: 1 workflow matched, run ${repositoryUrl}/runs/${made[0]?.number}`);
  if (made.length > 1) {
    lines.push(
      `Plue: ${made.length} workflows matched`,
      ...made.map((run) => `  run ${repositoryUrl}/runs/${run.number}`),
    );
  }
  if (made.length === 0 && plan.files.length > 0) lines.push("Plue: no workflow matched");
  lines.push(...plan.notices.map((notice) => `Plue: ${notice}`));
  if (left > 0) {
    const limit =
      made.length === RUNS_PER_PUSH_MAX
        ? `a push starts at most ${RUNS_PER_PUSH_MAX} runs`
        : "the jobs of all these runs are too long together";
    lines.push(`Plue: ${limit}; ${left} more were not started`);
  }
  return lines;
}

function describeFile({ path, parsed }: DefinitionFile): string[] {
  const problems = parsed.parsed ? parsed.definition.notices : [parsed.problem];
  return problems.map(({ line, column, message }) => `Plue: ${path}:${line}:${column}: ${message}`);
}
