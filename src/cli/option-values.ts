import { InvalidArgumentError, Option } from "commander";
import { parseSourceUrl } from "../core/capture/source-url.js";
import { isLanguage } from "../core/capture/subtitle-languages.js";
import { dateOrders } from "../core/lists/typed-date.js";

const factors: Readonly<Record<string, number>> = { "": 1, K: 1e3, M: 1e6, G: 1e9, T: 1e12 };

/** `500M` or `4G` as bytes, in powers of 1000. Throws InvalidArgumentError for anything else. */
export function parseSize(text: string): number {
  const parts = /^([0-9]{1,15})([KMGT]?)B?$/i.exec(text);
  const bytes = Number(parts?.[1]) * (factors[(parts?.[2] ?? "").toUpperCase()] ?? Number.NaN);
  if (!Number.isSafeInteger(bytes) || bytes < 1) {
    throw new InvalidArgumentError("give a size such as 500M or 4G");
  }
  return bytes;
}

/** A web address, as it is sent. Throws InvalidArgumentError for anything else, and for one with a password. */
export function parseAddress(text: string): string {
  const source = parseSourceUrl(text, { allowPrivate: true });
  if ("url" in source) return source.url.href;
  throw new InvalidArgumentError("give a whole address that begins with https://");
}

/** A whole number above zero. Throws InvalidArgumentError for anything else. */
export function parseCount(text: string): number {
  const count = Number(text);
  if (!/^[0-9]{1,15}$/.test(text) || count < 1) {
    throw new InvalidArgumentError("give a whole number above zero");
  }
  return count;
}

/** Languages of subtitles with commas between them. Throws InvalidArgumentError for what is none. */
export function parseLanguages(text: string): readonly string[] {
  const languages = text.split(",").map((one) => one.trim());
  if (languages.every(isLanguage)) return languages;
  throw new InvalidArgumentError("give languages such as kk,ru,en; or original, or all");
}

const dayOrTime = /^([0-9]{4}-[0-9]{2}-[0-9]{2})(T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?Z)?$/;

/** A UTC day or time as typed. Throws InvalidArgumentError for a date that does not exist. */
export function parseDayOrTime(text: string): string {
  const day = dayOrTime.exec(text)?.[1];
  const time = new Date(text);
  if (day === undefined || Number.isNaN(time.getTime()) || time.toISOString().slice(0, 10) !== day) {
    throw new InvalidArgumentError(
      "give a day such as 2026-09-19 or a UTC time such as 2026-09-19T14:00:00Z",
    );
  }
  return text;
}

/** A UTC day as typed. Throws InvalidArgumentError for a date that does not exist. */
export function parseDay(text: string): string {
  if (text.length === 10) return parseDayOrTime(text);
  throw new InvalidArgumentError("give a day such as 2026-09-19");
}

const durations: Readonly<Record<string, number>> = { "": 1000, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/**
 * `90`, `90s`, `1.5m` or `2h` as milliseconds; a bare number is seconds. Throws InvalidArgumentError for anything else.
 */
export function parseDuration(text: string): number {
  const parts = /^([0-9]{1,9}(?:\.[0-9]{1,3})?)(ms|[smh]?)$/.exec(text);
  const ms = Math.round(Number(parts?.[1]) * (durations[parts?.[2] ?? ""] ?? Number.NaN));
  if (!Number.isSafeInteger(ms)) throw new InvalidArgumentError("give a duration such as 30s, 10m or 2h");
  return ms;
}

/** The option of every command that reads a list which may be a workbook. */
export const sheetFlags = "--sheet <name>";
export const sheetWords =
  "the sheet of a workbook, by its name or number (default: the first that is not hidden)";

/** The option of every command that reads dates of a person's list. */
export function dateOrderOption(): Option {
  return new Option(
    "--date-order <order>",
    "how dates such as 5/1/2026 are meant, where two orders fit: day, month, year; month first; or year first",
  ).choices(dateOrders);
}
