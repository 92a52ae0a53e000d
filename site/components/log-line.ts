// The line being printed: cells written at a cursor, as on a terminal. A cell is a UTF-16 code unit, which is exact
// for what programs overwrite in practice (counters and bars). Invariant: neighbouring spans differ in style and
// none is empty, so that the same cells are always the same spans.

export interface LogSpan {
  text: string;
  /** Class names of the stylesheet; empty for plain text. */
  style: string;
}

export interface OpenLine {
  spans: LogSpan[];
  length: number;
  /** The cell that is written next. */
  cursor: number;
}

/** A line with more changes of style than this loses its styles. */
export const SPANS_PER_LINE_MAX = 256;

export const emptyLine = (): OpenLine => ({ spans: [], length: 0, cursor: 0 });

/** Writes at the cursor, over what is there; cells skipped by the cursor become spaces. */
export function writeCells(line: OpenLine, text: string, style: string): void {
  if (line.cursor > line.length) {
    pushSpan(line.spans, " ".repeat(line.cursor - line.length), "");
    line.length = line.cursor;
  }
  const end = line.cursor + text.length;
  if (line.cursor === line.length) pushSpan(line.spans, text, style);
  else {
    const spans = sliceSpans(line.spans, 0, line.cursor);
    pushSpan(spans, text, style);
    for (const span of sliceSpans(line.spans, end, line.length)) pushSpan(spans, span.text, span.style);
    line.spans = spans;
  }
  line.length = Math.max(line.length, end);
  line.cursor = end;
}

/** Erases as `ESC [ mode K` does: 0 from the cursor on, 1 up to and with the cursor, 2 all. The cursor stays. */
export function eraseCells(line: OpenLine, mode: number): void {
  const cursor = line.cursor;
  if (mode === 1 && cursor + 1 < line.length) {
    line.cursor = 0;
    writeCells(line, " ".repeat(cursor + 1), "");
    line.cursor = cursor;
    return;
  }
  line.spans = mode === 0 ? sliceSpans(line.spans, 0, cursor) : [];
  line.length = mode === 0 ? Math.min(line.length, cursor) : 0;
}

/** Keeps a line of very many styles cheap to overwrite. Called between writes only, so chunking can't show. */
export function boundSpans(line: OpenLine): void {
  if (line.spans.length <= SPANS_PER_LINE_MAX) return;
  line.spans = [{ text: line.spans.map((span) => span.text).join(""), style: "" }];
}

/** The cell before the cursor; empty at the line's start. */
export function cellBeforeCursor(line: OpenLine): string {
  if (line.cursor === 0 || line.cursor > line.length) return "";
  return sliceSpans(line.spans, line.cursor - 1, line.cursor)[0]?.text ?? "";
}

function pushSpan(spans: LogSpan[], text: string, style: string): void {
  if (text === "") return;
  const last = spans.at(-1);
  if (last?.style === style) spans[spans.length - 1] = { text: last.text + text, style };
  else spans.push({ text, style });
}

function sliceSpans(spans: readonly LogSpan[], from: number, to: number): LogSpan[] {
  const slice: LogSpan[] = [];
  let start = 0;
  for (const { text, style } of spans) {
    const part = text.slice(Math.max(0, from - start), Math.max(0, to - start));
    if (part !== "") slice.push({ text: part, style });
    start += text.length;
    if (start >= to) break;
  }
  return slice;
}
