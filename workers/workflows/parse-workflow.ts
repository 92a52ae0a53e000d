// A `.plue/workflows/*.yaml` file to a definition. The grammar is that of GitHub Actions where it has the feature;
// what isn't supported is an error with its line and column, never passed over.
import {
  DEFINITION_EXPANDED_CHARACTERS_MAX,
  FILTER_PATTERN_CHARACTERS_MAX,
  FILTER_PATTERNS_MAX,
  JOBS_PER_WORKFLOW_MAX,
  NEEDS_PER_WORKFLOW_MAX,
  STEPS_PER_JOB_MAX,
  TIMEOUT_MINUTES_DEFAULT,
  TIMEOUT_MINUTES_MAX,
  WORKFLOW_NAME_CHARACTERS_MAX,
} from "../core/limits.ts";
import type {
  DefinitionProblem,
  JobDefinition,
  ParsedDefinition,
  PushFilter,
  StepDefinition,
  WorkflowDefinition,
} from "./definition.ts";
import { DefinitionError } from "./parse-yaml.ts";
import { readYaml, refuseOthers, type YamlValue } from "./yaml-reader.ts";

/** Counted up whenever the same file may come to mean something else, so that it is read again. */
export const PARSER_VERSION = 1;

const KEY_SHAPE = /^[A-Za-z_][A-Za-z0-9_-]{0,99}$/;
const KNOWN_EVENTS = [
  "push",
  "pull_request",
  "pull_request_target",
  "issues",
  "issue_comment",
  "mention",
  "chat",
  "schedule",
  "workflow_dispatch",
  "workflow_call",
  "release",
  "deployment",
  "webhook",
];

interface StepDefaults {
  shell: "bash" | "sh";
  workingDirectory: string;
}

/** Parses one file; `fallbackName` names a workflow that doesn't name itself. Never throws on bad input. */
export function parseWorkflow(text: string, fallbackName: string): ParsedDefinition {
  try {
    return { parsed: true, definition: readWorkflow(readYaml(text), fallbackName) };
  } catch (error) {
    if (error instanceof DefinitionError) return { parsed: false, problem: error.problem };
    throw error;
  }
}

function readWorkflow(root: YamlValue, fallbackName: string): WorkflowDefinition {
  if (root.isNull()) root.fail("the file is empty; a workflow needs `on` and `jobs`");
  const entries = root.entries();
  refuseOthers(entries, ["name", "on", "env", "defaults", "jobs"], {
    permissions: "`permissions` isn't supported yet",
    concurrency: "`concurrency` isn't supported yet",
    mode: "agent workflows aren't supported yet",
    agent: "agent workflows aren't supported yet",
  });
  const on =
    entries.get("on") ?? root.fail("`on` is missing: say which event starts the workflow, as `on: push`");
  const jobs = entries.get("jobs") ?? root.fail("`jobs` is missing");
  const { push, notices } = readEvents(on);
  const definition = {
    name: readName(entries.get("name")) ?? fallbackName,
    env: readEnv(entries.get("env")),
    push,
    jobs: readJobs(jobs, readDefaults(entries.get("defaults"), { shell: "bash", workingDirectory: "." })),
    notices,
  };
  // Every job's plan holds the whole environment.
  if (JSON.stringify(definition.env).length * definition.jobs.length > DEFINITION_EXPANDED_CHARACTERS_MAX) {
    entries.get("env")?.fail("`env` is too long for that many jobs: each of them gets all of it");
  }
  return definition;
}

const readShownName = (value: YamlValue | undefined): string | undefined => {
  readPlainText(value);
  return readName(value);
};

function readName(value: YamlValue | undefined): string | undefined {
  const name = value?.text();
  if (name !== undefined && name.length > WORKFLOW_NAME_CHARACTERS_MAX) {
    value?.fail(`a name has at most ${WORKFLOW_NAME_CHARACTERS_MAX} characters`);
  }
  return name;
}

function readEvents(on: YamlValue): { push: PushFilter | null; notices: DefinitionProblem[] } {
  const events = on.isMap()
    ? on.entries()
    : new Map<string, YamlValue | null>(on.texts().map((name) => [name, null]));
  const notices: DefinitionProblem[] = [];
  let push: PushFilter | null = null;
  for (const [name, filter] of events) {
    if (!KNOWN_EVENTS.includes(name)) (filter ?? on).fail(`the event ${name} isn't known`);
    if (name === "push") push = readPushFilter(filter);
    else
      notices.push(
        (filter ?? on).note(`the event ${name} isn't supported yet and won't start this workflow`),
      );
  }
  return { push, notices };
}

function readPushFilter(filter: YamlValue | null): PushFilter {
  const entries = filter === null || filter.isNull() ? new Map<string, YamlValue>() : filter.entries();
  refuseOthers(entries, ["branches", "branches-ignore", "tags", "tags-ignore"], {
    paths: "`paths` isn't supported yet",
    "paths-ignore": "`paths-ignore` isn't supported yet",
  });
  for (const kind of ["branches", "tags"]) {
    const ignored = entries.get(`${kind}-ignore`);
    if (entries.has(kind) && ignored) {
      ignored.fail(
        `\`${kind}\` and \`${kind}-ignore\` exclude each other; use \`!\` patterns in \`${kind}\``,
      );
    }
  }
  return {
    branches: readPatterns(entries.get("branches")),
    branchesIgnore: readPatterns(entries.get("branches-ignore")),
    tags: readPatterns(entries.get("tags")),
    tagsIgnore: readPatterns(entries.get("tags-ignore")),
  };
}

function readPatterns(value: YamlValue | undefined): string[] | null {
  if (value === undefined) return null;
  const patterns = value.texts();
  if (patterns.length > FILTER_PATTERNS_MAX) {
    value.fail(`${value.path} has at most ${FILTER_PATTERNS_MAX} patterns`);
  }
  if (patterns.some((pattern) => pattern.length > FILTER_PATTERN_CHARACTERS_MAX)) {
    value.fail(`a pattern has at most ${FILTER_PATTERN_CHARACTERS_MAX} characters`);
  }
  return patterns;
}

function readDefaults(value: YamlValue | undefined, inherited: StepDefaults): StepDefaults {
  if (!value || value.isNull()) return inherited;
  const entries = value.entries();
  refuseOthers(entries, ["run"]);
  const run = entries.get("run")?.entries();
  if (!run) return inherited;
  refuseOthers(run, ["shell", "working-directory"]);
  const shell = run.get("shell");
  return {
    shell: shell ? readShell(shell) : inherited.shell,
    workingDirectory: readDirectory(run.get("working-directory")) ?? inherited.workingDirectory,
  };
}

function readJobs(value: YamlValue, defaults: StepDefaults): JobDefinition[] {
  const entries = value.entries();
  if (entries.size === 0) value.fail("`jobs` needs at least one job");
  if (entries.size > JOBS_PER_WORKFLOW_MAX)
    value.fail(`a workflow has at most ${JOBS_PER_WORKFLOW_MAX} jobs`);
  const jobs = [...entries].map(([key, job]) => readJob(key, job, defaults));
  checkNeeds(jobs, entries);
  return jobs;
}

function readJob(key: string, value: YamlValue, inherited: StepDefaults): JobDefinition {
  if (!KEY_SHAPE.test(key))
    value.fail(`the job id ${key} must be letters, digits, \`-\` and \`_\`, not beginning with a digit`);
  const entries = value.entries();
  const known = [
    "name",
    "needs",
    "runs-on",
    "env",
    "defaults",
    "timeout-minutes",
    "continue-on-error",
    "steps",
  ];
  refuseOthers(entries, known, {
    if: `\`${value.path}.if\` isn't supported yet`,
    strategy: `\`${value.path}.strategy\` isn't supported yet`,
    outputs: `\`${value.path}.outputs\` isn't supported yet`,
    permissions: `\`${value.path}.permissions\` isn't supported yet`,
    concurrency: `\`${value.path}.concurrency\` isn't supported yet`,
  });
  const defaults = readDefaults(entries.get("defaults"), inherited);
  const steps = entries.get("steps") ?? value.fail(`${value.path} needs \`steps\``);
  return {
    key,
    name: readShownName(entries.get("name")) ?? key,
    needs: [...new Set(entries.get("needs")?.texts() ?? [])],
    env: readEnv(entries.get("env")),
    timeoutMinutes: readMinutes(entries.get("timeout-minutes")) ?? TIMEOUT_MINUTES_DEFAULT,
    continueOnError: entries.get("continue-on-error")?.boolean() ?? false,
    steps: readSteps(steps, defaults),
  };
}

function readSteps(value: YamlValue, defaults: StepDefaults): StepDefinition[] {
  const items = value.items();
  if (items.length > STEPS_PER_JOB_MAX) value.fail(`a job has at most ${STEPS_PER_JOB_MAX} steps`);
  const steps = items.flatMap((item) => readStep(item, defaults));
  if (steps.length === 0) value.fail(`${value.path} needs at least one step with \`run\``);
  return steps;
}

// `uses: actions/checkout` gives no step: every job begins with the checkout.
function readStep(value: YamlValue, defaults: StepDefaults): StepDefinition[] {
  const entries = value.entries();
  const uses = entries.get("uses");
  if (uses) {
    checkUses(uses, entries);
    return [];
  }
  const known = [
    "name",
    "id",
    "run",
    "env",
    "working-directory",
    "timeout-minutes",
    "continue-on-error",
    "shell",
  ];
  refuseOthers(entries, known, {
    if: `\`${value.path}.if\` isn't supported yet`,
    agent: "agent steps aren't supported yet",
  });
  const run = entries.get("run") ?? value.fail(`${value.path} needs \`run\``);
  const script = readPlainText(run) ?? "";
  const shell = entries.get("shell");
  return [
    {
      name: readShownName(entries.get("name")) ?? describeScript(script),
      run: script,
      shell: shell ? readShell(shell) : defaults.shell,
      env: readEnv(entries.get("env")),
      workingDirectory: readDirectory(entries.get("working-directory")) ?? defaults.workingDirectory,
      timeoutMinutes: readMinutes(entries.get("timeout-minutes")) ?? null,
      continueOnError: entries.get("continue-on-error")?.boolean() ?? false,
    },
  ];
}

function checkUses(uses: YamlValue, entries: Map<string, YamlValue>): void {
  const action = uses.text();
  if (!/^actions\/checkout(@[\w.-]+)?$/.test(action)) {
    uses.fail(
      `the action ${action} isn't supported; \`actions/checkout\` is, and \`run\` for everything else`,
    );
  }
  refuseOthers(entries, ["uses", "name", "id"], {
    with: "`actions/checkout` takes no `with` yet: it checks out the commit of the event, alone",
  });
}

function readShell(value: YamlValue): "bash" | "sh" {
  const shell = value.text();
  if (shell !== "bash" && shell !== "sh") value.fail(`the shell ${shell} isn't supported; bash and sh are`);
  return shell;
}

function readDirectory(value: YamlValue | undefined): string | undefined {
  const directory = readPlainText(value);
  if (value === undefined || directory === undefined) return undefined;
  if (directory.startsWith("/") || directory.split("/").includes("..")) {
    value.fail(`${value.path} must stay within the repository`);
  }
  return directory === "" ? "." : directory;
}

function readMinutes(value: YamlValue | undefined): number | undefined {
  if (value === undefined) return undefined;
  const minutes = value.number();
  if (minutes <= 0 || minutes > TIMEOUT_MINUTES_MAX) {
    value.fail(`${value.path} must be more than 0 and at most ${TIMEOUT_MINUTES_MAX}`);
  }
  return minutes;
}

function readEnv(value: YamlValue | undefined): Record<string, string> {
  if (value === undefined || value.isNull()) return {};
  // What is stored is read back without a `__proto__`.
  return Object.fromEntries(
    Array.from(value.entries(), ([name, entry]) => {
      if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) || name === "__proto__")
        entry.fail(`${name} can't be the name of an environment variable`);
      return [name, entry.isNull() ? "" : (readPlainText(entry) ?? "")];
    }),
  );
}

// An expression that nobody evaluates would run as literal text: better an error.
function readPlainText(value: YamlValue | undefined): string | undefined {
  const text = value?.text();
  if (text?.includes("${{")) value?.fail("expressions `${{ }}` aren't supported yet");
  return text;
}

function describeScript(script: string): string {
  const first = script.trim().split("\n")[0] ?? "";
  return first === "" ? "Run" : `Run ${first}`.slice(0, 100);
}

function checkNeeds(jobs: JobDefinition[], entries: Map<string, YamlValue>): void {
  const keys = new Set(jobs.map((job) => job.key));
  let count = 0;
  for (const job of jobs) {
    count += job.needs.length;
    if (count > NEEDS_PER_WORKFLOW_MAX) {
      entries
        .get(job.key)
        ?.fail(`the jobs of a workflow have at most ${NEEDS_PER_WORKFLOW_MAX} needs in all`);
    }
    for (const need of job.needs) {
      if (!keys.has(need))
        entries.get(job.key)?.fail(`the job ${job.key} needs ${need}, which isn't a job of this file`);
    }
  }
  const circle = findCircle(jobs);
  if (circle.length > 0) {
    entries.get(circle[0] ?? "")?.fail(`these jobs need each other in a circle: ${circle.join(", ")}`);
  }
}

// The jobs that can never begin: each is taken once all that it needs has been.
function findCircle(jobs: readonly JobDefinition[]): string[] {
  const waiting = new Map(jobs.map(({ key, needs }) => [key, needs.length]));
  const neededBy = new Map<string, string[]>(jobs.map(({ key }) => [key, []]));
  for (const { key, needs } of jobs) for (const need of needs) neededBy.get(need)?.push(key);
  const ready = jobs.filter(({ needs }) => needs.length === 0).map(({ key }) => key);
  for (let key = ready.pop(); key !== undefined; key = ready.pop()) {
    waiting.delete(key);
    for (const next of neededBy.get(key) ?? []) {
      const left = (waiting.get(next) ?? 0) - 1;
      waiting.set(next, left);
      if (left === 0) ready.push(next);
    }
  }
  return [...waiting.keys()];
}
