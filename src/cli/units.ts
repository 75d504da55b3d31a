import { printable } from "../core/words/printable.js";

const sizeUnits = ["kB", "MB", "GB", "TB", "PB"] as const;

/** A readable size in powers of 1000, as in file managers. The record has the exact number. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return bytes === 1 ? "1 byte" : `${bytes} bytes`;
  let value = bytes / 1000;
  let unit = 0;
  // 999.95 would be rounded to "1000.0".
  while (value >= 999.95 && unit < sizeUnits.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value.toFixed(1)} ${sizeUnits[unit]}`;
}

/** Decimal seconds as text, for instance `83.48`, as `1:23`; below ten seconds with one decimal. */
export function formatLength(seconds: string): string {
  const value = Number(seconds);
  if (seconds.trim() === "" || !Number.isFinite(value) || value < 0) return printable(seconds, 40);
  return value < 9.95 ? `${value.toFixed(1)} s` : formatClock(Math.round(value));
}

/** Whole seconds as `0:07`, `1:23` or `1:02:03`. */
export function formatClock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  const rest = String(whole % 60).padStart(2, "0");
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

/** A date from a platform: `20240301` becomes `2024-03-01`, and a UTC time appears as in `formatTime`. */
export function formatDate(date: string): string {
  const day = /^(\d{4})(\d{2})(\d{2})$/.exec(date);
  return day ? `${day[1]}-${day[2]}-${day[3]}` : formatTime(date);
}

/** An RFC 3339 time in UTC as `2026-09-19 14:03:22 UTC`; anything else unchanged. */
export function formatTime(at: string): string {
  const parts = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2})(\.\d+)?Z$/.exec(at);
  return parts ? `${parts[1]} ${parts[2]} UTC` : printable(at, 40);
}

const localParts: Intl.DateTimeFormatOptions = {
  year: "numeric",
  month: "2-digit",
  day: "2-digit",
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
};

/**
 * What the clocks of a time zone show at an RFC 3339 time in UTC: `19:03`, with the day where it is another one,
 * `09-20 01:03`. Null for anything else, where they show UTC, and for a zone that is not known here.
 */
export function localTime(at: string, zone: string): string | null {
  const instant = new Date(at);
  if (!at.endsWith("Z") || Number.isNaN(instant.getTime())) return null;
  try {
    // The Swedish form is that of ISO 8601.
    const local = new Intl.DateTimeFormat("sv-SE", { ...localParts, timeZone: zone }).format(instant);
    if (local === formatTime(at).slice(0, 16)) return null;
    return at.startsWith(local.slice(0, 10)) ? local.slice(11) : local.slice(5);
  } catch {
    return null;
  }
}

/** A time in UTC and, where it differs, in the time zone of the reader: `2026-09-19 14:03:22 UTC (19:03 in Asia/Almaty)`. */
export function formatTimeHere(at: string, zone: string): string {
  const local = localTime(at, zone);
  return local === null ? formatTime(at) : `${formatTime(at)} (${local} in ${zone})`;
}
