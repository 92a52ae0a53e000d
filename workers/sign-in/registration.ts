// What is kept with an activation link: the name that was asked for, and the hash of the password.
import { z } from "zod";

const registrationSchema = z.object({ username: z.string(), passwordHash: z.string() });

/** @throws ZodError when a link holds anything else. */
export function readRegistration(payload: Record<string, unknown>): z.infer<typeof registrationSchema> {
  return registrationSchema.parse(payload);
}
