// One's wallets: listed, added, named, removed. What changes who can sign in needs a recent proof.
import { type Context, Hono } from "hono";
import { requireCredentialsOwner } from "../../workers/auth/require-user.ts";
import type { AppEnv } from "../../workers/core/app-env.ts";
import { notFound } from "../../workers/core/errors.ts";
import { addWallet, listWallets, removeWallet, renameWallet } from "../../workers/sign-in/wallet-service.ts";
import { enterSession, makeBrowserServices } from "../browser-services.ts";
import { lookUpNotice, settingsPath } from "../components/settings-layout.tsx";
import { confirmFirst, confirmUnlessFirst } from "../confirm-first.ts";
import { makeFrame } from "../make-frame.ts";
import { makeServices } from "../make-services.ts";
import { WalletsPage } from "../pages/wallets-page.tsx";
import { readIdParam } from "../read-id-param.ts";
import { readTextFields } from "../read-text-field.ts";
import { readMessage } from "./wallet-sign-in.tsx";

const NOTICES = {
  added: "The wallet was added. It signs in as you from now on.",
  renamed: "The wallet has its name.",
  removed: "The wallet was removed. It no longer signs in.",
};
const walletsPath = settingsPath("wallets");
const LAST = "This is your only way to sign in. Add another before you remove it.";

export const walletSettingsRoutes = new Hono<AppEnv>()
  .get(
    walletsPath,
    async (context) => (await confirmUnlessFirst(context, walletsPath)) ?? answerWallets(context, undefined),
  )
  .post(walletsPath, async (context) => {
    const actor = requireCredentialsOwner(context.get("actor"));
    const first = await confirmUnlessFirst(context, walletsPath);
    if (first) return first;
    const field = await readTextFields(context);
    const signed = { message: readMessage(field("message")), signature: field("signature") };
    const result = await addWallet(makeBrowserServices(context), actor, signed);
    if (result.end === "refused") return answerWallets(context, result.problem);
    return enterSession(context, result.session, `${walletsPath}?done=added`);
  })
  .post(`${walletsPath}/:id/name`, async (context) => {
    const actor = requireCredentialsOwner(context.get("actor"));
    const id = readIdParam(context.req.param("id"));
    const field = await readTextFields(context);
    const result = await renameWallet(makeServices(context), actor, id, field("name"));
    if (result.end === "missing") throw notFound();
    if (result.end === "wrong") return answerWallets(context, result.problem);
    return context.redirect(`${walletsPath}?done=renamed`, 303);
  })
  .post(`${walletsPath}/:id/remove`, async (context) => {
    const actor = requireCredentialsOwner(context.get("actor"));
    const first = await confirmFirst(context, walletsPath);
    if (first) return first;
    const { end } = await removeWallet(makeServices(context), actor, readIdParam(context.req.param("id")));
    if (end === "missing") throw notFound();
    if (end === "last") return answerWallets(context, LAST);
    return context.redirect(`${walletsPath}?done=removed`, 303);
  });

async function answerWallets(context: Context<AppEnv>, problem: string | undefined): Promise<Response> {
  const actor = requireCredentialsOwner(context.get("actor"));
  const wallets = await listWallets(makeServices(context), actor);
  const notice = problem === undefined ? lookUpNotice(NOTICES, context.req.query("done")) : null;
  context.header("Cache-Control", "no-store");
  const props = { frame: makeFrame(context), wallets, notice, problem };
  return context.html(<WalletsPage {...props} />, problem === undefined ? 200 : 422);
}
