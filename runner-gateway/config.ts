// The gateway's configuration: read once from the environment, checked, and typed from then on.
import { z } from "zod";

export interface GatewayConfig {
  databaseUrl: string;
  /** Scheme, host and port of the Worker, without a slash at the end. */
  workerUrl: string;
  /** Where people reach the site; the same as `workerUrl` unless said. */
  publicUrl: string;
  gatewaySecret: string;
  port: number;
  /** Unique among the live gateways: whoever starts under a name takes over what it held. */
  name: string;
  dataFolder: string;
  /** A sandbox technology that is insisted on; null leaves the choice to what works. */
  sandbox: "gvisor" | "bubblewrap" | null;
  poolSize: number;
  concurrency: number;
  mail: MailConfig;
}

/** How mail leaves: to a server, into a folder as in development, or not at all. */
export type MailConfig =
  | { kind: "smtp"; url: string; from: string }
  | { kind: "folder"; folder: string; from: string }
  | { kind: "none" };

const httpUrl = z.url({ protocol: /^https?$/ }).transform((url) => url.replace(/\/+$/, ""));

const wholeNumber = (minimum: number, maximum: number) => {
  const hint = `must be a whole number from ${minimum} to ${maximum}`;
  return z.coerce.number(hint).int(hint).min(minimum, hint).max(maximum, hint);
};

/** What a user may set, also for `npm start`, which checks it before it starts anything. */
export const userVariables = {
  PLUE_SANDBOX: z.enum(["gvisor", "bubblewrap"], "must be gvisor or bubblewrap").optional(),
  PLUE_POOL_SIZE: wholeNumber(0, 64).default(2),
  PLUE_CONCURRENCY: wholeNumber(1, 64).default(4),
  SMTP_URL: z.url({ protocol: /^smtps?$/, error: "must be an smtp:// or smtps:// address" }).optional(),
  /** An address, or `Name <address>`. */
  MAIL_FROM: z
    .string()
    .regex(/^[^\p{Cc}<>]*<?[^\s\p{Cc}<>]+@[^\s\p{Cc}<>]+>?$/u, "must be an email address, or Name <address>")
    .optional(),
} as const;

const variablesSchema = z.object({
  DATABASE_URL: z.string().regex(/^postgres(ql)?:\/\//, "must be a postgres:// address"),
  WORKER_URL: httpUrl,
  PUBLIC_URL: httpUrl.optional(),
  GATEWAY_SECRET: z.string().min(32, "must have at least 32 characters"),
  GATEWAY_PORT: wholeNumber(0, 65_535),
  GATEWAY_NAME: z.string().regex(/^[A-Za-z0-9._-]{1,100}$/, "must be 1 to 100 of A-Z a-z 0-9 . _ -"),
  PLUE_DATA: z.string().min(1),
  /** Where mails are written instead of sent; `npm start` sets it. */
  MAIL_FOLDER: z.string().min(1).optional(),
  ...userVariables,
});

/**
 * Interprets the environment; an empty variable counts as one that isn't set.
 * @throws Error naming each variable that is missing or wrong.
 */
export function parseConfig(environment: Readonly<Record<string, string | undefined>>): GatewayConfig {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ""));
  const result = variablesSchema.safeParse(given);
  if (!result.success) {
    const problems = result.error.issues.map((issue) => `${issue.path.join(".")} ${issue.message}`);
    throw new Error(`The gateway is misconfigured: ${problems.join("; ")}`);
  }
  const variables = result.data;
  return {
    databaseUrl: variables.DATABASE_URL,
    workerUrl: variables.WORKER_URL,
    publicUrl: variables.PUBLIC_URL ?? variables.WORKER_URL,
    gatewaySecret: variables.GATEWAY_SECRET,
    port: variables.GATEWAY_PORT,
    name: variables.GATEWAY_NAME,
    dataFolder: variables.PLUE_DATA,
    sandbox: variables.PLUE_SANDBOX ?? null,
    poolSize: variables.PLUE_POOL_SIZE,
    concurrency: variables.PLUE_CONCURRENCY,
    mail: readMailConfig(variables),
  };
}

function readMailConfig(variables: z.infer<typeof variablesSchema>): MailConfig {
  const { SMTP_URL: url, MAIL_FOLDER: folder, MAIL_FROM: from } = variables;
  if (url !== undefined) {
    if (from === undefined) throw new Error("The gateway is misconfigured: SMTP_URL needs MAIL_FROM");
    return { kind: "smtp", url, from };
  }
  if (folder !== undefined) return { kind: "folder", folder, from: from ?? "Plue <plue@localhost>" };
  return { kind: "none" };
}
