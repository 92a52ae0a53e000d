// Run inside a sandbox on trial, as the runner program is: has a step's user do what a build does and what it must not
// be able to, and reports both.
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { connect } from "node:net";

const socketPath = process.env.PLUE_GATEWAY_SOCKET;
const stepMark = "--as-step";

function ask(path, body) {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { socketPath, path, method: body === undefined ? "GET" : "POST" },
      async (response) => {
        const chunks = [];
        for await (const chunk of response) chunks.push(chunk);
        resolve(JSON.parse(Buffer.concat(chunks).toString()));
      },
    );
    outgoing.on("error", reject);
    outgoing.end(body === undefined ? "" : JSON.stringify(body));
  });
}

function run(...command) {
  const { status, stderr, error } = spawnSync(command[0], command.slice(1), { encoding: "utf8" });
  return { command: command.join(" "), ok: status === 0, problem: (error?.message ?? stderr ?? "").trim() };
}

function reach({ host, port }) {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 1_000 });
    const end = (reached) => {
      socket.destroy();
      resolve({ host, port, reached });
    };
    socket.on("connect", () => end(true));
    socket.on("error", () => end(false));
    socket.on("timeout", () => end(false));
  });
}

function succeeds(attempt) {
  try {
    attempt();
    return true;
  } catch {
    return false;
  }
}

/** The runner's processes as far as a step sees them; in a process namespace of its own it sees none. */
function findRunners() {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.filter((pid) => {
    const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
    return command.includes(process.argv[1]) && !command.includes(stepMark);
  });
}

/** What a step must not be able to do to the runner program, which is process `pid`. */
const attacks = (pid) => ({
  "read its environment": () => readFileSync(`/proc/${pid}/environ`),
  "open its memory": () => readFileSync(`/proc/${pid}/mem`, { flag: "r+" }),
  "signal it": () => process.kill(Number(pid), 0),
  "replace its files": () => writeFileSync(`${process.env.PLUE_RUNNER_FOLDER}/probe`, ""),
});

async function tryAsStep({ targets }) {
  return {
    uid: process.getuid(),
    commands: [
      run("/bin/ls", "/"),
      run("/usr/bin/stat", "/"),
      run("/bin/bash", "-c", "echo x > /work/probe && cat /work/probe"),
    ],
    reached: await Promise.all(targets.map(reach)),
    written: ["/probe", "/usr/probe", "/etc/probe", "/run/plue/probe"].filter((path) =>
      succeeds(() => writeFileSync(path, "")),
    ),
    attacks: findRunners().flatMap((pid) =>
      Object.entries(attacks(pid)).flatMap(([name, attack]) => (succeeds(attack) ? [name] : [])),
    ),
  };
}

async function probe(stepPrefix) {
  const { targets } = await ask("/targets");
  const order = JSON.stringify({ targets });
  const command = [...stepPrefix, process.execPath, process.argv[1], stepMark, order];
  const { status, stdout, stderr, error } = spawnSync(command[0], command.slice(1), { encoding: "utf8" });
  if (status !== 0) throw new Error(`a step can't be started: ${error?.message ?? stderr}`);
  await ask("/report", JSON.parse(stdout));
}

if (process.argv[2] === stepMark) console.log(JSON.stringify(await tryAsStep(JSON.parse(process.argv[3]))));
else await probe(process.argv.slice(2));
