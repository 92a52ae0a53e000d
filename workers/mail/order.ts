// What may be asked to be mailed. An order says what happened; whom it concerns and what is written to them is found
// out by the queue, so that asking takes the same time whether anyone is known or not.
import { z } from "zod";
import { isEmailAddress } from "../../schema/wire/mail.ts";

const address = z.string().refine(isEmailAddress, "must be an email address");

const messageSchema = z.object({
  kind: z.literal("message"),
  to: address,
  subject: z.string().min(1).max(200),
  text: z.string().max(16_000),
});
/** A mail as it is written. */
export type Message = z.infer<typeof messageSchema>;

export const mailOrderSchema = z.discriminatedUnion("kind", [
  messageSchema,
  /** Somebody wants an account: to whoever has the address, a link that makes it, or the news that they have one. */
  z.object({
    kind: z.literal("register"),
    address,
    username: z.string(),
    passwordHash: z.string(),
  }),
  /** Somebody asked for a link to sign in, or to set a new password, by a username or an address. */
  z.object({ kind: z.literal("sign-in"), login: z.string() }),
  z.object({ kind: z.literal("reset"), login: z.string() }),
  /** An account says that an address is its own. */
  z.object({ kind: z.literal("verify"), userId: z.number().int(), address }),
  /** An account's primary address is to change; each of the two is asked. */
  z.object({
    kind: z.enum(["change-old", "change-new"]),
    userId: z.number().int(),
    changeId: z.string(),
    from: address,
    to: address,
  }),
  /** Something was done to an account, told to its primary address or to one that was just taken from it. */
  z.object({
    kind: z.literal("news"),
    userId: z.number().int(),
    news: z.enum(["password", "address", "username"]),
    /** What it is now, in words that are no secret. */
    detail: z.string(),
    to: address.optional(),
  }),
  /** An account was deleted. */
  z.object({ kind: z.literal("farewell"), address, username: z.string() }),
  /** Somebody is invited. By address, the mail brings the one link and ends that of an earlier mail; by name, it tells. */
  z.object({ kind: z.literal("invitation"), invitationId: z.number().int() }),
  /** A person is offered a repository. */
  z.object({ kind: z.literal("transfer"), transferId: z.number().int() }),
]);
export type MailOrder = z.infer<typeof mailOrderSchema>;
