// The end of one's own account, asked for twice: by a recent proof and by typing its name.
import { type Context, Hono } from "hono";
import { deleteAccount, readDeparture } from "../../workers/accounts/delete-account.ts";
import { clearSessionCookie } from "../../workers/auth/middleware.ts";
import { requireCredentialsOwner } from "../../workers/auth/require-user.ts";
import type { AppEnv } from "../../workers/core/app-env.ts";
import { sendSoon } from "../../workers/core/outbox.ts";
import { signInPath } from "../components/paths.ts";
import { settingsPath } from "../components/settings-layout.tsx";
import { confirmFirst } from "../confirm-first.ts";
import { expectRefusal } from "../expect-refusal.ts";
import { makeFrame } from "../make-frame.ts";
import { makeServices } from "../make-services.ts";
import { AccountGonePage, AccountPage } from "../pages/account-page.tsx";
import { readTextFields } from "../read-text-field.ts";

const accountPath = settingsPath("account");
const gonePath = `${signInPath}/deleted`;

export const deleteAccountRoutes = new Hono<AppEnv>()
  .get(accountPath, (context) => answerPage(context))
  .post(`${accountPath}/delete`, async (context) => {
    const first = await confirmFirst(context, accountPath);
    if (first) return first;
    const services = { ...makeServices(context), actor: requireCredentialsOwner(context.get("actor")) };
    const field = await readTextFields(context);
    const isAgreed = field("with_repositories") !== "";
    const repositoryIds = isAgreed ? field("repositories").split(",").filter(Boolean).map(Number) : [];
    const confirmation = field("confirmation").trim();
    const problem = await expectRefusal(() => deleteAccount(services, { confirmation, repositoryIds }));
    if (problem !== undefined) return answerPage(context, problem);
    sendSoon(context);
    clearSessionCookie(context);
    return context.redirect(gonePath, 303);
  })
  .get(gonePath, (context) => context.html(<AccountGonePage frame={makeFrame(context)} />));

async function answerPage(context: Context<AppEnv>, problem?: string) {
  const actor = requireCredentialsOwner(context.get("actor"));
  const departure = await readDeparture({ ...makeServices(context), actor });
  const { username } = actor;
  return context.html(
    <AccountPage {...{ frame: makeFrame(context), username, departure, problem }} />,
    problem === undefined ? 200 : 422,
  );
}
