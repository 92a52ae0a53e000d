// The body of a posted form. Invariant: what can't be read as one is the sender's fault (400), never ours (500).
import type { Context } from "hono";
import type { AppEnv } from "./app-env.ts";
import { ForgeError } from "./errors.ts";

/** Every field with all its values, in the order they were sent. @throws ForgeError `bad_request` */
export async function readPostedForm(context: Context<AppEnv>): Promise<Record<string, (string | File)[]>> {
  const fields = await parseForm(context);
  return Object.fromEntries(Object.entries(fields).map(([name, values]) => [name, [values].flat()]));
}

async function parseForm(context: Context<AppEnv>) {
  try {
    return await context.req.parseBody({ all: true });
  } catch (cause) {
    // The runtime refuses a multipart body without a boundary, with a broken part, or that ends too early.
    if (!(cause instanceof TypeError)) throw cause;
    const message = "The form could not be read: its body does not match its Content-Type. Send it again.";
    throw new ForgeError("bad_request", message, { cause });
  }
}
