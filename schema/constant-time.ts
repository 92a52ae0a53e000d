// The one place where secrets are compared. Invariant: how long it takes tells nothing but their lengths.

/** Whether two texts are the same, in time that depends on their lengths alone. */
export function areEqualSecrets(left: string, right: string): boolean {
  let difference = left.length ^ right.length;
  for (let at = 0; at < left.length; at++) difference |= left.charCodeAt(at) ^ right.charCodeAt(at);
  return difference === 0;
}
