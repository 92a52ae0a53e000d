// A repository's general settings: what is said of it, its name, who sees it, its owner and its end.
import { type Context, Hono } from "hono";
import { readNamespaces } from "../../schema/ref-namespaces.ts";
import type { Visibility } from "../../schema/roles.ts";
import { can } from "../../workers/auth/permissions.ts";
import { requireUser } from "../../workers/auth/require-user.ts";
import type { AppEnv } from "../../workers/core/app-env.ts";
import { notFound } from "../../workers/core/errors.ts";
import { SHOWN_REFS_MAX } from "../../workers/core/limits.ts";
import { readOrigin } from "../../workers/core/origin.ts";
import { sendSoon } from "../../workers/core/outbox.ts";
import { listBranches } from "../../workers/protection/service.ts";
import { changeRepository, listRefNamespaces } from "../../workers/repos/change-repository.ts";
import { deleteRepository, transferRepository } from "../../workers/repos/end-repository.ts";
import { type Repository, requireRepository } from "../../workers/repos/service.ts";
import { cancelOffer, findOfferOf } from "../../workers/repos/transfer-offers.ts";
import { homePath, settingsPath } from "../components/paths.ts";
import { lookUpNotice } from "../components/settings-layout.tsx";
import { confirmFirst } from "../confirm-first.ts";
import { expectRefusal } from "../expect-refusal.ts";
import { makeFrame } from "../make-frame.ts";
import { makeServices } from "../make-services.ts";
import { RepositorySettingsPage } from "../pages/repository-settings-page.tsx";
import { readIdParam } from "../read-id-param.ts";
import { readTextFields } from "../read-text-field.ts";

const NOTICES = {
  describe: "Saved.",
  "ref-namespaces": "These refs can be pushed now.",
  "default-branch": "This is the default branch now.",
  rename: "This is its name now.",
  visibility: "It is seen by others now.",
  archive: "It is archived.",
  unarchive: "It is out of the archive.",
  transfer: "It has another owner now.",
  accept: "It is yours now.",
  offer: "They are asked, and have a week to accept.",
  "take-back": "The offer is taken back.",
};
/** What asks for a recent proof of who does it. */
const DANGEROUS = new Set(["rename", "visibility", "archive", "unarchive", "transfer", "delete"]);
const ACTS = new Set([...DANGEROUS, "describe", "ref-namespaces", "default-branch", "take-back"]);

type Field = (name: string) => string;

export const repositorySettingsRoutes = new Hono<AppEnv>()
  .get("/:owner/:repo/settings", async (context) => {
    const { owner, repo } = context.req.param();
    return answerPage(context, await findRepository(context, owner, repo), {});
  })
  .post("/:owner/:repo/settings", async (context) => {
    const { owner, repo } = context.req.param();
    const repository = await findRepository(context, owner, repo);
    const field = await readTextFields(context);
    const act = field("act");
    if (!ACTS.has(act)) throw notFound();
    const first = DANGEROUS.has(act) ? await confirmFirst(context, settingsPath(repository)) : undefined;
    if (first) return first;
    let now: Repository | undefined;
    let done = act;
    const problem = await expectRefusal(async () => {
      if (act !== "transfer") now = await perform(context, repository, act, field);
      else ({ now, done } = await transfer(context, repository, field));
    });
    if (problem !== undefined) {
      const typed = Object.fromEntries(Object.values(TYPED).map((name) => [name, field(name)]));
      return answerPage(context, repository, { errors: { [act]: problem }, typed: pickTyped(act, typed) });
    }
    if (now === undefined) return context.redirect(homePath, 303);
    return context.redirect(`${settingsPath(now)}?done=${done}`, 303);
  });

const TYPED: Record<string, string> = {
  describe: "description",
  rename: "name",
  transfer: "owner",
  "ref-namespaces": "namespaces",
};

function pickTyped(act: string, typed: Record<string, string>): Record<string, string> {
  const name = TYPED[act];
  return name === undefined ? {} : { [name]: typed[name] ?? "" };
}

// Whoever maintains it sees the page; what they may do there the services judge.
async function findRepository(context: Context<AppEnv>, owner: string, name: string): Promise<Repository> {
  const actor = requireUser(context.get("actor"));
  const database = context.get("database");
  const repository = await requireRepository(database, actor, owner, name, "repository.read");
  const action = repository.isArchived ? "repository.administer" : "repository.maintain";
  return requireRepository(database, actor, repository.owner, repository.name, action);
}

/** @returns the repository as it is then, or undefined when there is none any more */
async function perform(
  context: Context<AppEnv>,
  repository: Repository,
  act: string,
  field: Field,
): Promise<Repository | undefined> {
  const database = context.get("database");
  const editor = { actor: context.get("actor"), origin: readOrigin(context) };
  const change = (wanted: Parameters<typeof changeRepository>[3]) =>
    changeRepository(database, editor, repository, wanted);
  switch (act) {
    case "describe":
      return change({ description: field("description").trim() });
    case "default-branch":
      return change({ defaultBranch: field("branch") });
    case "ref-namespaces":
      return change({ refNamespaces: readNamespaces(field("namespaces")) });
    case "rename":
      return change({ name: field("name").trim() });
    case "visibility":
      return change({ visibility: readVisibility(field("visibility")) });
    case "archive":
    case "unarchive":
      return change({ isArchived: act === "archive" });
    case "take-back": {
      const services = { ...makeServices(context), actor: requireUser(editor.actor) };
      await cancelOffer(services, readIdParam(field("id")), repository);
      return repository;
    }
    default:
      requireConfirmation(repository, field);
      await deleteRepository(database, editor, repository);
      return undefined;
  }
}

/** @returns the repository as it is then, and what was done: it has moved, or somebody is asked */
async function transfer(context: Context<AppEnv>, repository: Repository, field: Field) {
  requireConfirmation(repository, field);
  const editor = { actor: context.get("actor"), origin: readOrigin(context) };
  const wanted = { owner: field("owner").trim() };
  const end = await transferRepository(
    context.get("env"),
    context.get("database"),
    editor,
    repository,
    wanted,
  );
  if (end.end === "moved") return { now: end.repository, done: "transfer" };
  sendSoon(context);
  return { now: repository, done: "offer" };
}

function readVisibility(given: string): Visibility {
  if (given === "public" || given === "internal" || given === "private") return given;
  throw notFound("There is no such visibility.");
}

function requireConfirmation(repository: Repository, field: Field): void {
  if (field("confirm").trim() === `${repository.owner}/${repository.name}`) return;
  throw notFound("The name that was typed is another: nothing was done.");
}

async function answerPage(
  context: Context<AppEnv>,
  repository: Repository,
  more: { errors?: Record<string, string>; typed?: Record<string, string> },
) {
  const page = { page: 1, offset: 0, limit: SHOWN_REFS_MAX };
  const { branches } = await listBranches(context.get("database"), repository.id, page);
  const { errors = {}, typed = {} } = more;
  const html = (
    <RepositorySettingsPage
      frame={makeFrame(context)}
      repository={repository}
      branches={branches.map(({ name }) => name)}
      canAdminister={can(context.get("actor"), "repository.administer", repository) === "allowed"}
      namespaces={await listRefNamespaces(context.get("database"), repository.id)}
      offer={await findOfferOf(context.get("database"), requireUser(context.get("actor")), repository)}
      notice={lookUpNotice(NOTICES, context.req.query("done")) ?? undefined}
      errors={errors}
      typed={typed}
    />
  );
  return context.html(html, Object.keys(errors).length === 0 ? 200 : 422);
}
