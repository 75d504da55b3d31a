import { displayWidth } from "../core/words/printable.js";

/** Spaces up to `columns`; longer text is left as it is. */
export function padEnd(text: string, columns: number): string {
  return text + " ".repeat(Math.max(0, columns - displayWidth(text)));
}

/** The same, with the text at the right. */
export function padStart(text: string, columns: number): string {
  return " ".repeat(Math.max(0, columns - displayWidth(text))) + text;
}

/**
 * Breaks printable text between words into lines of at most `columns`. A longer word, such as a digest or a path,
 * keeps a line of its own whole, so that it can be copied. Always at least one line.
 */
export function wrap(text: string, columns: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
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

/**
 * Lines of `label  value` with the values under each other, wrapped to `columns`. Several values of one label
 * stand under each other. Labels without a value are left out: absent facts are not shown as empty ones.
 */
export function labelled(
  rows: readonly (readonly [label: string, ...values: readonly (string | null)[]])[],
  columns: number,
  indent = "  ",
): readonly string[] {
  const given = rows
    .map(([label, ...values]) => ({ label, values: values.filter((value) => value !== null) }))
    .filter((row) => row.values.length > 0);
  const labelWidth = Math.max(0, ...given.map((row) => displayWidth(row.label)));
  const valueColumns = Math.max(20, columns - indent.length - labelWidth - 2);
  return given.flatMap(({ label, values }) =>
    values
      .flatMap((value) => wrap(value, valueColumns))
      .map((line, at) => `${indent}${padEnd(at === 0 ? label : "", labelWidth)}  ${line}`.trimEnd()),
  );
}
