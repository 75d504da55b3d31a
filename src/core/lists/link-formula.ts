/** What spreadsheets call the function in the languages of most tables here. */
const link = /^'?=\s*(?:_xlfn\.)?(?:HYPERLINK|ГИПЕРССЫЛКА)\s*\(\s*"((?:[^"]|"")*)"\s*(?:[,;].*)?\)\s*$/isu;

/** Whether a cell holds a formula and not its value. */
export function isFormula(cell: string): boolean {
  return /^'?=/.test(cell);
}

/** Whether a formula, as a workbook keeps it, makes a link of whatever it names. */
export function makesLink(formula: string): boolean {
  return /\bHYPERLINK\s*\(/i.test(formula);
}

/** The address that `=HYPERLINK("…"; "a text")` leads to; null for any other text. */
export function addressInFormula(cell: string): string | null {
  const address = link.exec(cell)?.[1]?.replaceAll('""', '"').trim();
  return address !== undefined && /^(?:https?:\/\/|www\.)/i.test(address) ? address : null;
}
