import { serialDate, withoutSeconds } from "../../core/lists/serial-date.js";

/** How a spreadsheet shows a number: as a date, a time, with leading zeros, or as it is. */
export type NumberFormat =
  | { readonly shows: "number" }
  | { readonly shows: "date" }
  | { readonly shows: "time" }
  | { readonly shows: "zeros"; readonly digits: number };

const plain: NumberFormat = { shows: "number" };

/** The built-in formats of a date or time (ECMA-376, 18.8.30), those of East Asian versions among them. */
const builtInDates = [14, 15, 16, 17, 22, [27, 36], [50, 58]].flatMap((one) =>
  typeof one === "number" ? [one] : range(one),
);
const builtInTimes = [18, 19, 20, 21, 45, 46, 47];

function range([from = 0, to = 0]: readonly number[]): readonly number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

/** What the format of a number means. `code` is that of a format of the file's own; null for a built-in one. */
export function numberFormat(id: number, code: string | null): NumberFormat {
  if (code === null) {
    if (builtInDates.includes(id)) return { shows: "date" };
    return builtInTimes.includes(id) ? { shows: "time" } : plain;
  }
  const [first = ""] = code.split(";");
  if (/^0{2,15}$/.test(first)) return { shows: "zeros", digits: first.length };
  // What is quoted, escaped, a colour, a currency or a language is no part of the date.
  const letters = first
    .replace(/"[^"]*"|\\.|[_*]./g, "")
    .replace(/\[(?!h+\]|m+\]|s+\])[^\]]*\]/gi, "")
    .replace(/general|am\/pm|a\/p/gi, "");
  if (/[dy]/i.test(letters) || (/m/i.test(letters) && !/[hs]/i.test(letters))) return { shows: "date" };
  return /[hs]/i.test(letters) ? { shows: "time" } : plain;
}

/** The text of a number in the file as a person reads it, without what only the machine's arithmetic added. */
export function numberText(stored: string, format: NumberFormat, from1904: boolean): string {
  const value = Number(stored);
  if (stored.trim() === "" || !Number.isFinite(value)) return stored;
  if (format.shows === "date" || (format.shows === "time" && value >= 1)) {
    return serialDate(value, from1904) ?? numeral(value);
  }
  if (format.shows === "time" && value >= 0) {
    const seconds = Math.round(value * 86_400);
    return withoutSeconds(new Date(seconds * 1000).toISOString().slice(11, 19));
  }
  if (format.shows === "zeros" && Number.isInteger(value) && value >= 0) {
    return numeral(value).padStart(format.digits, "0");
  }
  return numeral(value);
}

/** Spreadsheets keep fifteen digits. */
function numeral(value: number): string {
  const text = String(Number(value.toPrecision(15)));
  return /e\+/.test(text) ? BigInt(Number(text)).toString() : text;
}
