// The rules for a repository's branches: listed, made, changed, ended.
import { type Context, Hono } from "hono";
import type { BranchRules, Principals } from "../../schema/tables/git.ts";
import { requireUser } from "../../workers/auth/require-user.ts";
import type { AppEnv } from "../../workers/core/app-env.ts";
import { notFound } from "../../workers/core/errors.ts";
import { readOrigin } from "../../workers/core/origin.ts";
import { FIRST_RULES } from "../../workers/protection/first-rules.ts";
import {
  listRules,
  namePrincipals,
  removeRule,
  resolvePrincipals,
  saveRule,
} from "../../workers/protection/service.ts";
import { type Repository, requireRepository } from "../../workers/repos/service.ts";
import { settingsPath } from "../components/paths.ts";
import { lookUpNotice } from "../components/settings-layout.tsx";
import { confirmFirst } from "../confirm-first.ts";
import { expectRefusal } from "../expect-refusal.ts";
import { makeFrame } from "../make-frame.ts";
import { BranchRulesPage, CHECKS, type RuleForm, TEXTS } from "../pages/branch-rules-page.tsx";
import { readTextFields } from "../read-text-field.ts";

const NOTICES = { save: "The rule was saved and applies to the next push.", delete: "The rule was deleted." };

type Field = (name: string) => string;
type Rule = Awaited<ReturnType<typeof listRules>>[number];

export const branchRulesRoutes = new Hono<AppEnv>()
  .get("/:owner/:repo/settings/branches", async (context) => {
    const repository = await findRepository(context);
    const rules = await listRules(context.get("database"), repository.id);
    const rule = rules.find(({ id }) => String(id) === context.req.query("rule"));
    const form = await fillForm(context, repository, rule);
    return answerPage(context, repository, rules, form, undefined);
  })
  .post("/:owner/:repo/settings/branches", async (context) => {
    const repository = await findRepository(context);
    const first = await confirmFirst(context, settingsPath(repository, "branches"));
    if (first) return first;
    const field = await readTextFields(context);
    const act = field("act");
    if (act !== "save" && act !== "delete") throw notFound();
    const problem = await expectRefusal(() => perform(context, repository, act, field));
    if (problem === undefined) {
      return context.redirect(`${settingsPath(repository, "branches")}?done=${act}`, 303);
    }
    const rules = await listRules(context.get("database"), repository.id);
    return answerPage(context, repository, rules, readForm(field), problem);
  });

async function findRepository(context: Context<AppEnv>): Promise<Repository> {
  const [owner, repo] = [context.req.param("owner") ?? "", context.req.param("repo") ?? ""];
  const actor = requireUser(context.get("actor"));
  return requireRepository(context.get("database"), actor, owner, repo, "repository.administer");
}

async function perform(
  context: Context<AppEnv>,
  repository: Repository,
  act: "save" | "delete",
  field: Field,
) {
  const database = context.get("database");
  const editor = { actor: context.get("actor"), origin: readOrigin(context) };
  const given = field("id");
  const id = given === "" ? null : Number(given);
  if (id !== null && !Number.isSafeInteger(id)) throw notFound();
  if (act === "delete") return removeRule(database, editor, repository, id ?? 0);
  const rules = await readRules(context, repository, readForm(field));
  const priority = Number(field("priority").trim() || "0");
  return saveRule(database, editor, repository, id, { pattern: field("pattern").trim(), priority, rules });
}

/** The form as it was posted. */
function readForm(field: Field): RuleForm {
  const given = field("id");
  return {
    id: given === "" ? null : Number(given),
    pattern: field("pattern"),
    priority: field("priority"),
    texts: mapKeys(TEXTS, field),
    checks: mapKeys(CHECKS, (name) => field(name) !== ""),
  };
}

async function readRules(
  context: Context<AppEnv>,
  repository: Repository,
  form: RuleForm,
): Promise<BranchRules> {
  const { texts, checks } = form;
  const resolve = (text: string) => {
    const names = listLines(text);
    return resolvePrincipals(context.get("database"), repository.id, {
      users: names.filter((name) => !name.startsWith("@")),
      teams: names.flatMap((name) => (name.startsWith("@") ? [name.slice(1)] : [])),
    });
  };
  const { restrictPushes, restrictMerges, ...flags } = checks;
  return {
    ...FIRST_RULES,
    ...flags,
    requiredApprovals: Number(texts.requiredApprovals.trim() || "0"),
    requiredContexts: listLines(texts.requiredContexts),
    protectedPaths: listLines(texts.protectedPaths),
    push: restrictPushes ? await resolve(texts.push) : null,
    merge: restrictMerges ? await resolve(texts.merge) : null,
    bypass: await resolve(texts.bypass),
  };
}

const listLines = (text: string): string[] => [
  ...new Set(
    text
      .split("\n")
      .map((line) => line.trim())
      .filter((line) => line !== ""),
  ),
];

async function fillForm(
  context: Context<AppEnv>,
  repository: Repository,
  rule: Rule | undefined,
): Promise<RuleForm> {
  const rules = rule?.rules ?? FIRST_RULES;
  const name = async (principals: Principals | null) => {
    if (principals === null) return "";
    const { users, teams } = await namePrincipals(context.get("database"), repository.id, principals);
    return [...users.map((one) => one.name), ...teams.map((one) => `@${one.name}`)].join("\n");
  };
  return {
    id: rule?.id ?? null,
    pattern: rule?.pattern ?? "",
    priority: String(rule?.priority ?? 0),
    texts: {
      requiredApprovals: String(rules.requiredApprovals),
      requiredContexts: rules.requiredContexts.join("\n"),
      protectedPaths: rules.protectedPaths.join("\n"),
      push: await name(rules.push),
      merge: await name(rules.merge),
      bypass: await name(rules.bypass),
    },
    checks: mapKeys(CHECKS, (key) => isChecked(rules, key)),
  };
}

function isChecked(rules: BranchRules, key: keyof typeof CHECKS): boolean {
  if (key === "restrictPushes") return rules.push !== null;
  return key === "restrictMerges" ? rules.merge !== null : rules[key];
}

function summarise(rules: BranchRules): string[] {
  const checks = Object.entries(mapKeys(CHECKS, (key) => isChecked(rules, key) && CHECKS[key]));
  const told = checks.flatMap(([, label]) => (label === false ? [] : [label]));
  return [
    ...told,
    ...(rules.requiredApprovals > 0 ? [`Approvals: ${rules.requiredApprovals}`] : []),
    ...(rules.requiredContexts.length > 0 ? [`Statuses: ${rules.requiredContexts.join(", ")}`] : []),
    ...(rules.protectedPaths.length > 0 ? [`Protected paths: ${rules.protectedPaths.join(", ")}`] : []),
    ...(rules.allowForcePushes ? [] : ["No force pushes"]),
    ...(rules.allowDeletions ? [] : ["No deletions"]),
  ];
}

function mapKeys<Key extends string, Value>(
  table: Record<Key, unknown>,
  of: (key: Key) => Value,
): Record<Key, Value> {
  const keys = Object.keys(table) as Key[];
  return Object.fromEntries(keys.map((key) => [key, of(key)])) as Record<Key, Value>;
}

function answerPage(
  context: Context<AppEnv>,
  repository: Repository,
  rules: readonly Rule[],
  form: RuleForm,
  problem: string | undefined,
) {
  const html = (
    <BranchRulesPage
      frame={makeFrame(context)}
      repository={repository}
      notice={lookUpNotice(NOTICES, context.req.query("done")) ?? undefined}
      problem={problem}
      rules={rules.map(({ rules: held, ...rule }) => ({ ...rule, summary: summarise(held) }))}
      form={form}
    />
  );
  return context.html(html, problem === undefined ? 200 : 422);
}
