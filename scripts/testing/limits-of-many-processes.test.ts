// However many programs ask at once, exactly as many are let in as the rule says.
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { expect, inject, it } from "vitest";

const PROCESSES = 4;
const REQUESTS_EACH = 50;
const REQUESTS_MAX = 100;
const HOUR_MS = 3_600_000;

const PROGRAM = `
  import { Pool } from "pg";
  const [url, key] = process.argv.slice(1);
  const pool = new Pool({ connectionString: url, max: 10 });
  const ask = () => pool.query("SELECT is_allowed FROM take_request($1, ${REQUESTS_MAX}, ${HOUR_MS})", [key]);
  const answers = await Promise.all(Array.from({ length: ${REQUESTS_EACH} }, ask));
  console.log(answers.filter(({ rows }) => rows[0].is_allowed).length);
  await pool.end();
`;

function countAllowed(key: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const args = ["--input-type=module", "-e", PROGRAM, inject("databaseUrl"), key];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
    child.on("error", reject);
    child.on("close", (status) => (status === 0 ? resolve(Number(output)) : reject(new Error(`${status}`))));
  });
}

it("200 requests from 4 processes are allowed to the very number", async () => {
  const key = `test:${randomBytes(9).toString("hex")}`;
  const counts = await Promise.all(Array.from({ length: PROCESSES }, () => countAllowed(key)));
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(REQUESTS_MAX);
});
