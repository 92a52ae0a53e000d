// Completes the OpenAPI document that is made of the routes: what any route may answer because of what a request goes
// through before its handler, the headers of answers, and how a request shows who it comes from. Invariant: a route says
// only what is its own; document.worker.test.ts holds every answer to the whole.
import type { OpenAPIHono } from "@hono/zod-openapi";
import { findRoutePermission } from "../auth/route-permissions.ts";
import type { AppEnv } from "../core/app-env.ts";
import { describeErrors, ERROR_STATUSES, type ErrorStatus } from "../core/validation.ts";
import { HEADERS, namedHeaders } from "./document-headers.ts";

type ApiDocument = ReturnType<OpenAPIHono<AppEnv>["getOpenAPI31Document"]>;
type PathItem = NonNullable<ApiDocument["paths"]>[string];
type Operation = NonNullable<PathItem["get"]>;
type Responses = NonNullable<Operation["responses"]>;
type DescribedResponse = Exclude<Responses[string], { $ref: string }>;

const METHODS = ["get", "post", "put", "patch", "delete"] as const;
type Method = (typeof METHODS)[number];

/** Permissions that nobody needs to be known for, and those that are had by everybody where a thing is public. */
const OPEN = ["public", "anyone", "organization.read", "repository.read", "team.read"];

/** @param document as `OpenAPIHono` makes it of the routes, their paths without `/api` */
export function completeDocument(document: ApiDocument): ApiDocument {
  const paths = Object.entries(document.paths ?? {}).map(([path, item]) => [path, completePath(path, item)]);
  return {
    ...document,
    paths: Object.fromEntries(paths),
    components: {
      ...document.components,
      headers: HEADERS,
      responses: { ...describeAllErrors(), ...describeRedirects() },
      securitySchemes: {
        token: {
          ...{ type: "http", scheme: "bearer" },
          description: "An API token; `Authorization: token …` and the password of `Basic` are the same",
        },
        basic: {
          type: "http",
          scheme: "basic",
          description: "Any user name, and an API token as the password",
        },
        session: {
          ...{ type: "apiKey", in: "cookie", name: "plue" },
          description:
            "A browser's session (`__Host-plue` over https); to change something takes `X-CSRF-Token` too",
        },
      },
    },
  };
}

function completePath(path: string, item: PathItem): PathItem {
  const completed = METHODS.flatMap((method) => {
    const operation = item[method];
    return operation === undefined ? [] : [[method, completeOperation(path, method, operation)]];
  });
  return { ...item, ...Object.fromEntries(completed) };
}

function completeOperation(path: string, method: Method, operation: Operation): Operation {
  const permission = readPermission(path, method, operation);
  return {
    ...operation,
    "x-permission": permission,
    security: [
      ...(OPEN.includes(permission.split(/, or /)[0] ?? "") ? [{}] : []),
      ...[{ token: [] }, { basic: [] }, { session: [] }],
    ],
    responses: completeResponses(path, method, operation),
  };
}

function readPermission(path: string, method: Method, operation: Operation): string {
  const own: unknown = operation["x-permission"];
  if (typeof own === "string") return own;
  const asInCode = `/api${path}`.replaceAll(/\{([a-z_]+)\}/gi, ":$1");
  return findRoutePermission(method.toUpperCase(), asInCode) ?? "public";
}

function completeResponses(path: string, method: Method, operation: Operation): Responses {
  const own = Object.entries(operation.responses ?? {}).map(([status, response]) => {
    if ("$ref" in response || isPlainError(response)) return [status, refTo(status)];
    return [status, { ...response, headers: { ...namedHeaders(path, method, status), ...response.headers } }];
  });
  const common = findCommonStatuses(path, method, operation).map((status) => [status, refTo(status)]);
  return Object.fromEntries([...common, ...own]);
}

/** The statuses that come from before the handler. */
function findCommonStatuses(path: string, method: Method, operation: Operation): (ErrorStatus | Redirect)[] {
  const isRead = method === "get";
  const isGithubs = path.startsWith("/v3/");
  const hasInput = operation.requestBody !== undefined || (operation.parameters ?? []).length > 0;
  return [
    ...([400, 401, 414, 429, 431, 503] as const),
    // Past a limit GitHub answers 403; who changes something with a cookie shows that it is their own page.
    ...(isGithubs || !isRead ? ([403] as const) : []),
    ...(isRead ? [] : ([413] as const)),
    ...(path.includes("{") ? ([404] as const) : []),
    ...(hasInput || isGithubs ? ([422] as const) : []),
    ...(isRead && isGithubs ? ([304] as const) : []),
    ...(path.includes("{owner}/{repo}") ? [isRead ? (301 as const) : (307 as const)] : []),
  ];
}

const REDIRECTS = {
  301: "The repository has another name now",
  307: "The repository has another name now: send the same there",
  304: "What the request's `If-None-Match` names is still so",
} as const;
type Redirect = keyof typeof REDIRECTS;

const refTo = (status: string | number) => ({ $ref: `#/components/responses/${status}` });

function isPlainError(response: DescribedResponse): boolean {
  const schema = response.content?.["application/json"]?.schema;
  return schema !== undefined && "$ref" in schema && schema.$ref === "#/components/schemas/Error";
}

function describeAllErrors(): Record<string, DescribedResponse> {
  const content = { "application/json": { schema: { $ref: "#/components/schemas/Error" } } };
  const described = describeErrors();
  return Object.fromEntries(
    ERROR_STATUSES.map((status) => [
      status,
      { description: described[status], headers: namedHeaders("", "get", String(status)), content },
    ]),
  );
}

function describeRedirects(): Record<string, DescribedResponse> {
  const schema = {
    type: "object" as const,
    properties: { message: { type: "string" as const }, url: { type: "string" as const } },
    required: ["message", "url"],
  };
  const moved = (status: 301 | 307) => ({
    description: REDIRECTS[status],
    headers: namedHeaders("", "get", String(status)),
    content: { "application/json": { schema } },
  });
  const unchanged = { description: REDIRECTS[304], headers: namedHeaders("/v3/", "get", "304") };
  return { 301: moved(301), 307: moved(307), 304: unchanged };
}
