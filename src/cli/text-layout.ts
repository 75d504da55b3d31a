import { displayWidth } from "../core/words/printable.js";

/** Pads text with spaces to `columns`; leaves longer text unchanged. */
export function padEnd(text: string, columns: number): string {
  return text + " ".repeat(Math.max(0, columns - displayWidth(text)));
}

/** Pads text on the left, so that it is right-aligned. */
export function padStart(text: string, columns: number): string {
  return " ".repeat(Math.max(0, columns - displayWidth(text))) + text;
}

/** A blank that ends a line: not the one between thousands, nor the one before a unit. */
const breaks = / (?!(?<=\d )(?:\d{3}(?!\d)|[kMGTP]i?B\b|%|bytes?\b))/;

/**
 * Wraps printable text between words into lines of at most `columns`. A number stays with its unit; a longer word, such as
 * a digest, an address or a path, stays whole on its own line, so that it can be copied. Returns at least one line.
 */
export function wrap(text: string, columns: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(breaks)) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (line !== "" && displayWidth(longer) > columns) {
      lines.push(line);
      line = word;
    } else {
      line = longer;
    }
  }
  return [...lines, line];
}

/** `text` after `start`, wrapped to `columns`; the lines after the first begin below the text or at `indent`. */
export function hanging(
  start: string,
  text: string,
  columns: number,
  indent = displayWidth(start),
): readonly string[] {
  const [first = "", ...rest] = wrap(text, columns - Math.max(indent, displayWidth(start)));
  return [start + first, ...rest.map((line) => " ".repeat(indent) + line)];
}

/**
 * Lines of `label  value` with aligned values, wrapped to `columns`. Several values of one label each get a line. Labels
 * without a value are left out, so that an absent fact does not look like an empty one. `labelColumns`: the least width of
 * the labels.
 */
export function labelled(
  rows: readonly (readonly [label: string, ...values: readonly (string | null)[]])[],
  columns: number,
  indent = "  ",
  labelColumns = 0,
): readonly string[] {
  const given = rows
    .map(([label, ...values]) => ({ label, values: values.filter((value) => value !== null) }))
    .filter((row) => row.values.length > 0);
  const labelWidth = Math.max(labelColumns, ...given.map((row) => displayWidth(row.label)));
  const valueColumns = Math.max(20, columns - indent.length - labelWidth - 2);
  return given.flatMap(({ label, values }) =>
    values
      .flatMap((value) => wrap(value, valueColumns))
      .map((line, at) => `${indent}${padEnd(at === 0 ? label : "", labelWidth)}  ${line}`.trimEnd()),
  );
}
