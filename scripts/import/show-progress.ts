// Tells how far an import is: one line that is rewritten on a terminal, a line a step elsewhere.

export interface ProgressBar {
  show(what: string, done: number, total: number): void;
  /** Ends the line that is being rewritten, if there is one. */
  end(): void;
}

const BAR_CHARACTERS = 30;
/** Elsewhere than on a terminal a line is written when so much more is done. */
const STEP_PERCENT = 10;

export function createProgressBar(output: NodeJS.WriteStream): ProgressBar {
  let last = "";
  let lastStep = "";
  return {
    show(what, done, total) {
      const share = total === 0 ? 0 : Math.min(done / total, 1);
      const percent = Math.floor(100 * share);
      const filled = Math.round(BAR_CHARACTERS * share);
      const line = `${what.padEnd(10)} [${"#".repeat(filled)}${".".repeat(BAR_CHARACTERS - filled)}] ${percent}%`;
      if (output.isTTY) {
        if (line !== last) output.write(`\r${line}\x1b[K`);
        last = line;
        return;
      }
      const step = `${what} ${Math.floor(percent / STEP_PERCENT) * STEP_PERCENT}%`;
      if (step !== lastStep) output.write(`${step}\n`);
      lastStep = step;
    },
    end() {
      if (last !== "") output.write("\n");
      last = "";
    },
  };
}
