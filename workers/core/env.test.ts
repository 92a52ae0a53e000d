// A wrong configuration is named, and production takes no default.
import { describe, expect, it } from "vitest";
import { type Bindings, parseEnv } from "./env.ts";
import { ForgeError } from "./errors.ts";

const GOOD = {
  ENVIRONMENT: "production",
  PUBLIC_URL: "https://plue.test/",
  BUILD_VERSION: "1",
  DATABASE_URL: "postgresql://u:p@db.test/plue",
  GATEWAY_URL: "https://gateway.test",
  GATEWAY_SECRET: "f3q9xk2m7v1b8n4c6z0a5s-well-mixed",
};

// The buckets and queues are handed over by the runtime and are not looked at here.
const bindings = (changes: Record<string, unknown>) => ({ ...GOOD, ...changes }) as unknown as Bindings;

function problemsOf(changes: Record<string, unknown>): string {
  try {
    parseEnv(bindings(changes));
  } catch (error) {
    if (error instanceof ForgeError && error.cause instanceof Error) return error.cause.message;
    throw error;
  }
  return "";
}

describe("parseEnv", () => {
  it("reads a good configuration, the same object once", () => {
    const given = bindings({});
    const env = parseEnv(given);
    expect(env).toMatchObject({ isProduction: true, publicUrl: "https://plue.test", neonProxy: undefined });
    expect(parseEnv(given)).toBe(env);
  });

  it.each([
    [{ DATABASE_URL: undefined }, "DATABASE_URL"],
    [{ DATABASE_URL: "mysql://x" }, "DATABASE_URL must be a postgres:// address"],
    [{ GATEWAY_SECRET: undefined }, "GATEWAY_SECRET"],
    [{ GATEWAY_SECRET: "short" }, "at least 32 characters"],
    [{ GATEWAY_SECRET: "x".repeat(40) }, "default or trivial"],
    [{ GATEWAY_SECRET: "change-me-change-me-change-me-change-me" }, "default or trivial"],
    [{ NEON_PROXY: "127.0.0.1:1" }, "NEON_PROXY is for development only"],
    [{ PUBLIC_URL: "http://plue.test" }, "PUBLIC_URL must be https"],
    [{ PUBLIC_URL: "plue.test" }, "PUBLIC_URL"],
    [{ ENVIRONMENT: "staging" }, "ENVIRONMENT"],
    [{ ETHEREUM_RPC_URL: "http://node.test" }, "ETHEREUM_RPC_URL must be https"],
    [{ ETHEREUM_RPC_URL: "node.test" }, "ETHEREUM_RPC_URL must be an address"],
    [{ ETHEREUM_RPC_URL: "1=https://a.test,1=https://b.test" }, "ETHEREUM_RPC_URL must be an address"],
    [{ ETHEREUM_RPC_URL: "0=https://a.test" }, "ETHEREUM_RPC_URL must be an address"],
    [{ MAIL_HTTP_URL: "https://mail.test/emails" }, "MAIL_HTTP_URL needs MAIL_HTTP_KEY and MAIL_FROM"],
    [{ MAIL_HTTP_URL: "http://mail.test", MAIL_HTTP_KEY: "k", MAIL_FROM: "a@b.test" }, "must be https"],
    [{ MAIL_FROM: "plue@plue.test\nBcc: eve@example.com" }, "MAIL_FROM must be an address"],
  ])("refuses %j in production", (changes, expected) => {
    expect(problemsOf(changes)).toContain(expected);
  });

  it.each([
    [undefined, []],
    ["", []],
    ["https://node.test/key", [[1, "https://node.test/key"]]],
    [
      "1=https://a.test, 8453=https://b.test/x=y",
      [
        [1, "https://a.test"],
        [8453, "https://b.test/x=y"],
      ],
    ],
  ])("reads the Ethereum nodes of %j", (given, nodes) => {
    expect([...parseEnv(bindings({ ETHEREUM_RPC_URL: given })).ethereumNodes]).toEqual(nodes);
  });

  it("lets development use what production may not", () => {
    const development = {
      ENVIRONMENT: "development",
      PUBLIC_URL: "http://localhost:4000",
      NEON_PROXY: "127.0.0.1:1",
    };
    expect(problemsOf({ ...development, GATEWAY_SECRET: "x".repeat(32) })).toBe("");
  });

  it("never puts a value into the message", () => {
    expect(problemsOf({ GATEWAY_SECRET: "hunter2" })).not.toContain("hunter2");
  });
});
