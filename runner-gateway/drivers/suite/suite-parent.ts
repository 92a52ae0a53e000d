/** A program that stands for a gateway: has sandboxes at work, says so, and waits to be killed. */
import { SuiteGateway } from "./suite-gateway.ts";
import { chooseSuiteDriver } from "./suite-host.ts";

const [technology, dataFolder] = process.argv.slice(2);
if ((technology !== "gvisor" && technology !== "bubblewrap") || dataFolder === undefined) {
  throw new Error("usage: suite-parent.ts gvisor|bubblewrap <data folder>");
}
// Whoever started this and is gone should not leave it behind.
process.stdin.on("end", () => process.exit(1)).resume();
const gateway = new SuiteGateway();
const choice = await chooseSuiteDriver(technology, gateway, dataFolder);
if (!choice.available) throw new Error(choice.reason);
await choice.driver.warm(2);
const started = await choice.driver.start({ jobId: "job", attempt: 1 });
if (!started.started) throw new Error(started.reason);
await gateway.bash(started.sandboxId, "for i in 1 2 3; do setsid -f sleep 1000 >/dev/null 2>&1; done");
const { stdout } = await gateway.bashAsRunner(started.sandboxId, "ls -l /proc/self/fd /proc/$PPID/fd");
console.log(JSON.stringify({ sandboxes: choice.driver.list().length, descriptors: stdout }));
