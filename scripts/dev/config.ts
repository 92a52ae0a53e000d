// What a user may set for `npm start`, read once from the environment, checked, and typed from then on.
import { resolve } from "node:path";
import { z } from "zod";
import { userVariables } from "../../runner-gateway/config.ts";
import { readTrustedProxies } from "../../workers/core/client-address.ts";

export type DevConfig = {
  /** The site's port on the loopback addresses. */
  port: number;
  publicUrl: string;
  /** Absolute; everything that outlives a stop is in it. */
  dataFolder: string;
  /** A PostgreSQL of the user's own instead of the one we bring. */
  databaseUrl: string | undefined;
  /** The same database as the role that owns the tables, where the programs' role isn't it. */
  migrationDatabaseUrl: string | undefined;
  /** The longest wait before a program that died is started again. */
  maxRestartWaitMs: number;
  /** Where the Worker can be profiled, and its memory looked at; undefined where that isn't to be. */
  inspectorPort: number | undefined;
  /** The proxies whose `X-Forwarded-For` is believed: addresses and CIDR ranges; empty for none. */
  trustedProxies: string;
  /** Variables that are the gateway's to check and interpret. */
  gatewayEnv: Record<string, string>;
  /** As well, the Worker's. */
  workerEnv: Record<string, string>;
};

const gatewayVariables = Object.keys(userVariables);
const workerVariables = ["ETHEREUM_RPC_URL"];

const postgresUrl = z.string().regex(/^postgres(ql)?:\/\//, "must be a postgres:// address");
const proxiesHint = "must be addresses and CIDR ranges with commas between them";
const portHint = "must be a port from 1 to 65535";
const waitHint = "must be a whole number of milliseconds, 100 or more";

const schema = z.object({
  PLUE_PORT: z.coerce.number(portHint).int(portHint).min(1, portHint).max(65_535, portHint).default(4000),
  PLUE_DATA: z.string().min(1).default(".plue"),
  PLUE_INSPECTOR_PORT: z.coerce
    .number(portHint)
    .int(portHint)
    .min(1, portHint)
    .max(65_535, portHint)
    .optional(),
  DATABASE_URL: postgresUrl.optional(),
  MIGRATION_DATABASE_URL: postgresUrl.optional(),
  PLUE_RESTART_WAIT_MS: z.coerce.number(waitHint).int(waitHint).min(100, waitHint).default(10_000),
  TRUSTED_PROXIES: z
    .string()
    .refine((text) => readTrustedProxies(text, "")?.kind === "connection", proxiesHint)
    .default(""),
  ...userVariables,
});

/**
 * Interprets the environment; an empty variable counts as one that isn't set.
 * @param folder what a relative PLUE_DATA is relative to.
 * @throws Error naming each variable that is wrong.
 */
export function readDevConfig(environment: NodeJS.ProcessEnv, folder: string): DevConfig {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ""));
  const result = schema.safeParse(given);
  if (!result.success) {
    const problems = result.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
    throw new Error(problems.join("\n"));
  }
  const { PLUE_PORT, PLUE_DATA, DATABASE_URL, MIGRATION_DATABASE_URL } = result.data;
  if (MIGRATION_DATABASE_URL !== undefined && DATABASE_URL === undefined) {
    throw new Error("MIGRATION_DATABASE_URL: set DATABASE_URL as well, to the programs' own role");
  }
  if (result.data.SMTP_URL !== undefined && result.data.MAIL_FROM === undefined) {
    throw new Error("SMTP_URL: set MAIL_FROM as well, to the address that mail is from");
  }
  const pick = (names: string[]): Record<string, string> => {
    const entries = names.map((name) => [name, given[name]] as const);
    return Object.fromEntries(entries.filter((entry): entry is [string, string] => entry[1] !== undefined));
  };
  return {
    port: PLUE_PORT,
    publicUrl: `http://localhost:${PLUE_PORT}`,
    dataFolder: resolve(folder, PLUE_DATA),
    databaseUrl: DATABASE_URL,
    migrationDatabaseUrl: MIGRATION_DATABASE_URL,
    maxRestartWaitMs: result.data.PLUE_RESTART_WAIT_MS,
    inspectorPort: result.data.PLUE_INSPECTOR_PORT,
    trustedProxies: result.data.TRUSTED_PROXIES,
    gatewayEnv: pick(gatewayVariables),
    workerEnv: pick(workerVariables),
  };
}
