// The Worker's configuration: read once an isolate, checked, and typed from then on.
// Invariant: nothing else in the Worker reads a raw binding.
import { z } from "zod";
import type { ImportsMessage } from "../../schema/wire/imports.ts";
import type { DeliveriesMessage } from "../../schema/wire/mail.ts";
import type { MaintenanceMessage, RunsMessage } from "../../schema/wire/outbox.ts";
import { type ClientAddressSource, readTrustedProxies } from "./client-address.ts";
import { ForgeError } from "./errors.ts";

/** The bindings of wrangler.toml, as the runtime hands them over. */
export interface Bindings {
  OBJECTS: R2Bucket;
  RUNS_QUEUE: Queue<RunsMessage>;
  MAINTENANCE_QUEUE: Queue<MaintenanceMessage>;
  IMPORTS_QUEUE: Queue<ImportsMessage>;
  DELIVERIES_QUEUE: Queue<DeliveriesMessage>;
  ENVIRONMENT: string;
  PUBLIC_URL: string;
  BUILD_VERSION: string;
  DATABASE_URL: string;
  NEON_PROXY?: string;
  GATEWAY_URL: string;
  GATEWAY_SECRET: string;
  MAIL_HTTP_URL?: string;
  MAIL_HTTP_KEY?: string;
  MAIL_FROM?: string;
  ETHEREUM_RPC_URL?: string;
  RATE_LIMIT_FACTOR?: string;
  TRUSTED_PROXIES?: string;
  CONNECTION_ADDRESS?: string;
  /** Cloudflare's own counts of requests, see workers/rate-limits/shield.ts. */
  RATE_SHIELD?: RateLimit;
  SIGN_IN_SHIELD?: RateLimit;
}

export interface Env {
  objects: R2Bucket;
  runsQueue: Queue<RunsMessage>;
  maintenanceQueue: Queue<MaintenanceMessage>;
  importsQueue: Queue<ImportsMessage>;
  deliveriesQueue: Queue<DeliveriesMessage>;
  isProduction: boolean;
  /** Scheme and host of the site, without a slash at the end. */
  publicUrl: string;
  buildVersion: string;
  databaseUrl: string;
  /** `host:port` of the local bridge that stands in for Neon's proxy; undefined in production. */
  neonProxy: string | undefined;
  gatewayUrl: string;
  gatewaySecret: string;
  /** A mail provider's HTTP API; null leaves mail to the gateway. */
  mailProvider: MailProvider | null;
  /** Nodes that are asked about contract wallets, by chain id; none unless they are configured. */
  ethereumNodes: ReadonlyMap<number, string>;
  /** What every limit of requests is multiplied by: 1, unless the installation is configured otherwise. */
  rateLimitFactor: number;
  /** Who says where a request came from. */
  clientAddressSource: ClientAddressSource;
  /** Cloudflare's counts of all requests of an address, and of those that sign in; undefined where they aren't bound. */
  rateShield: RateLimit | undefined;
  signInShield: RateLimit | undefined;
}

export interface MailProvider {
  url: string;
  key: string;
  /** An address, or `Name <address>`. */
  from: string;
}

const DEFAULT_SECRETS = new Set(["secret", "change-me", "changeme", "development", "test"]);

const httpUrl = z.url({ protocol: /^https?$/ }).transform((url) => url.replace(/\/+$/, ""));

const variablesSchema = z.object({
  ENVIRONMENT: z.enum(["development", "production"]),
  PUBLIC_URL: httpUrl,
  BUILD_VERSION: z.string().min(1),
  DATABASE_URL: z.string().regex(/^postgres(ql)?:\/\//, "must be a postgres:// address"),
  NEON_PROXY: z.string().min(1).optional(),
  GATEWAY_URL: httpUrl,
  GATEWAY_SECRET: z.string().min(32, "must have at least 32 characters"),
  MAIL_HTTP_URL: httpUrl.optional(),
  MAIL_HTTP_KEY: z.string().min(1).optional(),
  MAIL_FROM: z
    .string()
    .regex(/^[^\p{Cc}<>]*<?[^\s\p{Cc}<>]+@[^\s\p{Cc}<>]+>?$/u, "must be an address")
    .optional(),
  RATE_LIMIT_FACTOR: z.coerce.number("must be a number").positive().max(10_000).default(1),
  TRUSTED_PROXIES: z.string().default(""),
  CONNECTION_ADDRESS: z.string().default(""),
  ETHEREUM_RPC_URL: z.string().optional().transform(readEthereumNodes),
});

const parsed = new WeakMap<Bindings, Env>();

/**
 * Interprets the bindings; the same object is interpreted once.
 * @throws ForgeError `misconfigured` naming each variable that is missing or wrong. In production a default
 * secret or a development proxy is wrong too.
 */
export function parseEnv(bindings: Bindings): Env {
  const known = parsed.get(bindings);
  if (known) return known;
  const result = variablesSchema.safeParse(bindings);
  if (!result.success) {
    const problems = result.error.issues.map((issue) => `${issue.path.join(".")} ${issue.message}`);
    throw misconfigured(problems.join("; "));
  }
  const variables = result.data;
  const isProduction = variables.ENVIRONMENT === "production";
  if (isProduction) refuseDefaults(variables);
  const env: Env = {
    objects: bindings.OBJECTS,
    runsQueue: bindings.RUNS_QUEUE,
    maintenanceQueue: bindings.MAINTENANCE_QUEUE,
    importsQueue: bindings.IMPORTS_QUEUE,
    deliveriesQueue: bindings.DELIVERIES_QUEUE,
    isProduction,
    publicUrl: variables.PUBLIC_URL,
    buildVersion: variables.BUILD_VERSION,
    databaseUrl: variables.DATABASE_URL,
    neonProxy: variables.NEON_PROXY,
    gatewayUrl: variables.GATEWAY_URL,
    gatewaySecret: variables.GATEWAY_SECRET,
    ethereumNodes: variables.ETHEREUM_RPC_URL,
    rateLimitFactor: variables.RATE_LIMIT_FACTOR,
    clientAddressSource: readClientAddressSource(variables),
    rateShield: bindings.RATE_SHIELD,
    signInShield: bindings.SIGN_IN_SHIELD,
    mailProvider: readMailProvider(variables),
  };
  parsed.set(bindings, env);
  return env;
}

function readMailProvider(variables: z.infer<typeof variablesSchema>): MailProvider | null {
  const { MAIL_HTTP_URL: url, MAIL_HTTP_KEY: key, MAIL_FROM: from } = variables;
  if (url === undefined) return null;
  if (key === undefined || from === undefined) {
    throw misconfigured("MAIL_HTTP_URL needs MAIL_HTTP_KEY and MAIL_FROM");
  }
  return { url, key, from };
}

function readClientAddressSource(variables: z.infer<typeof variablesSchema>): ClientAddressSource {
  const source = readTrustedProxies(variables.TRUSTED_PROXIES, variables.CONNECTION_ADDRESS);
  if (source === undefined) {
    throw misconfigured("TRUSTED_PROXIES must be cloudflare, or addresses and CIDR ranges");
  }
  return source;
}

/** `https://…` for the main chain, or `1=https://…,8453=https://…`. */
function readEthereumNodes(text: string | undefined, context: z.core.$RefinementCtx<string | undefined>) {
  const nodes = new Map<number, string>();
  for (const entry of (text ?? "").split(",").filter((part) => part.trim() !== "")) {
    const match = /^(?:([1-9]\d{0,9})=)?(https?:\/\/.+)$/.exec(entry.trim());
    const chainId = Number(match?.[1] ?? 1);
    if (match?.[2] === undefined || !URL.canParse(match[2]) || nodes.has(chainId)) {
      context.addIssue("must be an address, or chain=address,chain=address");
      return z.NEVER;
    }
    nodes.set(chainId, match[2]);
  }
  return nodes;
}

function refuseDefaults(variables: z.infer<typeof variablesSchema>): void {
  const problems: string[] = [];
  const secret = variables.GATEWAY_SECRET;
  if (
    new Set(secret).size < 8 ||
    [...DEFAULT_SECRETS].some((word) => secret.toLowerCase().startsWith(word))
  ) {
    problems.push("GATEWAY_SECRET is a default or trivial one");
  }
  if (variables.NEON_PROXY !== undefined) problems.push("NEON_PROXY is for development only");
  if (!variables.PUBLIC_URL.startsWith("https://")) problems.push("PUBLIC_URL must be https");
  if ([...variables.ETHEREUM_RPC_URL.values()].some((url) => !url.startsWith("https://"))) {
    problems.push("ETHEREUM_RPC_URL must be https");
  }
  if (variables.MAIL_HTTP_URL?.startsWith("http://")) problems.push("MAIL_HTTP_URL must be https");
  if (problems.length > 0) throw misconfigured(problems.join("; "));
}

function misconfigured(details: string): ForgeError {
  return new ForgeError("misconfigured", "The server is misconfigured.", { cause: new Error(details) });
}
