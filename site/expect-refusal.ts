// What a form's work is refused with, as a sentence for its page. Anything unexpected is thrown on.
import { ForgeError } from "../workers/core/errors.ts";

/** Runs `work`; the message of an expected refusal, or undefined when it was done. */
export async function expectRefusal(work: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    const isExpected =
      error instanceof ForgeError &&
      ["invalid", "conflict", "not_found", "too_many_requests"].includes(error.code);
    if (!isExpected) throw error;
    return error.message === "Not Found" ? "There is nothing of that name." : error.message;
  }
}
