// Repositories that one is offered, and that one offers others.
import { type Context, Hono } from "hono";
import { requireUser } from "../../workers/auth/require-user.ts";
import type { AppEnv } from "../../workers/core/app-env.ts";
import { notFound } from "../../workers/core/errors.ts";
import {
  acceptOffer,
  cancelOffer,
  declineOffer,
  listOwnOffers,
} from "../../workers/repos/transfer-offers.ts";
import { settingsPath as repositorySettingsPath } from "../components/paths.ts";
import { lookUpNotice, settingsPath } from "../components/settings-layout.tsx";
import { expectRefusal } from "../expect-refusal.ts";
import { makeFrame } from "../make-frame.ts";
import { makeServices } from "../make-services.ts";
import { TransfersPage } from "../pages/transfers-page.tsx";
import { readIdParam } from "../read-id-param.ts";
import { readTextFields } from "../read-text-field.ts";

const transfersPath = settingsPath("transfers");
const NOTICES = { decline: "It stays with its owner.", cancel: "The offer is taken back." };

export const transferRoutes = new Hono<AppEnv>()
  .get(transfersPath, (context) => answerPage(context))
  .post(transfersPath, async (context) => {
    const services = { ...makeServices(context), actor: requireUser(context.get("actor")) };
    const field = await readTextFields(context);
    const act = field("act");
    if (act !== "accept" && !Object.hasOwn(NOTICES, act)) throw notFound();
    const id = readIdParam(field("id"));
    let next = `${transfersPath}?done=${act}`;
    const problem = await expectRefusal(async () => {
      if (act === "accept") {
        next = `${repositorySettingsPath(await acceptOffer(services, id))}?done=accept`;
      } else if (act === "decline") await declineOffer(services, id);
      else await cancelOffer(services, id);
    });
    return problem === undefined ? context.redirect(next, 303) : answerPage(context, problem);
  });

async function answerPage(context: Context<AppEnv>, problem?: string) {
  const actor = requireUser(context.get("actor"));
  const offers = await listOwnOffers(context.get("database"), actor);
  const notice = lookUpNotice(NOTICES, context.req.query("done"));
  return context.html(
    <TransfersPage {...{ frame: makeFrame(context), notice, problem, ...offers }} />,
    problem === undefined ? 200 : 422,
  );
}
