// One's passkeys: listed, added, named, removed. What changes who can sign in needs a recent proof.
import { type Context, Hono } from "hono";
import { requireCredentialsOwner } from "../../workers/auth/require-user.ts";
import type { AppEnv } from "../../workers/core/app-env.ts";
import { notFound } from "../../workers/core/errors.ts";
import { preparePasskey } from "../../workers/sign-in/passkey-proof.ts";
import {
  addPasskey,
  listPasskeys,
  removePasskey,
  renamePasskey,
} from "../../workers/sign-in/passkey-service.ts";
import { enterSession, makeAskingServices, makeBrowserServices } from "../browser-services.ts";
import { lookUpNotice, settingsPath } from "../components/settings-layout.tsx";
import { confirmFirst, confirmUnlessFirst, mayAddWayIn } from "../confirm-first.ts";
import { makeFrame } from "../make-frame.ts";
import { makeServices } from "../make-services.ts";
import { PasskeysPage } from "../pages/passkeys-page.tsx";
import { readIdParam } from "../read-id-param.ts";
import { readTextFields } from "../read-text-field.ts";

const NOTICES = {
  added: "The passkey was added. It signs in as you from now on.",
  renamed: "The passkey has its name.",
  removed: "The passkey was removed. It no longer signs in.",
};
const passkeysPath = settingsPath("passkeys");
const LAST = "This is your only way to sign in. Add another before you remove it.";

export const passkeySettingsRoutes = new Hono<AppEnv>()
  .get(
    passkeysPath,
    async (context) =>
      (await confirmUnlessFirst(context, passkeysPath)) ?? answerPasskeys(context, undefined),
  )
  .post(passkeysPath, async (context) => {
    const actor = requireCredentialsOwner(context.get("actor"));
    const first = await confirmUnlessFirst(context, passkeysPath);
    if (first) return first;
    const field = await readTextFields(context);
    const result = await addPasskey(makeBrowserServices(context), actor, field("answer"), field("name"));
    if (result.end === "refused") return answerPasskeys(context, result.problem);
    return enterSession(context, result.session, `${passkeysPath}?done=added`);
  })
  .post(`${passkeysPath}/options`, async (context) => {
    const actor = requireCredentialsOwner(context.get("actor"));
    if (!(await mayAddWayIn(context))) {
      return context.json({ problem: "Confirm who you are first: reload the page." }, 403);
    }
    context.header("Cache-Control", "no-store");
    return context.json(await preparePasskey(makeAskingServices(context), actor));
  })
  .post(`${passkeysPath}/:id/name`, async (context) => {
    const actor = requireCredentialsOwner(context.get("actor"));
    const id = readIdParam(context.req.param("id"));
    const field = await readTextFields(context);
    const result = await renamePasskey(makeServices(context), actor, id, field("name"));
    if (result.end === "missing") throw notFound();
    if (result.end === "wrong") return answerPasskeys(context, result.problem);
    return context.redirect(`${passkeysPath}?done=renamed`, 303);
  })
  .post(`${passkeysPath}/:id/remove`, async (context) => {
    const actor = requireCredentialsOwner(context.get("actor"));
    const first = await confirmFirst(context, passkeysPath);
    if (first) return first;
    const { end } = await removePasskey(makeServices(context), actor, readIdParam(context.req.param("id")));
    if (end === "missing") throw notFound();
    if (end === "last") return answerPasskeys(context, LAST);
    return context.redirect(`${passkeysPath}?done=removed`, 303);
  });

async function answerPasskeys(context: Context<AppEnv>, problem: string | undefined): Promise<Response> {
  const actor = requireCredentialsOwner(context.get("actor"));
  const passkeys = await listPasskeys(makeServices(context), actor);
  const notice = problem === undefined ? lookUpNotice(NOTICES, context.req.query("done")) : null;
  context.header("Cache-Control", "no-store");
  const props = { frame: makeFrame(context), passkeys, notice, problem };
  return context.html(<PasskeysPage {...props} />, problem === undefined ? 200 : 422);
}
