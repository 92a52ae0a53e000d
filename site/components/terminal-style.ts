// Select Graphic Rendition: the colours and weights a program asks a terminal for, brought down to the few classes
// of the stylesheet. Invariant: a style is plain data, so that it survives a trip through a page's attribute.
// @see ECMA-48, 8.3.117, and xterm's "Character Attributes" for 38, 48 and 90–107

/** 1–6 as in ANSI (red, green, yellow, blue, magenta, cyan), 8 grey, `plain` for black, white and inversion. */
type Color = 1 | 2 | 3 | 4 | 5 | 6 | 8 | "plain";

export interface TerminalStyle {
  bold?: true;
  dim?: true;
  italic?: true;
  underline?: true;
  strike?: true;
  inverse?: true;
  color?: Color;
  background?: Color;
}

const COLORS: readonly Color[] = ["plain", 1, 2, 3, 4, 5, 6, "plain", 8, 1, 2, 3, 4, 5, 6, "plain"];

const ON: Record<number, Exclude<keyof TerminalStyle, "color" | "background">> = {
  1: "bold",
  2: "dim",
  3: "italic",
  4: "underline",
  7: "inverse",
  9: "strike",
};

const OFF: Record<number, readonly (keyof TerminalStyle)[]> = {
  21: ["bold"],
  22: ["bold", "dim"],
  23: ["italic"],
  24: ["underline"],
  27: ["inverse"],
  29: ["strike"],
  39: ["color"],
  49: ["background"],
};

/**
 * The style after `ESC [ parameters m`.
 * @param parameters what stands between `[` and `m`, such as `1;31`; codes without a meaning here are passed over
 */
export function applyGraphicRendition(style: TerminalStyle, parameters: string): TerminalStyle {
  let next: TerminalStyle = { ...style };
  const codes = parameters.split(";");
  for (let at = 0; at < codes.length; at += 1) {
    const parts = (codes[at] ?? "").split(":");
    const code = Number(parts[0]);
    if (code === 0) next = {};
    else if (code === 38 || code === 48) {
      const isWhole = parts.length > 1;
      const operands = isWhole ? withoutColorSpace(parts.slice(1)) : codes.slice(at + 1);
      const chosen = readExtendedColor(operands);
      if (!isWhole) at += chosen.taken;
      setColor(next, code === 38 ? "color" : "background", chosen.color);
    } else setAttribute(next, code);
  }
  return next;
}

/** `2::r:g:b` names a colour space before the three channels; `2:r:g:b` leaves it out. */
const withoutColorSpace = (operands: readonly string[]): readonly string[] =>
  operands[0] === "2" && operands.length > 4 ? ["2", ...operands.slice(2)] : operands;

function setAttribute(style: TerminalStyle, code: number): void {
  const on = ON[code];
  if (on !== undefined) style[on] = true;
  for (const key of OFF[code] ?? []) delete style[key];
  if (code >= 30 && code <= 37) setColor(style, "color", COLORS[code - 30]);
  if (code >= 40 && code <= 47) setColor(style, "background", COLORS[code - 40]);
  if (code >= 90 && code <= 97) setColor(style, "color", COLORS[code - 82]);
  if (code >= 100 && code <= 107) setColor(style, "background", COLORS[code - 92]);
}

function setColor(style: TerminalStyle, key: "color" | "background", color: Color | undefined): void {
  if (color === undefined) delete style[key];
  else style[key] = color;
}

/** What follows 38 or 48: `5;n` of 256 colours, or `2;r;g;b`. */
function readExtendedColor(operands: readonly string[]): { color: Color | undefined; taken: number } {
  const numbers = operands.slice(0, 4).map(Number);
  if (numbers[0] === 5) return { color: fromPalette(numbers[1] ?? 0), taken: 2 };
  if (numbers[0] !== 2) return { color: undefined, taken: 0 };
  return { color: fromChannels(numbers[1] ?? 0, numbers[2] ?? 0, numbers[3] ?? 0), taken: 4 };
}

/** 0–15 the basic colours, 16–231 a cube with six steps a side, 232–255 greys. */
function fromPalette(index: number): Color | undefined {
  if (index < 16) return COLORS[index];
  if (index >= 232) return index >= 238 && index <= 250 ? 8 : "plain";
  const cube = index - 16;
  return fromChannels(Math.floor(cube / 36) * 51, (Math.floor(cube / 6) % 6) * 51, (cube % 6) * 51);
}

/** The basic colour whose channels are those that stand out. */
function fromChannels(red: number, green: number, blue: number): Color | undefined {
  const strongest = Math.max(red, green, blue);
  if (strongest < 64) return "plain";
  const bit = (channel: number, value: number): number => (channel >= strongest * 0.6 ? value : 0);
  const index = bit(red, 1) + bit(green, 2) + bit(blue, 4);
  if (index === 7) return strongest < 192 ? 8 : "plain";
  return COLORS[index];
}

/**
 * The style as class names of the stylesheet, in one fixed order; empty for plain text. A background takes the page's
 * own colour for its text, since no other pair is sure to be readable in both schemes.
 */
export function describeStyle(style: TerminalStyle): string {
  const background = style.inverse ? (style.color ?? "plain") : style.background;
  const color = style.inverse ? style.background : style.color;
  const names: string[] = [];
  if (background !== undefined) names.push(background === "plain" ? "bg" : `bg${background}`);
  else if (color !== undefined && color !== "plain") names.push(`fg${color}`);
  else if (style.dim) names.push("fg8");
  if (style.bold) names.push("bold");
  if (style.italic) names.push("italic");
  if (style.underline) names.push("underline");
  if (style.strike) names.push("strike");
  return names.join(" ");
}
