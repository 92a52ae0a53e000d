// Signing in by a passkey: the question to the browser, and its answer.
import { Hono } from "hono";
import { z } from "zod";
import { readReturnPath } from "../../workers/auth/return-path.ts";
import type { AppEnv } from "../../workers/core/app-env.ts";
import { preparePasskeySignIn } from "../../workers/sign-in/passkey-proof.ts";
import { signInByPasskey } from "../../workers/sign-in/passkey-service.ts";
import { answerSignIn } from "../answer-sign-in.tsx";
import { enterSession, makeAskingServices, makeBrowserServices, readPurpose } from "../browser-services.ts";
import { passkeySignInPath } from "../components/paths.ts";
import { readJsonBody } from "../read-json-body.ts";
import { readTextFields } from "../read-text-field.ts";

const questionSchema = z.object({ purpose: z.enum(["sign-in", "confirm"]) });

export const passkeySignInRoutes = new Hono<AppEnv>()
  .post(`${passkeySignInPath}/options`, async (context) => {
    const { purpose } = await readJsonBody(context, questionSchema);
    context.header("Cache-Control", "no-store");
    return context.json(
      await preparePasskeySignIn(makeAskingServices(context), readPurpose(context, purpose)),
    );
  })
  .post(passkeySignInPath, async (context) => {
    const field = await readTextFields(context);
    const returnTo = readReturnPath(field("return_to"));
    const purpose = readPurpose(context, field("purpose"));
    const result = await signInByPasskey(makeBrowserServices(context), purpose, field("answer"));
    if (result.end === "in") return enterSession(context, result.session, returnTo);
    return answerSignIn(context, purpose, { problem: result.problem, returnTo, status: 422 });
  });
