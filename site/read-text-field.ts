// A field of a posted form as text, whatever was posted under its name.
import type { Context } from "hono";
import type { AppEnv } from "../workers/core/app-env.ts";
import { readPostedForm } from "../workers/core/read-posted-form.ts";

/** Reads the form once. The function it gives returns a field's text, empty where there is none. */
export async function readTextFields(context: Context<AppEnv>): Promise<(name: string) => string> {
  const form = await readPostedForm(context);
  return (name) => {
    const value = form[name]?.at(-1);
    return typeof value === "string" ? value : "";
  };
}
