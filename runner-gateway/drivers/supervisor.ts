/**
 * A program of its own: waits for the end of its standard input, which comes when the driver closes or its process
 * is gone for whatever reason, and then takes the driver's sandboxes away. It outlives a SIGKILL of the gateway.
 */
import { sweepOwner } from "./owner-folder.ts";

const ownerFolder = process.argv[2];
if (ownerFolder === undefined) throw new Error("usage: supervisor.ts <owner folder>");
process.stdin.resume();
process.stdin.on("end", () => {
  sweepOwner(ownerFolder).catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  });
});
