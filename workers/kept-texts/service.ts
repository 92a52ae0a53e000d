// What a browser leaves for its next request: a text shown once, a form that is to come back, and which forms were sent.
// Invariant: a text is sealed under the browser's own secret and bound to the person, is taken once, and is gone in minutes.
import { hashSecret } from "../../schema/token.ts";
import type { Database } from "../core/db.ts";
import {
  FORM_ANSWERED_AGAIN_MS,
  FORM_BEING_ANSWERED_MS,
  KEPT_TEXT_CHARACTERS_MAX,
  KEPT_TEXT_LIFETIME_MS,
} from "../core/limits.ts";
import { seal, unseal } from "../mail/seal.ts";
import * as store from "./store.ts";

const PURPOSE = "text that a browser left";

/** Whose text it is: the person, and a secret that their browser has and the database hasn't. */
export interface Holder {
  userId: number;
  secret: string;
}

/** @param name what it is and where it belongs, such as `shown-once:/settings/tokens`. Too long a text isn't kept. */
export async function keepText(
  { query }: Pick<Database, "query">,
  { userId, secret }: Holder,
  name: string,
  text: string,
): Promise<void> {
  if (text.length > KEPT_TEXT_CHARACTERS_MAX) return;
  const [keyHash, sealed] = await Promise.all([hashKey(secret, name), seal(secret, text, PURPOSE)]);
  await store.upsertText(query, { userId, keyHash, sealed, lifetimeMs: KEPT_TEXT_LIFETIME_MS });
}

/** The text that was kept under `name`, which is then gone; undefined when there is none. */
export async function takeText(
  { query }: Pick<Database, "query">,
  { userId, secret }: Holder,
  name: string,
): Promise<string | undefined> {
  const sealed = await store.takeText(query, userId, await hashKey(secret, name));
  return sealed === undefined ? undefined : unseal(secret, sealed, PURPOSE);
}

/** One form that is being sent: its answer is for this one to find, or another one's to wait for. */
type Submission =
  | { state: "first"; settle(location: string | null): Promise<void> }
  | { state: "answered"; location: string }
  | { state: "being-answered" };

/**
 * Claims the sending of a form. Of two at once, one is the first; it must settle: with where it led, or with null where it
 * did nothing, after which the form may be sent again.
 */
export async function openSubmission(
  { query }: Pick<Database, "query">,
  { userId, secret }: Holder,
  name: string,
): Promise<Submission> {
  const keyHash = await hashKey(secret, name);
  const row = { userId, keyHash, sealed: "" };
  if (await store.claimKey(query, { ...row, lifetimeMs: FORM_BEING_ANSWERED_MS })) {
    return {
      state: "first",
      settle: async (location) => {
        if (location === null) return store.deleteKey(query, keyHash);
        const sealed = await seal(secret, location, PURPOSE);
        await store.upsertText(query, { ...row, sealed, lifetimeMs: FORM_ANSWERED_AGAIN_MS });
      },
    };
  }
  const sealed = await store.findText(query, userId, keyHash);
  const location = sealed ? await unseal(secret, sealed, PURPOSE) : undefined;
  return location === undefined ? { state: "being-answered" } : { state: "answered", location };
}

/** Removes what nobody came for; called by the clock. */
export async function sweepKeptTexts({ query }: Pick<Database, "query">): Promise<void> {
  await store.deletePast(query);
}

const hashKey = (secret: string, name: string): Promise<string> => hashSecret(`kept:${name}:${secret}`);
