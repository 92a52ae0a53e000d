// A `.plue/workflows/*.yaml` file to a definition. The grammar is that of GitHub Actions where it has the feature;
// what isn't supported is an error with its line and column, never passed over.
import {
  JOBS_PER_WORKFLOW_MAX,
  STEPS_PER_JOB_MAX,
  TIMEOUT_MINUTES_DEFAULT,
  TIMEOUT_MINUTES_MAX,
} from "../core/limits.ts";
import type {
  DefinitionProblem,
  JobDefinition,
  ParsedDefinition,
  PushFilter,
  StepDefinition,
  WorkflowDefinition,
} from "./definition.ts";
import { DefinitionError, readYaml, refuseOthers, type YamlValue } from "./yaml-reader.ts";

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
  return {
    name: entries.get("name")?.text() ?? fallbackName,
    env: readEnv(entries.get("env")),
    push,
    jobs: readJobs(jobs, readDefaults(entries.get("defaults"), { shell: "bash", workingDirectory: "." })),
    notices,
  };
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
    branches: entries.get("branches")?.texts() ?? null,
    branchesIgnore: entries.get("branches-ignore")?.texts() ?? null,
    tags: entries.get("tags")?.texts() ?? null,
    tagsIgnore: entries.get("tags-ignore")?.texts() ?? null,
  };
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
    name: readPlainText(entries.get("name")) ?? key,
    needs: entries.get("needs")?.texts() ?? [],
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
      name: readPlainText(entries.get("name")) ?? describeScript(script),
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
  const env: Record<string, string> = {};
  for (const [name, entry] of value.entries()) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
      entry.fail(`${name} can't be the name of an environment variable`);
    env[name] = entry.isNull() ? "" : (readPlainText(entry) ?? "");
  }
  return env;
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
  for (const job of jobs) {
    for (const need of job.needs) {
      if (!keys.has(need))
        entries.get(job.key)?.fail(`the job ${job.key} needs ${need}, which isn't a job of this file`);
    }
  }
  const done = new Set<string>();
  let rest = jobs;
  while (rest.length > 0) {
    const next = rest.filter((job) => job.needs.every((need) => done.has(need)));
    if (next.length === 0) {
      const names = rest.map((job) => job.key).join(", ");
      entries.get(rest[0]?.key ?? "")?.fail(`these jobs need each other in a circle: ${names}`);
    }
    for (const job of next) done.add(job.key);
    rest = rest.filter((job) => !done.has(job.key));
  }
}
