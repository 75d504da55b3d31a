import { printable } from "../words/printable.js";
import { monthNamed } from "./month-names.js";
import { serialDate } from "./serial-date.js";

/** What a spreadsheet cuts a cell to. */
const longestCell = 32_767;

/**
 * A noted text as one cell shows it: control characters spelled out, line breaks kept, so that no cell moves a cursor or ends
 * early.
 */
export function shownCell(text: string): string {
  return text
    .split("\n")
    .map((part) => printable(part.replace(/\r$/, ""), Number.POSITIVE_INFINITY))
    .join("\n");
}

/**
 * True if `cell` is what a spreadsheet in any of our languages makes of `text` when a table is opened and saved: line ends and
 * blanks, a number without its zeros or with an exponent, a date of `14/2`, TRUE, `?` for letters that its code page lacks,
 * the end cut off. Also true for the same text.
 */
export function isRewritten(text: string, cell: string): boolean {
  if (isSameText(text, cell)) return true;
  const [was, is] = [plainText(text), plainText(cell)];
  if (cell.length >= longestCell - 1 && was.startsWith(is)) return true;
  return (
    isSameTime(was, is) ||
    isSameNumber(was, is) ||
    isSameTruth(was, is) ||
    isSameDay(was, is) ||
    isInCodePage(was, is)
  );
}

/** True if `cell` says `text`, with other line ends and blanks, or as `shownCell` shows it. */
export function isSameText(text: string, cell: string): boolean {
  const is = plainText(cell);
  return plainText(text) === is || plainText(shownCell(text)) === is;
}

function plainText(text: string): string {
  return text
    .replaceAll(/\r\n?/g, "\n")
    .replaceAll(/[\u00a0\u202f]/g, " ")
    .trim();
}

const truths = ["true", "истина", "ақиқат"];
const untruths = ["false", "ложь", "жалған"];

function isSameTruth(was: string, is: string): boolean {
  const [a, b] = [was.toLowerCase(), is.toLowerCase()];
  return (truths.includes(a) && truths.includes(b)) || (untruths.includes(a) && untruths.includes(b));
}

/** A decimal number: its digits without zeros at the ends, and the power of ten of the last one. */
interface Decimal {
  readonly negative: boolean;
  readonly digits: string;
  readonly power: number;
}

function decimal(text: string): Decimal | null {
  const percent = /\d ?%$/.test(text) ? 2 : 0;
  const plain = text.replace(/ ?%$/, "").replaceAll(/(?<=\d) (?=\d{3}(?:\D|$))/g, "");
  const [, sign, whole, , fraction = "", , exponent = "0"] =
    /^([+-]?)(\d{1,400})([.,](\d{1,400}))?(e([+-]?\d{1,3}))?$/i.exec(plain) ?? [];
  if (whole === undefined) return null;
  const all = `${whole}${fraction}`.replace(/^0+/, "");
  const digits = all.replace(/0+$/, "");
  return {
    negative: sign === "-" && digits !== "",
    digits,
    power: digits === "" ? 0 : Number(exponent) - percent - fraction.length + (all.length - digits.length),
  };
}

/** Equal, or as many digits of it as a spreadsheet shows of a long number: at least three with an exponent, else nine. */
function isSameNumber(was: string, is: string): boolean {
  const [a, b] = [decimal(was), decimal(is)];
  if (a === null || b === null || a.negative !== b.negative) return false;
  if (a.digits === b.digits && a.power === b.power) return true;
  const fewest = /e/i.test(is) ? 1 : 9;
  if (a.digits.length < 10 || b.digits.length < fewest || b.digits.length >= a.digits.length) return false;
  const cut = a.digits.length - b.digits.length;
  const shown = BigInt(b.digits);
  const kept = BigInt(a.digits.slice(0, b.digits.length));
  const up = Number(a.digits[b.digits.length]) >= 5 ? kept + 1n : kept;
  return b.power === a.power + cut && (shown === kept || shown === up);
}

/** Seconds of a time of the day, or of a part of a day as a spreadsheet counts it; null for any other text. */
function secondsOf(text: string): number | null {
  const [, hours, minutes, seconds = "0"] = /^(\d{1,2}):(\d{2})(?::(\d{2}))?$/.exec(text) ?? [];
  if (hours !== undefined) return (Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds);
  return /^0[.,]\d{1,17}$/.test(text) ? Math.round(Number(text.replace(",", ".")) * 86_400) : null;
}

function isSameTime(was: string, is: string): boolean {
  return was.includes(":") && secondsOf(was) !== null && secondsOf(was) === secondsOf(is);
}

interface Day {
  /** Null if the text has none: a spreadsheet then takes the year of the day it is opened. */
  readonly year: number | null;
  readonly month: number;
  readonly day: number;
}

/** Every day that a spreadsheet in some locale may see in a text; none for a text that is no date to any. */
function daysIn(text: string): readonly Day[] {
  if (/^\d{5}$/.test(text)) return daysIn(serialDate(Number(text)) ?? "");
  const date = text.replace(/[T ]0?0:00(?::00)?$/, "");
  if (!/^[\d\p{L}]+(?:[./ -]{1,2}[\d\p{L}]+){1,2}\.?$/u.test(date) || date.length > 30) return [];
  const words = date.split(/[./ -]+/).filter((word) => word !== "");
  const month = words.map(monthNamed).find((found) => found !== null);
  const numbers = words.filter((word) => /^\d{1,4}$/.test(word));
  if (numbers.length !== words.length - (month === undefined ? 0 : 1)) return [];
  return possibleDays(month === undefined ? numbers : [...numbers, String(month)], month !== undefined);
}

/** `numbers` has two or three; with `named`, the last is the month. */
function possibleDays(numbers: readonly string[], named: boolean): readonly Day[] {
  const [a = "", b = "", c] = numbers;
  const of = (year: string | null, month: string, day: string): readonly Day[] => {
    const full = year === null ? null : yearOf(year);
    const fits = Number(month) >= 1 && Number(month) <= 12 && Number(day) >= 1 && Number(day) <= 31;
    return fits && full !== undefined ? [{ year: full, month: Number(month), day: Number(day) }] : [];
  };
  if (named && c === undefined) return [...of(null, b, a), ...of(a, b, "1")];
  if (named && c !== undefined) return [...of(b, c, a), ...of(a, c, b)];
  if (c === undefined) return [...of(null, b, a), ...of(null, a, b), ...of(b, a, "1"), ...of(a, b, "1")];
  return [...of(c, b, a), ...of(c, a, b), ...of(a, b, c)];
}

/** Undefined for what is no year. */
function yearOf(text: string): number | undefined {
  if (text.length === 4) return Number(text);
  if (text.length === 1) return Number(text) + 2000;
  if (text.length === 2) return Number(text) + (Number(text) < 30 ? 2000 : 1900);
  return undefined;
}

/** The form of a date in figures: `N.N.Y` for `05.01.2026`. */
function formOf(text: string): string {
  return text.replaceAll(/\d+/g, (digits) => (digits.length > 2 ? "Y" : "N"));
}

function figuresOf(text: string): readonly number[] {
  return [...text.matchAll(/\d+/g)].map(([digits]) => Number(digits));
}

function isSameDay(was: string, is: string): boolean {
  // In the form that it had, a date has the order that it had: whoever made 2/1 of 1/2 is a person.
  if (formOf(was) === formOf(is)) {
    return daysIn(was).length > 0 && figuresOf(was).join() === figuresOf(is).join();
  }
  const days = daysIn(is);
  return daysIn(was).some((a) =>
    days.some(
      (b) =>
        a.month === b.month && a.day === b.day && (a.year === null || b.year === null || a.year === b.year),
    ),
  );
}

const letters = new Set(
  new TextDecoder("windows-1251").decode(Uint8Array.from({ length: 256 }, (_, byte) => byte)),
);

/** Each letter that windows-1251 lacks is `?` or, of a Latin one, its plain letter; at least one is. */
function isInCodePage(was: string, is: string): boolean {
  if (was.length !== is.length || !/[?a-z]/i.test(is)) return false;
  return Array.from({ length: was.length }, (_, at) => at).every((at) => {
    const [a = "", b = ""] = [was[at], is[at]];
    return a === b || (!letters.has(a) && (b === "?" || a.normalize("NFD").startsWith(b)));
  });
}
