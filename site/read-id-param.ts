// Ids in the addresses of pages. Invariant: what isn't an id is answered as one that doesn't exist.
import { notFound } from "../workers/core/errors.ts";

/** @throws ForgeError `not_found` */
export function readIdParam(given: string): number {
  const id = /^[1-9]\d{0,14}$/.test(given) ? Number(given) : 0;
  if (id === 0) throw notFound();
  return id;
}
