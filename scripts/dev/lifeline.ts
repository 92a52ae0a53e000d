// Tells a program that whoever started it is gone: the pipe that PLUE_LIFELINE names by its descriptor closes then,
// even when the starter was killed outright.
import { Socket } from "node:net";

/** Calls `gone` once when the starter is gone. Without a PLUE_LIFELINE there is no starter to watch. */
export function watchStarter(gone: () => void): void {
  const descriptor = process.env.PLUE_LIFELINE;
  // Not for our own children: the descriptor isn't theirs.
  delete process.env.PLUE_LIFELINE;
  if (descriptor === undefined) return;
  const lifeline = new Socket({ fd: Number.parseInt(descriptor, 10), readable: true, writable: false });
  lifeline.unref();
  lifeline.once("close", gone);
  lifeline.resume();
}
