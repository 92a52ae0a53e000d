// One's own SSH keys, and a repository's deploy keys.
import { type Context, Hono } from "hono";
import { requireCredentialsOwner } from "../../workers/auth/require-user.ts";
import type { AppEnv } from "../../workers/core/app-env.ts";
import { ForgeError } from "../../workers/core/errors.ts";
import { readOrigin } from "../../workers/core/origin.ts";
import {
  addDeployKey,
  addOwnKey,
  listDeployKeys,
  listOwnKeys,
  removeDeployKey,
  removeOwnKey,
} from "../../workers/keys/service.ts";
import { requireRepository } from "../../workers/repos/service.ts";
import { showOnce, takeShownOnce } from "../answer-once.ts";
import { settingsPath as repositorySettingsPath } from "../components/paths.ts";
import { lookUpNotice, settingsPath } from "../components/settings-layout.tsx";
import { confirmFirst } from "../confirm-first.ts";
import { makeFrame } from "../make-frame.ts";
import { DeployKeysPage } from "../pages/deploy-keys-page.tsx";
import { KeysPage } from "../pages/keys-page.tsx";
import { readIdParam } from "../read-id-param.ts";
import { readTextFields } from "../read-text-field.ts";

const NOTICES = { added: "The key is added.", removed: "The key is removed." };
const keysPath = settingsPath("keys");
const deployPath = "/:owner/:repo/settings/keys";

export const keysRoutes = new Hono<AppEnv>()
  .get(keysPath, (context) => answerKeys(context, undefined, { title: "", key: "" }))
  .post(keysPath, async (context) => {
    const first = await confirmFirst(context, keysPath);
    if (first) return first;
    const field = await readTextFields(context);
    const wanted = { title: field("title"), key: field("key") };
    const [database, actor] = [context.get("database"), context.get("actor")];
    const problem = await findProblem(() => addOwnKey(database, actor, readOrigin(context), wanted));
    if (problem !== undefined) return answerKeys(context, problem, wanted);
    return context.redirect(`${keysPath}?done=added`, 303);
  })
  .post(`${keysPath}/:id/remove`, async (context) => {
    const id = readIdParam(context.req.param("id"));
    await removeOwnKey(context.get("database"), context.get("actor"), readOrigin(context), id);
    return context.redirect(`${keysPath}?done=removed`, 303);
  })
  .get(deployPath, (context) => answerDeployKeys(context, undefined))
  .post(deployPath, async (context) => {
    const repository = await requireAdministered(context);
    const first = await confirmFirst(context, repositorySettingsPath(repository, "keys"));
    if (first) return first;
    const field = await readTextFields(context);
    const key = field("key").trim() === "" ? null : field("key");
    const wanted = { title: field("title"), key, canWrite: field("write") !== "" };
    const [database, actor] = [context.get("database"), context.get("actor")];
    let token: string | null = null;
    const problem = await findProblem(async () => {
      token = (await addDeployKey(database, actor, readOrigin(context), repository, wanted)).token;
    });
    if (problem !== undefined) return answerDeployKeys(context, problem);
    const path = repositorySettingsPath(repository, "keys");
    if (token === null) return context.redirect(`${path}?done=added`, 303);
    await showOnce(context, path, token);
    return context.redirect(`${path}?done=made`, 303);
  })
  .post(`${deployPath}/:id/remove`, async (context) => {
    const repository = await requireAdministered(context);
    const id = readIdParam(context.req.param("id"));
    const [database, actor] = [context.get("database"), context.get("actor")];
    await removeDeployKey(database, actor, readOrigin(context), repository, id);
    return context.redirect(`${repositorySettingsPath(repository, "keys")}?done=removed`, 303);
  });

async function answerKeys(
  context: Context<AppEnv>,
  problem: string | undefined,
  values: { title: string; key: string },
) {
  const keys = await listOwnKeys(context.get("database"), requireCredentialsOwner(context.get("actor")));
  const notice = lookUpNotice(NOTICES, context.req.query("done"));
  const props = { frame: makeFrame(context), keys, notice, problem, values };
  return context.html(<KeysPage {...props} />, problem === undefined ? 200 : 422);
}

async function answerDeployKeys(context: Context<AppEnv>, problem: string | undefined) {
  const repository = await requireAdministered(context);
  const keys = await listDeployKeys(context.get("database"), repository.id);
  const isMade = context.req.method === "GET" && context.req.query("done") === "made";
  const made = isMade ? await takeShownOnce(context, repositorySettingsPath(repository, "keys")) : null;
  const notice = lookUpNotice(NOTICES, context.req.query("done")) ?? undefined;
  context.header("Cache-Control", "no-store");
  const props = { frame: makeFrame(context), repository, keys, made, notice, problem };
  return context.html(<DeployKeysPage {...props} />, problem === undefined ? 200 : 422);
}

function requireAdministered(context: Context<AppEnv>) {
  const [owner = "", name = ""] = [context.req.param("owner"), context.req.param("repo")];
  const [database, actor] = [context.get("database"), context.get("actor")];
  return requireRepository(database, actor, owner, name, "repository.administer");
}

async function findProblem(work: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (!(error instanceof ForgeError) || error.code !== "invalid") throw error;
    return error.fields[0]?.message ?? error.message;
  }
}
