// The pipes a step prints into. They are FIFOs and not Node's own "pipes", which are sockets: a script may open
// /dev/stdout or /dev/stderr, which a socket refuses.
import { execFileSync } from "node:child_process";
import { closeSync, constants, openSync } from "node:fs";
import { Socket } from "node:net";
import { join } from "node:path";

export interface StepPipes {
  isWritable: boolean;
  readonly stdout: Pipe;
  readonly stderr: Pipe;
}

interface Pipe {
  /** What the step prints; ends when the last writer is gone. */
  readonly reader: Socket;
  /** For the child; to be closed here once the child has it. */
  readonly writer: number;
}

/** Makes the FIFOs in `folder`, once for all steps of a sandbox. A step, another user, may open /dev/stdout anew. */
export function preparePipes(folder: string): void {
  execFileSync("mkfifo", ["-m", "622", join(folder, "stdout"), join(folder, "stderr")]);
}

/** Opens both for one step. */
export function openPipes(folder: string): StepPipes {
  return {
    isWritable: true,
    stdout: openPipe(join(folder, "stdout")),
    stderr: openPipe(join(folder, "stderr")),
  };
}

/** Closes the writers here, so that the readers end when the step's own are closed. */
export function closeWriters(pipes: StepPipes): void {
  if (!pipes.isWritable) return;
  pipes.isWritable = false;
  closeSync(pipes.stdout.writer);
  closeSync(pipes.stderr.writer);
}

/** Closes both for good. */
export function closePipes(pipes: StepPipes): void {
  closeWriters(pipes);
  pipes.stdout.reader.destroy();
  pipes.stderr.reader.destroy();
}

function openPipe(path: string): Pipe {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const reader = new Socket({ fd, readable: true, writable: false });
  return { reader, writer: openSync(path, constants.O_WRONLY) };
}
