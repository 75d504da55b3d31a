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

/** With less room beside the labels, values stand below them. */
const leastValueColumns = 20;

/** Whether a word, such as an address, fits into `columns` and not into `fewer`. */
function isWholeOnlyIn(values: readonly string[], columns: number, fewer: number): boolean {
  const widths = values.flatMap((value) => value.split(" ").map(displayWidth));
  return widths.some((width) => width > fewer && width <= columns);
}

function lowered(
  { label, values }: { readonly label: string; readonly values: readonly string[] },
  columns: number,
  indent: string,
): readonly string[] {
  const deeper = `${indent}    `;
  const lines = values.flatMap((value) => wrap(value, columns - deeper.length));
  return [indent + label, ...lines.map((line) => deeper + line)];
}

/**
 * Lines of `label  value` with aligned values, wrapped to `columns`, or with the values below where that leaves no room. Several values of one label each get a line. Labels
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
  const valueColumns = columns - indent.length - labelWidth - 2;
  const belowColumns = columns - indent.length - 4;
  return given.flatMap(({ label, values }) => {
    const isNarrow = valueColumns < leastValueColumns || isWholeOnlyIn(values, belowColumns, valueColumns);
    if (isNarrow) return lowered({ label, values }, columns, indent);
    const lines = values.flatMap((value) => wrap(value, valueColumns));
    return lines.map((line, at) =>
      `${indent}${padEnd(at === 0 ? label : "", labelWidth)}  ${line}`.trimEnd(),
    );
  });
}
