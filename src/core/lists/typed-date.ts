import { dateSpan } from "../capture/date-span.js";
import { monthNamed } from "./month-names.js";
import { serialDate } from "./serial-date.js";

/** The order of day, month and year in dates such as `5/1/2026`. */
export type DateOrder = (typeof dateOrders)[number];
export const dateOrders = ["dmy", "mdy", "ymd"] as const;

/** What a person's date means. */
export type TypedDate =
  /** `timeLeft`: true if a time of the day without a zone was left out. */
  | { readonly iso: string; readonly timeLeft: boolean }
  /** Why it cannot be told, in a sentence. */
  | { readonly problem: string };

/**
 * Reads a date as people and spreadsheets write it: ISO 8601, `05.01.2026` (day first), `5 января 2026`, `1/25/2026`, a
 * number of days as a spreadsheet counts them. A date with slashes or hyphens that two orders fit is read only with `order`.
 * Null for a text that is no date of these forms.
 */
export function readTypedDate(text: string, order: DateOrder | null): TypedDate | null {
  if (dateSpan(text) !== null) return { iso: text, timeLeft: false };
  const plain = text
    .slice(0, 100)
    .replaceAll(/[\s\u00a0]+/g, " ")
    .trim()
    .replace(/^\p{L}{2,12},? (?=\d|\p{L}+ \d)/u, (word) =>
      monthNamed(word.replace(/,? $/, "")) === null ? "" : word,
    )
    .replace(/(\d)(?:st|nd|rd|th)\b/i, "$1")
    .replaceAll(/(\d\.) (?=\d)/g, "$1");
  if (/^\d{5}(?:[.,]\d{1,15})?$/.test(plain)) return ofSerial(plain.replace(",", "."));
  const [, day = "", clock] =
    /^(.{1,40}?)(?:,? ?(?:г|год|года|ж|жыл|жылы)\.?)?(?:(?:[T ]|, )(\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?: ?[ap]m)?))?$/iu.exec(
      plain,
    ) ?? [];
  const iso = dayOf(day, order);
  if (iso === null || typeof iso !== "string") return iso;
  return { iso, timeLeft: clock !== undefined && !/^0?0:00(?::00(?:[.,]0+)?)?$/.test(clock) };
}

function ofSerial(text: string): TypedDate | null {
  const [day, clock] = serialDate(Number(text))?.split(" ") ?? [];
  return day === undefined ? null : { iso: day, timeLeft: clock !== undefined };
}

type Day = string | { readonly problem: string } | null;

function dayOf(text: string, order: DateOrder | null): Day {
  const [, year, month, date] = /^((?:19|20)\d{2})(\d{2})(\d{2})$/.exec(text) ?? [];
  if (year !== undefined && month !== undefined && date !== undefined) return isoDay(year, month, date);
  const [, first, mark, second, again, third] =
    /^(\d{1,4})([./-])(\d{1,2})([./-])(\d{1,4})$/.exec(text) ?? [];
  if (first === undefined || second === undefined || third === undefined)
    return monthOf(text) ?? dayWithName(text);
  if (mark !== again) return null;
  if (first.length === 4) return isoDay(first, second, third);
  if (first.length === 3 || third.length === 1 || third.length === 3) return null;
  if (mark === ".") return isoDay(third, second, first);
  return orderedDay(text, [first, second, third], order);
}

function orderedDay(
  text: string,
  [a, b, c]: readonly [string, string, string],
  order: DateOrder | null,
): Day {
  const readings = {
    dmy: isoDay(c, b, a),
    mdy: isoDay(c, a, b),
    ymd: c.length === 2 ? isoDay(a, b, c) : null,
  };
  if (order !== null) return readings[order] ?? { problem: `${text} is no day in the order ${order}` };
  const possible = dateOrders.filter((one) => readings[one] !== null);
  const days = new Set(possible.map((one) => readings[one]));
  const [only] = days;
  if (only === undefined) return null;
  if (days.size === 1) return only;
  return {
    problem: `${text} can be ${[...days].join(" or ")}: say which with --date-order ${possible.join(" or ")}`,
  };
}

/** `01.2026`, `1/2026`, `январь 2026`: a month, if the year has four digits. */
function monthOf(text: string): string | null {
  const [, named = "", year = ""] = /^([\p{L}\d]{1,12})[ ./-]{1,2}(\d{4})$/u.exec(text) ?? [];
  const month = /^\d{1,2}$/.test(named) ? Number(named) : monthNamed(named);
  const iso = `${year}-${String(month).padStart(2, "0")}`;
  return dateSpan(iso) === null ? null : iso;
}

/** `5 января 2026`, `05.янв.26`, `Jan 5, 2026`, `2026 ж. 5 қаңтар`. */
function dayWithName(text: string): string | null {
  const words = text
    .replace(/(\d) ?ж\./iu, "$1")
    .split(/[ .,/-]+/)
    .filter((word) => word !== "");
  const month = words.map(monthNamed).find((found) => found !== null);
  const numbers = words.filter((word) => /^\d{1,4}$/.test(word));
  const [first = "", second = ""] = numbers;
  if (month === undefined || words.length !== 3 || numbers.length !== 2) return null;
  return first.length === 4 ? isoDay(first, String(month), second) : isoDay(second, String(month), first);
}

/** Spreadsheets take two digits below 30 for this century. */
function isoDay(year: string, month: string, day: string): string | null {
  if (year.length !== 4 && year.length !== 2) return null;
  const full = year.length === 4 ? year : `${Number(year) < 30 ? "20" : "19"}${year}`;
  const iso = `${full}-${month.padStart(2, "0")}-${day.padStart(2, "0")}`;
  return dateSpan(iso) === null ? null : iso;
}
