// The three kinds of tests: `unit` on Node, `worker` on workerd with real PostgreSQL and R2, and `e2e`
// against the whole system as `npm start` runs it. `npx vitest run --project unit path` runs a part of one.
import { fileURLToPath } from "node:url";
import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

/** The site's pages are Hono JSX, as tsconfig.worker.json says. */
const oxc = { jsx: { runtime: "automatic", importSource: "hono/jsx" } } as const;
const never = ["**/node_modules/**", "**/.plue/**", "**/dist/**"];

export default defineConfig({
  test: {
    // The Worker logs each request; that matters where a test failed.
    silent: "passed-only",
    globalSetup: ["scripts/testing/global-setup.ts"],
    projects: [
      {
        oxc,
        test: {
          name: "unit",
          execArgv: ["--import", fileURLToPath(new URL("scripts/dev/fast-imports.mjs", import.meta.url))],
          include: ["{schema,workers,runner-gateway,scripts,site}/**/*.test.ts"],
          exclude: [...never, "**/*.worker.test.ts"],
          testTimeout: 60_000,
        },
      },
      {
        oxc,
        plugins: [
          cloudflareTest(({ inject }) => ({
            wrangler: { configPath: "./wrangler.toml" },
            remoteBindings: false,
            miniflare: {
              // A shield that is soon used up, beside those of wrangler.toml.
              ratelimits: { SMALL_SHIELD: { namespace_id: "4003", simple: { limit: 5, period: 60 } } },
              bindings: {
                ENVIRONMENT: "development",
                PUBLIC_URL: "http://plue.test",
                BUILD_VERSION: "test",
                DATABASE_URL: inject("bridgeUrl"),
                NEON_PROXY: inject("neonProxy"),
                GATEWAY_URL: "http://127.0.0.1:9",
                RATE_LIMIT_FACTOR: "20",
                GATEWAY_SECRET: "a-gateway-secret-for-the-tests-only",
              },
            },
          })),
        ],
        test: {
          name: "worker",
          include: ["{schema,workers,site,scripts}/**/*.worker.test.ts"],
          isolate: false,
          exclude: never,
          testTimeout: 60_000,
        },
      },
      {
        oxc,
        test: {
          name: "e2e",
          include: ["e2e/**/*.test.ts"],
          exclude: never,
          // After the others, two files at a time: each starts a whole installation, and mostly waits for it.
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
          testTimeout: 120_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});
