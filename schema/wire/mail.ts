// A mail on its way to whoever delivers it, and the message that says there is one. Invariant: nothing that could end a
// header and begin another one passes.
import { z } from "zod";

const EMAIL_ADDRESS_CHARACTERS_MAX = 254;
const LOCAL_PART_CHARACTERS_MAX = 64;

// As HTML's `<input type=email>` has it, but with a dot in the domain and none astray before the @.
// https://html.spec.whatwg.org/multipage/input.html#valid-e-mail-address
const ADDRESS_SHAPE =
  /^[a-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*@([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i;

/** Whether `text` is an email address: ASCII, one of each, without a name or a comment. */
export function isEmailAddress(text: string): boolean {
  return (
    text.length <= EMAIL_ADDRESS_CHARACTERS_MAX &&
    text.indexOf("@") <= LOCAL_PART_CHARACTERS_MAX &&
    ADDRESS_SHAPE.test(text)
  );
}

export const mailSchema = z.object({
  /** Of its row; the same mail delivered twice is recognised by it. */
  id: z.number().int(),
  to: z.string().refine(isEmailAddress, "must be an email address"),

  subject: z
    .string()
    .min(1)
    .max(200)
    .regex(/^[^\p{Cc}\u2028\u2029]*$/u),
  text: z.string().max(16_000),
});
export type Mail = z.infer<typeof mailSchema>;

/** What became of a mail that was handed over: taken, or refused for good. All else is tried again. */
export const mailEndSchema = z.discriminatedUnion("end", [
  z.object({ end: z.literal("sent") }),
  z.object({ end: z.literal("refused"), problem: z.string() }),
]);
export type MailEnd = z.infer<typeof mailEndSchema>;

/** A message of the `deliveries` queue. It only hints: what is to be delivered is read from Postgres. */
export const deliveriesMessageSchema = z.object({ kind: z.literal("mail"), mailId: z.number().int() });
export type DeliveriesMessage = z.infer<typeof deliveriesMessageSchema>;
