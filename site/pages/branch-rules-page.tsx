// The rules for a repository's branches, and the form that makes or changes one. Posts `act` (`save` or `delete`), `id` of
// the rule if there is one, and the fields of the rule; lists are one entry a line.
import type { Frame } from "../components/frame.ts";
import { settingsPath } from "../components/paths.ts";
import { RepositorySettingsLayout } from "../components/repository-settings-layout.tsx";
import { PostForm } from "../components/role-forms.tsx";
import { FormProblem, TextField } from "../components/text-field.tsx";
import type { RepositoryView } from "../components/views.ts";

/** A rule as its form has it: names instead of ids, lists as lines. */
export interface RuleForm {
  id: number | null;
  pattern: string;
  priority: string;
  /** By the name of the field. */
  texts: Record<TextName, string>;
  checks: Record<CheckName, boolean>;
}

export const CHECKS = {
  allowForcePushes: "May be rewritten (force pushes)",
  allowDeletions: "May be deleted",
  blockCreations: "May not be created",
  requirePullRequest: "Changes arrive by pull request only",
  requireCodeOwners: "Code owners must approve",
  dismissStaleReviews: "A new push ends earlier approvals",
  requireUpToDate: "Must contain the branch as it is",
  requireSignatures: "Commits must be signed with a known SSH key",
  requireLinearHistory: "No merge commits",
  restrictPushes: "Only those named below may push",
  restrictMerges: "Only those named below may merge",
  enforceAdmins: "Admins are held to it too",
} as const;
type CheckName = keyof typeof CHECKS;

export const TEXTS = {
  requiredApprovals: { label: "Approvals", hint: "How many a pull request needs." },
  requiredContexts: { label: "Statuses that must have succeeded", hint: "One context a line: plue/ci" },
  protectedPaths: { label: "Paths that may not change", hint: "One glob a line: *.lock, docs/**" },
  push: { label: "Who may push", hint: "One username a line, or @team." },
  merge: { label: "Who may merge", hint: "One username a line, or @team." },
  bypass: { label: "Who isn't held to it", hint: "One username a line, or @team." },
} as const;
type TextName = keyof typeof TEXTS;

interface BranchRulesPageProps {
  frame: Frame;
  repository: RepositoryView;
  notice: string | undefined;
  problem: string | undefined;
  rules: readonly { id: number; pattern: string; priority: number; summary: readonly string[] }[];
  /** The rule in the form. */
  form: RuleForm;
}

export function BranchRulesPage({ frame, repository, notice, problem, rules, form }: BranchRulesPageProps) {
  const action = settingsPath(repository, "branches");
  return (
    <RepositorySettingsLayout {...{ frame, repository, notice }} page="branches">
      {rules.length === 0 ? <p>No branch is protected.</p> : null}
      <ul class="list">
        {rules.map(({ id, pattern, priority, summary }) => (
          <li class="item spread">
            <p class="row">
              <a href={`${action}?rule=${id}`} class="name">
                {pattern}
              </a>
              <span class="facts">priority {priority}</span>
            </p>
            <p class="facts">{summary.join(" · ")}</p>
            <PostForm viewer={frame.viewer} action={action} hidden={{ act: "delete", id: String(id) }}>
              <button type="submit" aria-label={`End this rule, for ${pattern}`}>
                End this rule
              </button>
            </PostForm>
          </li>
        ))}
      </ul>
      <h2>{form.id === null ? "New rule" : `Rule for ${form.pattern}`}</h2>
      <FormProblem problem={problem} />
      <RuleFields frame={frame} action={action} form={form} />
    </RepositorySettingsLayout>
  );
}

function RuleFields({ frame, action, form }: { frame: Frame; action: string; form: RuleForm }) {
  const hidden = { act: "save", ...(form.id === null ? {} : { id: String(form.id) }) };
  return (
    <PostForm viewer={frame.viewer} action={action} hidden={hidden} class="fields">
      <TextField
        {...{ name: "pattern", label: "Branches", value: form.pattern, maxlength: 255, error: undefined }}
        hint="A name, or a glob: * and ? stop at a slash, ** does not."
      />
      <TextField
        {...{ name: "priority", label: "Priority", value: form.priority, maxlength: 8, error: undefined }}
        hint="Of the rules that match a branch, the one of the highest priority rules."
      />
      <fieldset class="tight">
        <legend>Rules</legend>
        {Object.entries(CHECKS).map(([name, label]) => (
          <p class="choice">
            <input type="checkbox" id={name} name={name} checked={form.checks[toCheck(name)]} />
            <label for={name}>{label}</label>
          </p>
        ))}
      </fieldset>
      {Object.entries(TEXTS).map(([name, { label, hint }]) => (
        <div class="field tight">
          <label for={name}>{label}</label>
          <textarea
            id={name}
            class="entry"
            name={name}
            rows={name === "requiredApprovals" ? 1 : 3}
            aria-describedby={`${name}-hint`}
            spellcheck={false}
          >
            {form.texts[toText(name)]}
          </textarea>
          <p id={`${name}-hint`} class="hint">
            {hint}
          </p>
        </div>
      ))}
      <button type="submit" class="main">
        {form.id === null ? "Make the rule" : "Save the rule"}
      </button>
    </PostForm>
  );
}

const isKey = <Table extends object>(table: Table, name: string): name is Extract<keyof Table, string> =>
  Object.hasOwn(table, name);

function toCheck(name: string): CheckName {
  if (isKey(CHECKS, name)) return name;
  throw new Error(`no field is called ${name}`);
}

function toText(name: string): TextName {
  if (isKey(TEXTS, name)) return name;
  throw new Error(`no field is called ${name}`);
}
