// Signing in by a wallet: the message to sign, the signature, and the account of a wallet that is new here.
import { type Context, Hono } from "hono";
import { z } from "zod";
import { requireCredentialsOwner } from "../../workers/auth/require-user.ts";
import { readReturnPath } from "../../workers/auth/return-path.ts";
import type { AppEnv } from "../../workers/core/app-env.ts";
import { prepareWallet, registerByWallet, signInByWallet } from "../../workers/sign-in/wallet-service.ts";
import { answerSignIn } from "../answer-sign-in.tsx";
import { enterSession, makeAskingServices, makeBrowserServices, readPurpose } from "../browser-services.ts";
import { registerByWalletPath, walletSignInPath } from "../components/paths.ts";
import { mayAddWayIn } from "../confirm-first.ts";
import { makeFrame } from "../make-frame.ts";
import { WalletRegistrationPage } from "../pages/wallet-registration-page.tsx";
import { readJsonBody } from "../read-json-body.ts";
import { readTextFields } from "../read-text-field.ts";

const questionSchema = z.object({
  purpose: z.enum(["sign-in", "confirm", "add"]),
  address: z.string(),
  chainId: z.number().int(),
});

export const walletSignInRoutes = new Hono<AppEnv>()
  .post(`${walletSignInPath}/message`, async (context) => {
    const { purpose, ...wallet } = await readJsonBody(context, questionSchema);
    if (purpose === "add") {
      requireCredentialsOwner(context.get("actor"));
      if (!(await mayAddWayIn(context))) {
        return context.json({ problem: "Confirm who you are first: reload the page." }, 403);
      }
    } else readPurpose(context, purpose);
    const message = await prepareWallet(makeAskingServices(context), purpose, wallet);
    if (message === undefined) return context.json({ problem: "That is no address of a wallet." }, 422);
    context.header("Cache-Control", "no-store");
    return context.json({ message });
  })
  .post(walletSignInPath, async (context) => {
    const field = await readTextFields(context);
    const returnTo = readReturnPath(field("return_to"));
    const purpose = readPurpose(context, field("purpose"));
    const services = makeBrowserServices(context);
    const signed = { message: readMessage(field("message")), signature: field("signature") };
    const result = await signInByWallet(services, purpose, signed);
    if (result.end === "in") return enterSession(context, result.session, returnTo);
    if (result.end === "unknown") {
      const { ticket, address } = result;
      return answerRegistration(context, { ticket, address, username: "", problem: undefined, returnTo });
    }
    return answerSignIn(context, purpose, { problem: result.problem, returnTo, status: 422 });
  })
  .post(registerByWalletPath, async (context) => {
    const field = await readTextFields(context);
    const returnTo = readReturnPath(field("return_to"));
    const [ticket, username] = [field("ticket"), field("username").trim()];
    const result = await registerByWallet(makeBrowserServices(context), ticket, username);
    if (result.end === "in") return enterSession(context, result.session, returnTo);
    if (result.end === "expired") {
      const problem = "That took too long, or was done already. Sign in with the wallet again.";
      return answerSignIn(context, "sign-in", { problem, returnTo, status: 410 });
    }
    if (result.end === "closed") {
      return answerSignIn(context, "sign-in", { problem: result.problem, returnTo, status: 422 });
    }
    const { address, problem } = result;
    return answerRegistration(context, { ticket, address, username, problem, returnTo });
  });

/** A form sends line ends as CR LF; the message that was signed has LF. */
export const readMessage = (posted: string): string => posted.replaceAll("\r\n", "\n");

function answerRegistration(
  context: Context<AppEnv>,
  shown: { ticket: string; address: string; username: string; problem: string | undefined; returnTo: string },
): Response | Promise<Response> {
  context.header("Cache-Control", "no-store");
  const status = shown.problem === undefined ? 200 : 422;
  return context.html(<WalletRegistrationPage frame={makeFrame(context)} {...shown} />, status);
}
