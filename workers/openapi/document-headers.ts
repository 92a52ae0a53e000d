// The headers of answers, as the OpenAPI document names them.

const text = (description: string, isRequired = false) => ({
  ...{ description, schema: { type: "string" as const } },
  ...(isRequired ? { required: true } : {}),
});
const count = (description: string) => ({ description, schema: { type: "integer" as const } });

/** All of them, for the document's components. */
export const HEADERS = {
  "X-Request-Id": text("What the log of this request is found by", true),
  ETag: text("For `If-None-Match`: it is made of the body alone, whatever the token", true),
  Link: text("Other pages of a list (RFC 8288)"),
  Location: text("Where it is", true),
  "Retry-After": text("Seconds after which it is worth asking again"),
  "WWW-Authenticate": text("How to show who one is", true),
  "X-RateLimit-Limit": count("Requests within the time of the limit"),
  "X-RateLimit-Remaining": count("Requests that are left of it"),
  "X-RateLimit-Used": count("Requests that are used of it"),
  "X-RateLimit-Reset": count("When there are more, in seconds since 1970"),
  "X-RateLimit-Resource": text("Which limit it is"),
  "X-OAuth-Scopes": text("The scopes of the token"),
  "X-Accepted-OAuth-Scopes": text("The scopes that were asked for"),
};
type HeaderName = keyof typeof HEADERS;

const LIMITS: readonly HeaderName[] = [
  "X-RateLimit-Limit",
  "X-RateLimit-Remaining",
  "X-RateLimit-Used",
  "X-RateLimit-Reset",
  "X-RateLimit-Resource",
];

/** References to those that an answer has. */
export function namedHeaders(path: string, method: string, status: string): Record<string, { $ref: string }> {
  const isGithubs = path.startsWith("/v3/");
  const isRead = method === "get";
  const names: HeaderName[] = ["X-Request-Id"];
  if (isGithubs && isRead && (status === "200" || status === "304")) names.push("ETag");
  if (isGithubs && isRead && status === "200") names.push("Link");
  if (isGithubs) names.push(...LIMITS, "X-OAuth-Scopes", "X-Accepted-OAuth-Scopes");
  if (status === "401") names.push("WWW-Authenticate");
  if (["403", "429", "503"].includes(status)) names.push("Retry-After");
  if (["301", "307"].includes(status)) names.push("Location");
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}
