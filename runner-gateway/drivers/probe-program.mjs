// Run inside a sandbox on trial: does what a build does and what it must not be able to, and reports both.
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { request } from "node:http";
import { connect } from "node:net";

const socketPath = process.env.PLUE_GATEWAY_SOCKET;

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

function isWritable(path) {
  try {
    writeFileSync(path, "");
    return true;
  } catch {
    return false;
  }
}

const { targets } = await ask("/targets");
await ask("/report", {
  uid: process.getuid(),
  commands: [
    run("/bin/ls", "/"),
    run("/usr/bin/stat", "/"),
    run("/bin/bash", "-c", "echo x > /work/probe && cat /work/probe"),
  ],
  reached: await Promise.all(targets.map(reach)),
  written: ["/probe", "/usr/probe", "/etc/probe", "/run/plue/probe"].filter(isWritable),
});
