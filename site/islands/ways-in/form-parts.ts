// What the forms of wallets and passkeys have in common: a line that says what happens, hidden fields, and questions to the
// server that carry the session's token.

/** Puts a sentence where the form says what happens. */
export function say(form: HTMLFormElement, sentence: string): void {
  const line = form.querySelector("[data-says]");
  if (line !== null) line.textContent = sentence;
}

/** Fills in hidden fields by name. @throws Error when the form has no such field. */
export function fillIn(form: HTMLFormElement, values: Record<string, string>): void {
  for (const [name, value] of Object.entries(values)) {
    const field = form.elements.namedItem(name);
    if (!(field instanceof HTMLInputElement)) throw new Error(`The form has no field ${name}.`);
    field.value = value;
  }
}

/** A refusal of the server's, in a sentence for the person. */
class Refusal extends Error {}

/** @throws Error with the server's own sentence when it refuses. */
export async function postJson(
  form: HTMLFormElement,
  path: string,
  body: object,
): Promise<Record<string, unknown>> {
  const csrf = form.elements.namedItem("_csrf");
  const response = await fetch(path, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(csrf instanceof HTMLInputElement ? { "x-csrf-token": csrf.value } : {}),
    },
    body: JSON.stringify(body),
  });
  const isJson = response.headers.get("content-type")?.startsWith("application/json") === true;
  const answer: unknown = isJson ? await response.json() : {};
  const fields = typeof answer === "object" && answer !== null ? { ...answer } : {};
  if (response.ok) return fields;
  const { problem } = { problem: undefined, ...fields };
  throw new Refusal(
    typeof problem === "string" ? problem : "The server refused. Reload the page and try again.",
  );
}

/** Why it didn't work: the person said no, the server did, or something else went wrong. */
export function describeFailure(error: unknown, otherwise: string): string {
  if (error instanceof Refusal) return error.message;
  // A wallet's code for a person who said no, and the browser's name for it.
  const isNo =
    typeof error === "object" &&
    error !== null &&
    (("code" in error && error.code === 4001) || ("name" in error && error.name === "NotAllowedError"));
  if (isNo) return "Nothing was signed: it was cancelled, or took too long.";
  return error instanceof Error && error.message !== "" ? `${otherwise} ${error.message}` : otherwise;
}
