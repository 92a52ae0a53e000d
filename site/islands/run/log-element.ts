// A log on the page, kept like its `Log`: lines are added below and taken away above, in the form that
// components/log-view.tsx renders. A reader at its end stays there; one who reads further up isn't moved.
import { countEnded, endedLines, type Log, type LogLine, openLine } from "../../components/log.ts";
import { describeCut } from "../../components/run-text.ts";

/** How near to its end, in pixels, a reader counts as being there. */
const END_PX = 8;

export interface LogElement {
  /** Brings the page up to `log`. */
  show(log: Log): void;
  scrollToEnd(): void;
}

/** @param log what `section` shows already: its lines are all on the page, none in the log. */
export function attachLog(section: HTMLElement, log: Log): LogElement {
  const pre = required(section, "pre");
  const cut = required(section, ".cut");
  const cutText = required(section, "[data-cut-text]");
  let shownLog = log;
  let open = pre.querySelector("[data-open]");
  let shownEnd = countEnded(log);
  /** The number of the first line on the page. */
  let first = shownEnd - pre.childElementCount + (open === null ? 0 : 1);
  /** Lines before this were never in the log, so the log's not having them says nothing. */
  let restoredEnd = shownEnd;

  const begin = (next: Log): void => {
    shownLog = next;
    first = 0;
    shownEnd = 0;
    restoredEnd = 0;
    open = null;
    delete section.dataset.uncounted;
    pre.replaceChildren();
  };

  return {
    show(next) {
      const isAtEnd = section.scrollHeight - section.scrollTop - section.clientHeight < END_PX;
      if (next !== shownLog) begin(next);
      open?.remove();
      const end = countEnded(next);
      const isCutSince = next.cutLines > restoredEnd;
      const lowest = Math.max(first, end - next.limits.linesMax, isCutSince ? next.cutLines : 0);
      removeFirst(pre, Math.min(lowest, shownEnd) - first);
      const added = document.createDocumentFragment();
      for (const line of endedLines(next, Math.max(shownEnd, lowest))) added.append(makeLine(line, false));
      const openNow = openLine(next);
      open = openNow === null ? null : makeLine(openNow, true);
      if (open !== null) added.append(open);
      pre.append(added);
      first = lowest;
      shownEnd = end;
      const text = describeCut(section.dataset.uncounted === undefined ? first : null);
      if (cutText.textContent !== text) cutText.textContent = text;
      cut.hidden = text === "";
      if (isAtEnd) this.scrollToEnd();
    },
    scrollToEnd() {
      section.scrollTop = section.scrollHeight;
    },
  };
}

function required(section: HTMLElement, selector: string): HTMLElement {
  const element = section.querySelector(selector);
  if (!(element instanceof HTMLElement)) throw new Error(`a log has no ${selector}`);
  return element;
}

function removeFirst(pre: HTMLElement, count: number): void {
  if (count >= pre.childElementCount) pre.replaceChildren();
  else for (let i = 0; i < count; i += 1) pre.firstElementChild?.remove();
}

function makeLine(line: LogLine, isOpen: boolean): HTMLElement {
  const element = document.createElement("span");
  element.className = line.isSystem ? "line system" : "line";
  if (isOpen) element.dataset.open = "";
  for (const { text, style } of line.spans) {
    if (style === "") element.append(text);
    else {
      const span = document.createElement("span");
      span.className = style;
      span.textContent = text;
      element.append(span);
    }
  }
  if (!isOpen) element.append("\n");
  return element;
}
