// Verifies stored repositories from end to end: `node scripts/fsck.ts [owner/repository]`; without a name, all of them.
// It asks a running installation: the one of `npm start` (PLUE_PORT, PLUE_DATA), or the one at PLUE_URL, whose
// GATEWAY_SECRET is then needed. Ends with 1 when something is damaged, or when not everything could be looked at.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { SIGNATURE_HEADER, signRequest } from "../schema/signature.ts";
import { showLine, showLines } from "../schema/terminal-text.ts";
import { readDevConfig } from "./dev/config.ts";

interface Installation {
  readonly url: string;
  readonly secret: string;
}

interface Repository {
  readonly id: number;
  readonly name: string;
}

const secretsSchema = z.object({ gatewaySecret: z.string() });
const listSchema = z.object({ repositories: z.array(z.object({ id: z.number(), name: z.string() })) });
const packsSchema = z.object({ packs: z.array(z.string()) });
const lineSchema = z.union([
  z.object({ level: z.enum(["error", "note"]), message: z.string() }),
  z.object({ level: z.literal("end") }),
]);

/** @throws Error naming what is missing. */
function findInstallation(environment: NodeJS.ProcessEnv): Installation {
  const { PLUE_URL, GATEWAY_SECRET } = environment;
  if (PLUE_URL) {
    if (!GATEWAY_SECRET)
      throw new Error("GATEWAY_SECRET, the one of the installation at PLUE_URL, isn't set.");
    return { url: PLUE_URL.replace(/\/+$/, ""), secret: GATEWAY_SECRET };
  }
  const { publicUrl, dataFolder } = readDevConfig(environment, process.cwd());
  const secrets = secretsSchema.parse(JSON.parse(readFileSync(join(dataFolder, "secrets.json"), "utf8")));
  return { url: publicUrl, secret: secrets.gatewaySecret };
}

async function ask({ url, secret }: Installation, path: string): Promise<Response> {
  const signature = await signRequest(secret, { method: "GET", path, body: "" });
  const response = await fetch(`${url}${path}`, { headers: { [SIGNATURE_HEADER]: signature } });
  if (!response.ok) throw new Error(`${url}${path} answered ${response.status}`);
  return response;
}

async function* listRepositories(installation: Installation): AsyncGenerator<Repository> {
  for (let after = 0; ; ) {
    const response = await ask(installation, `/internal/fsck/repositories?after=${after}`);
    const { repositories } = listSchema.parse(await response.json());
    yield* repositories;
    const last = repositories.at(-1);
    if (last === undefined) return;
    after = last.id;
  }
}

/** Checks a repository pack by pack, and then what lies between them. @returns whether it is whole */
async function checkRepository(installation: Installation, { id, name }: Repository): Promise<boolean> {
  const path = `/internal/fsck/repositories/${id}`;
  const { packs } = packsSchema.parse(await (await ask(installation, `${path}/packs`)).json());
  let isWhole = true;
  for (const part of [...packs.map((sha) => `packs/${sha}`), "references"]) {
    const { body } = await ask(installation, `${path}/${part}`);
    if (!(await printFindings(name, body))) isWhole = false;
  }
  return isWhole;
}

/** Prints what is found; true when nothing is wrong and all was looked at. */
async function printFindings(name: string, body: ReadableStream<Uint8Array> | null): Promise<boolean> {
  let errors = 0;
  let isEnded = false;
  for await (const line of readLines(body)) {
    const finding = lineSchema.parse(JSON.parse(line));
    if (finding.level === "end") {
      isEnded = true;
      continue;
    }
    if (finding.level === "error") errors++;
    console.log(showLine(`${name}: ${finding.level}: ${finding.message}`));
  }
  if (!isEnded) console.log(`${name}: error: the check did not come to its end`);
  return isEnded && errors === 0;
}

async function* readLines(body: ReadableStream<Uint8Array> | null): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    const lines = text.split("\n");
    text = lines.pop() ?? "";
    yield* lines;
  }
}

async function runChecks(wanted: string | undefined): Promise<boolean> {
  const installation = findInstallation(process.env);
  let checked = 0;
  let damaged = 0;
  for await (const repository of listRepositories(installation)) {
    if (wanted !== undefined && repository.name.toLowerCase() !== wanted.toLowerCase()) continue;
    checked++;
    if (!(await checkRepository(installation, repository))) damaged++;
  }
  if (wanted !== undefined && checked === 0) throw new Error(`There is no repository ${wanted}.`);
  console.log(`${checked} checked, ${damaged} damaged`);
  return damaged === 0;
}

const [wanted] = process.argv.slice(2);
runChecks(wanted).then(
  (isWhole) => {
    process.exitCode = isWhole ? 0 : 1;
  },
  (error: unknown) => {
    console.error(showLines(error instanceof Error ? error.message : String(error)));
    process.exitCode = 1;
  },
);
