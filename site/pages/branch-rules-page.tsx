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
  allowForcePushes: "Allow force pushes",
  allowDeletions: "Allow deletions",
  blockCreations: "Block the creation of matching branches",
  requirePullRequest: "Require a pull request",
  requireCodeOwners: "Require approval of code owners",
  dismissStaleReviews: "Dismiss approvals when commits are pushed",
  requireUpToDate: "Require branches to be up to date",
  requireSignatures: "Require commits signed with a known SSH key",
  requireLinearHistory: "Require a linear history (no merge commits)",
  restrictPushes: "Restrict who can push",
  restrictMerges: "Restrict who can merge",
  enforceAdmins: "Apply the rule to admins, too",
} as const;
type CheckName = keyof typeof CHECKS;

export const TEXTS = {
  requiredApprovals: { label: "Required approvals", hint: "How many approvals a pull request needs." },
  requiredContexts: { label: "Required statuses", hint: "One context per line, such as plue/ci." },
  protectedPaths: {
    label: "Protected paths",
    hint: "Paths that pushes can't change. One glob per line, such as *.lock or docs/**.",
  },
  push: { label: "Who can push", hint: "One username or @team per line." },
  merge: { label: "Who can merge", hint: "One username or @team per line." },
  bypass: { label: "Who can bypass the rule", hint: "One username or @team per line." },
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
      {rules.length === 0 ? (
        <p>No branch is protected yet. A rule below protects the branches that it matches.</p>
      ) : null}
      <ul class="list">
        {rules.map(({ id, pattern, priority, summary }) => (
          <li class="item spread">
            <p class="row">
              <span class="name">{pattern}</span>
              <span class="facts">priority {priority}</span>
            </p>
            <p class="facts">{summary.join(" · ")}</p>
            <PostForm viewer={frame.viewer} action={action} hidden={{ act: "delete", id: String(id) }}>
              <a href={`${action}?rule=${id}#rule`} aria-label={`Edit the rule for ${pattern}`}>
                Edit
              </a>
              <button type="submit" aria-label={`Delete the rule for ${pattern}`}>
                Delete
              </button>
            </PostForm>
          </li>
        ))}
      </ul>
      <h2 id="rule">
        {form.id === null ? "New rule" : `Edit the rule for ${editedPattern(rules, form.id)}`}
      </h2>
      {form.id === null ? null : (
        <p>
          <a href={action}>Cancel, and create a new rule instead</a>
        </p>
      )}
      <FormProblem problem={problem} />
      <RuleFields frame={frame} action={action} form={form} />
    </RepositorySettingsLayout>
  );
}

/** As the rule is stored: the form may have another pattern typed into it. */
const editedPattern = (rules: BranchRulesPageProps["rules"], id: number): string =>
  rules.find((rule) => rule.id === id)?.pattern ?? "";

function RuleFields({ frame, action, form }: { frame: Frame; action: string; form: RuleForm }) {
  const hidden = { act: "save", ...(form.id === null ? {} : { id: String(form.id) }) };
  return (
    <PostForm viewer={frame.viewer} action={action} hidden={hidden} class="fields">
      <TextField
        {...{ name: "pattern", label: "Branches", value: form.pattern, maxlength: 255, error: undefined }}
        hint="A name or a glob: * and ? match within a path segment, ** matches across slashes."
      />
      <TextField
        {...{ name: "priority", label: "Priority", value: form.priority, maxlength: 8, error: undefined }}
        hint="Of the rules that match a branch, only the one with the highest priority applies."
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
        {form.id === null ? "Create rule" : "Save rule"}
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
