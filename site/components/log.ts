// What a step printed, as lines: chunks of text go in, lines with styles come out. A log event is an arbitrary
// chunk, so lines, escape sequences and carriage returns may be cut anywhere.
// Invariant: the same text gives the same lines however it is cut, and `tail` alone is enough to go on.
import { readEscapeSequence } from "./escape-sequence.ts";
import {
  boundSpans,
  cellBeforeCursor,
  emptyLine,
  eraseCells,
  type LogSpan,
  type OpenLine,
  writeCells,
} from "./log-line.ts";
import { applyGraphicRendition, describeStyle, type TerminalStyle } from "./terminal-style.ts";

/** A longer line goes on in the next one. */
export const LINE_CHARS_MAX = 2000;

export interface LogLine {
  spans: readonly LogSpan[];
  /** Said by Plue, not printed by the step. */
  isSystem: boolean;
}

/** What is kept of a log: its end. */
export interface LogLimits {
  linesMax: number;
  charsMax: number;
}

/** Where the printing stands; plain data, so that a page can carry it from the server to the browser. */
export interface LogTail {
  line: OpenLine;
  isSystem: boolean;
  style: TerminalStyle;
  /** The beginning of an escape sequence whose end has not come yet. */
  pending: string;
}

export interface Log {
  limits: LogLimits;
  /** Lines that have ended; those before `first` are no longer kept. */
  ended: LogLine[];
  first: number;
  charCount: number;
  /** How many lines have been dropped from the beginning. */
  cutLines: number;
  tail: LogTail;
}

export function openLog(limits: LogLimits, tail: LogTail = emptyTail(), cutLines = 0): Log {
  return { limits, ended: [], first: 0, charCount: 0, cutLines, tail };
}

const emptyTail = (): LogTail => ({ line: emptyLine(), isSystem: false, style: {}, pending: "" });

/**
 * The lines kept, oldest first, without the one still being printed.
 * @param from the number of the first one wanted, counted from 0 over all lines, kept or not
 */
export const endedLines = (log: Log, from = log.cutLines): LogLine[] =>
  log.ended.slice(log.first + Math.max(0, from - log.cutLines));

/** How many lines have ended, kept or not. */
export const countEnded = (log: Log): number => log.cutLines + log.ended.length - log.first;

/** The line still being printed; null while it is empty. */
export function openLine(log: Log): LogLine | null {
  const { line, isSystem } = log.tail;
  return line.length === 0 ? null : { spans: line.spans, isSystem };
}

export const isEmpty = (log: Log): boolean => countEnded(log) === 0 && log.tail.line.length === 0;

/** Appends what was printed. Changes `log`: a flood leaves no time to copy its lines for every chunk. */
export function appendToLog(log: Log, text: string, isSystem = false): void {
  if (text === "") return;
  if (isSystem !== log.tail.isSystem) switchSpeaker(log, isSystem);
  const input = log.tail.pending + text;
  log.tail.pending = "";
  let at = 0;
  while (at < input.length) {
    const end = endOfPrintable(input, at);
    if (end > at) printText(log, input.slice(at, end));
    if (end >= input.length) return;
    const after = performControl(log, input, end);
    if (after === null) return;
    at = after;
  }
}

/** Plue and the step don't share a line, nor a style. */
function switchSpeaker(log: Log, isSystem: boolean): void {
  if (log.tail.line.length > 0) endLine(log);
  log.tail = { ...emptyTail(), isSystem };
}

function endOfPrintable(text: string, start: number): number {
  let at = start;
  for (; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if ((code < 0x20 && code !== 0x09) || (code >= 0x7f && code <= 0x9f)) break;
  }
  return at;
}

function printText(log: Log, text: string): void {
  const { tail } = log;
  const style = describeStyle(tail.style);
  for (let at = 0; at < text.length; ) {
    let room = LINE_CHARS_MAX - tail.line.cursor;
    if (room <= 0 && isPair(cellBeforeCursor(tail.line), text.charAt(at))) room = 1;
    if (room <= 0) endLine(log);
    else {
      const part = text.slice(at, at + room);
      writeCells(tail.line, part, style);
      at += part.length;
    }
  }
}

/** Whether the two are one character beyond U+FFFF, which no line break may part. */
const isPair = (high: string, low: string): boolean => /^[\ud800-\udbff][\udc00-\udfff]$/.test(high + low);

/** Obeys the control character at `at`; answers where the text goes on, or null when its end has not come yet. */
function performControl(log: Log, text: string, at: number): number | null {
  const { tail } = log;
  const character = text.charAt(at);
  if (character === "\n") endLine(log);
  else if (character === "\r") moveCursor(tail.line, 0);
  else if (character === "\b") moveCursor(tail.line, tail.line.cursor - 1);
  else if (character === "\u001b") {
    const sequence = readEscapeSequence(text, at);
    if (sequence === "unfinished") {
      tail.pending = text.slice(at);
      return null;
    }
    if (sequence.control !== null) obeyControl(tail, sequence.control.final, sequence.control.parameters);
    return at + sequence.length;
  }
  return at + 1;
}

function obeyControl(tail: LogTail, final: string, parameters: string): void {
  const amount = Number.parseInt(parameters, 10) || 0;
  const { line } = tail;
  if (final === "m") tail.style = applyGraphicRendition(tail.style, parameters);
  if (final === "K") eraseCells(line, amount);
  if (final === "G") moveCursor(line, Math.max(1, amount) - 1);
  if (final === "C") moveCursor(line, line.cursor + Math.max(1, amount));
  if (final === "D") moveCursor(line, line.cursor - Math.max(1, amount));
  boundSpans(line);
}

function moveCursor(line: OpenLine, cursor: number): void {
  line.cursor = Math.min(Math.max(0, cursor), LINE_CHARS_MAX - 1);
}

function endLine(log: Log): void {
  const { tail, limits } = log;
  log.ended.push({ spans: tail.line.spans, isSystem: tail.isSystem });
  log.charCount += tail.line.length;
  tail.line = emptyLine();
  while (log.ended.length - log.first > limits.linesMax || log.charCount > limits.charsMax) dropFirst(log);
}

function dropFirst(log: Log): void {
  for (const span of log.ended[log.first]?.spans ?? []) log.charCount -= span.text.length;
  log.first += 1;
  log.cutLines += 1;
  if (log.first < log.limits.linesMax) return;
  log.ended.splice(0, log.first);
  log.first = 0;
}
