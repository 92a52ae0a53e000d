// What the driver suite runs inside a sandbox: asks its gateway for orders, one after another, and carries them out
// side by side: as a step, by the command that its arguments are, or as the runner itself. It speaks only HTTP over
// its own socket, as the real runner does.
import { spawn } from "node:child_process";
import { request } from "node:http";

const socketPath = process.env.PLUE_GATEWAY_SOCKET;
const stepPrefix = process.argv.slice(2);
const keptCharacters = 200_000;

function ask(path, body) {
  return new Promise((resolve, reject) => {
    const outgoing = request({ socketPath, path, method: "POST" }, async (response) => {
      const chunks = [];
      for await (const chunk of response) chunks.push(chunk);
      resolve(JSON.parse(Buffer.concat(chunks).toString()));
    });
    outgoing.on("error", reject);
    outgoing.end(JSON.stringify(body ?? {}));
  });
}

function runCommand(command) {
  const [file, ...rest] = command;
  return new Promise((resolve) => {
    const result = { stdout: "", stderr: "" };
    const child = spawn(file, rest, { stdio: ["ignore", "pipe", "pipe"] });
    for (const name of ["stdout", "stderr"]) {
      child[name].on("data", (chunk) => {
        result[name] = (result[name] + chunk).slice(0, keptCharacters);
      });
    }
    child.on("error", (error) => resolve({ ...result, status: null, signal: null, error: error.message }));
    child.on("close", (status, signal) => resolve({ ...result, status, signal }));
  });
}

function end({ exitCode, print }) {
  process.stdout.write(print.text.repeat(print.times), () => process.exit(exitCode));
}

for (;;) {
  const order = await ask("/next");
  if (order.end !== undefined) end(order.end);
  else
    void runCommand(order.isRunners ? order.command : [...stepPrefix, ...order.command]).then((result) =>
      ask(`/result/${order.id}`, result),
    );
}
