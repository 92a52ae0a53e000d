// The output of a step as lines. The page's script writes further lines of the same form (islands/log-element.ts).
import { endedLines, type Log, type LogLine, openLine } from "./log.ts";
import { describeCut } from "./run-text.ts";

interface LogViewProps {
  /** What the log belongs to, such as `step-7`. */
  of: string;
  label: string;
  log: Log;
  /** Output before `log` was not read, so nobody knows how many lines came before. */
  isCutUncounted: boolean;
  /** Where all of it is. */
  fullLogHref: string;
}

export function LogView({ of, label, log, isCutUncounted, fullLogHref }: LogViewProps) {
  const open = openLine(log);
  const cut = describeCut(isCutUncounted ? null : log.cutLines);
  return (
    <section
      class="log"
      aria-label={label}
      tabindex={0}
      data-log-of={of}
      data-uncounted={isCutUncounted ? "" : undefined}
    >
      <p class="cut" hidden={cut === ""}>
        <span data-cut-text="">{cut}</span> <a href={fullLogHref}>Full log</a>
      </p>
      <pre>
        {endedLines(log).map((line) => (
          <Line line={line} isOpen={false} />
        ))}
        {open === null ? null : <Line line={open} isOpen={true} />}
      </pre>
    </section>
  );
}

/** An ended line carries its line feed, so that copied text has it. */
function Line({ line, isOpen }: { line: LogLine; isOpen: boolean }) {
  return (
    <span class={line.isSystem ? "line system" : "line"} data-open={isOpen ? "" : undefined}>
      {line.spans.map(({ text, style }) => (style === "" ? text : <span class={style}>{text}</span>))}
      {isOpen ? "" : "\n"}
    </span>
  );
}
