// The gateway's environment: what is needed, what has a default, and what each mistake is told as.
import { describe, expect, it } from "vitest";
import { parseConfig } from "./config.ts";

const environment = {
  DATABASE_URL: "postgres://plue@127.0.0.1/plue",
  WORKER_URL: "http://127.0.0.1:4000/",
  GATEWAY_SECRET: "x".repeat(32),
  GATEWAY_PORT: "4100",
  GATEWAY_NAME: "local",
  PLUE_DATA: ".plue",
};

describe("parseConfig", () => {
  it("fills in what isn't set", () => {
    expect(parseConfig({ ...environment, PLUE_SANDBOX: "" })).toEqual({
      databaseUrl: "postgres://plue@127.0.0.1/plue",
      workerUrl: "http://127.0.0.1:4000",
      publicUrl: "http://127.0.0.1:4000",
      gatewaySecret: "x".repeat(32),
      port: 4100,
      name: "local",
      dataFolder: ".plue",
      sandbox: null,
      poolSize: 2,
      concurrency: 4,
      mail: { kind: "none" },
    });
  });

  it("takes what is set", () => {
    const set = {
      PLUE_SANDBOX: "gvisor",
      PLUE_POOL_SIZE: "0",
      PLUE_CONCURRENCY: "9",
      PUBLIC_URL: "https://plue.dev",
    };
    expect(parseConfig({ ...environment, ...set })).toMatchObject({
      ...{ sandbox: "gvisor", poolSize: 0, concurrency: 9, publicUrl: "https://plue.dev" },
    });
  });

  it("sends mail to a server, or else into a folder", () => {
    const read = (set: Record<string, string>) => parseConfig({ ...environment, ...set }).mail;
    const folder = { MAIL_FOLDER: "/plue/mail" };
    const from = "Plue <plue@localhost>";
    expect(read(folder)).toEqual({ kind: "folder", folder: "/plue/mail", from });
    const server = { SMTP_URL: "smtps://u:p@mail.test", MAIL_FROM: "Plue <plue@plue.dev>" };
    expect(read({ ...folder, ...server })).toMatchObject({ kind: "smtp", from: "Plue <plue@plue.dev>" });
    expect(() => read({ SMTP_URL: "smtp://mail.test" })).toThrow("MAIL_FROM");
  });

  it.each([
    ["SMTP_URL", "http://mail.test"],
    ["MAIL_FROM", "plue@plue.dev\r\nBcc: eve@example.com"],
    ["MAIL_FROM", "nobody"],
    ["DATABASE_URL", "mysql://x"],
    ["WORKER_URL", "ftp://x"],
    ["GATEWAY_SECRET", "short"],
    ["GATEWAY_PORT", "70000"],
    ["GATEWAY_NAME", "a b"],
    ["PLUE_SANDBOX", "none"],
    ["PLUE_POOL_SIZE", "65"],
    ["PLUE_CONCURRENCY", "0"],
    ["PLUE_DATA", ""],
  ])("names %s when it is %j", (name, value) => {
    expect(() => parseConfig({ ...environment, [name]: value })).toThrow(name);
  });
});
