// Addresses with slashes in a row, as scripts make them by joining `https://host/` and `/owner/repository`.

/** The request with one slash where its path has several; the same request where it has none. */
export function withSingleSlashes(request: Request): Request {
  const url = new URL(request.url);
  if (!url.pathname.includes("//")) return request;
  url.pathname = url.pathname.replaceAll(/\/+/g, "/");
  return new Request(url, request);
}
