import { type Terminal, type TextStream, understandsEscapes } from "./terminal.js";

/** How to highlight text. Without colour, every function returns its text unchanged. */
export interface Style {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly good: (text: string) => string;
  readonly warn: (text: string) => string;
  readonly bad: (text: string) => string;
}

const unchanged = (text: string): string => text;

export const plainStyle: Style = {
  bold: unchanged,
  dim: unchanged,
  good: unchanged,
  warn: unchanged,
  bad: unchanged,
};

export const colorStyle: Style = {
  bold: sgr(1, 22),
  dim: sgr(2, 22),
  good: sgr(32, 39),
  warn: sgr(33, 39),
  bad: sgr(31, 39),
};

/**
 * Whether to colour what goes to this stream. A refusal counts first: `--no-color` (`wanted` is false) or NO_COLOR
 * (https://no-color.org); then FORCE_COLOR (https://force-color.org), `0` being a refusal; else only a terminal that
 * understands it gets colour.
 */
export function styleFor(stream: TextStream, env: Terminal["env"], wanted: boolean): Style {
  const [refused = "", forced = ""] = [env.NO_COLOR, env.FORCE_COLOR];
  if (!wanted || refused !== "" || forced === "0") return plainStyle;
  return forced !== "" || understandsEscapes(stream, env) ? colorStyle : plainStyle;
}

function sgr(on: number, off: number): (text: string) => string {
  return (text) => `\u001b[${on}m${text}\u001b[${off}m`;
}
