// What browsers answer for passkeys, as they write it in JSON. Invariant: nothing of another shape reaches the verifier.
// After https://www.w3.org/TR/webauthn-3/#dictdef-registrationresponsejson
import { z } from "zod";

const base64url = z.string().regex(/^[A-Za-z0-9_-]+$/);
const common = {
  id: base64url.max(1_400),
  rawId: base64url.max(1_400),
  type: z.literal("public-key"),
  clientExtensionResults: z.object({}),
};
const TRANSPORTS = ["ble", "cable", "hybrid", "internal", "nfc", "smart-card", "usb"] as const;

const registrationSchema = z.object({
  ...common,
  response: z.object({
    clientDataJSON: base64url,
    attestationObject: base64url,
    // Ways that nobody knows yet are left out.
    transports: z
      .array(z.string())
      .max(20)
      .default([])
      .transform((given) => TRANSPORTS.filter((transport) => given.includes(transport))),
  }),
});

const signInSchema = z.object({
  ...common,
  response: z
    .object({
      clientDataJSON: base64url,
      authenticatorData: base64url,
      signature: base64url,
      userHandle: base64url.nullish(),
    })
    .transform(({ userHandle, ...rest }) => (userHandle ? { ...rest, userHandle } : rest)),
});

/** A new passkey's answer; undefined for any other text. */
export const readRegistration = (text: string) => readJson(text, registrationSchema);

/** A known passkey's answer; undefined for any other text. */
export const readAssertion = (text: string) => readJson(text, signInSchema);

function readJson<Shape>(text: string, schema: z.ZodType<Shape>): Shape | undefined {
  const parsed = z.string().transform(parseJson).pipe(schema).safeParse(text);
  return parsed.success ? parsed.data : undefined;
}

function parseJson(text: string, context: z.RefinementCtx): unknown {
  try {
    return JSON.parse(text);
  } catch {
    context.addIssue("isn't JSON");
    return z.NEVER;
  }
}
