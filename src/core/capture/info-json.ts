import { isJsonObject, type Json, type JsonObject } from "../../audit/canonical-json.js";
import { wellFormed } from "../words/printable.js";
import type { Claim, SourceFacts } from "./record.js";

const maxText = 1024 * 1024;
const maxTags = 1000;

/**
 * What the platform said about the clip, from a downloader's info.json (pass the redacted copy). Every value is a
 * `platform_claim` with the field it came from, `<fileLabel>:<field>`. Strings are as received, except that lone
 * surrogates and NUL become U+FFFD. A field of an unexpected type, or a number without an exact form, counts as absent.
 */
export function readPlatformFacts(info: Json, fileLabel: string): SourceFacts {
  const fields = isJsonObject(info) ? info : {};
  const text = (field: string) => textClaim(fields, field, fileLabel);
  const count = (field: string) => countClaim(fields, field, fileLabel);
  return {
    canonical_url: text("webpage_url"),
    extractor: text("extractor_key") ?? text("extractor"),
    platform_item_id: text("id"),
    title: text("title"),
    description: text("description"),
    uploader: text("uploader"),
    uploader_id: text("uploader_id"),
    uploader_url: text("uploader_url"),
    channel: text("channel"),
    channel_id: text("channel_id"),
    posted_at: postedAt(fields, fileLabel),
    upload_date: uploadDate(fields, fileLabel),
    duration: durationClaim(fields, fileLabel),
    language: text("language"),
    location: text("location"),
    live_status: text("live_status"),
    availability: text("availability"),
    tags: tagsClaim(fields, fileLabel),
    view_count: count("view_count"),
    like_count: count("like_count"),
    comment_count: count("comment_count"),
  };
}

function claim<T>(value: T, from: string): Claim<T> {
  return { value, basis: "platform_claim", from };
}

function textClaim(fields: JsonObject, field: string, label: string): Claim<string> | null {
  const value = fields[field];
  if (typeof value !== "string" || value === "") return null;
  if (value.length > maxText) {
    return claim(clean(value.slice(0, maxText)), `${label}:${field} (first ${maxText} characters)`);
  }
  return claim(clean(value), `${label}:${field}`);
}

function clean(text: string): string {
  return wellFormed(text).replaceAll("\0", "\ufffd");
}

function countClaim(fields: JsonObject, field: string, label: string): Claim<number> | null {
  const value = fields[field];
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) return null;
  return claim(value, `${label}:${field}`);
}

function tagsClaim(fields: JsonObject, label: string): Claim<readonly string[]> | null {
  const value = fields.tags;
  if (!Array.isArray(value)) return null;
  const tags = value.filter((tag: Json): tag is string => typeof tag === "string").slice(0, maxTags);
  return tags.length === 0 ? null : claim(tags.map(clean), `${label}:tags`);
}

/** The generic extractor takes `timestamp` from Last-Modified of the file or from a date in the page (EVIDENCE §7.3). */
function datesAreGuesses(fields: JsonObject): boolean {
  return fields.extractor_key === "Generic" || fields.extractor === "generic" || fields.extractor === "html5";
}

function postedAt(fields: JsonObject, label: string): Claim<string> | null {
  if (datesAreGuesses(fields)) return null;
  const { timestamp } = fields;
  if (typeof timestamp === "number") {
    const time = rfc3339(timestamp);
    if (time !== null) return claim(time, `${label}:timestamp`);
  }
  const day = readDay(fields.upload_date);
  return day === null ? null : claim(day, `${label}:upload_date`);
}

function rfc3339(seconds: number): string | null {
  const date = new Date(Math.round(seconds * 1000));
  if (Number.isNaN(date.getTime())) return null;
  const text = date.toISOString();
  return /^\d{4}-/.test(text) ? text : null;
}

function readDay(value: Json | undefined): string | null {
  if (typeof value !== "string") return null;
  const parts = /^(\d{4})(\d{2})(\d{2})$/.exec(value);
  return parts === null ? null : `${parts[1]}-${parts[2]}-${parts[3]}`;
}

function uploadDate(fields: JsonObject, label: string): Claim<string> | null {
  const stated = textClaim(fields, "upload_date", label);
  if (stated === null || !datesAreGuesses(fields)) return stated;
  return {
    ...stated,
    from: `${stated.from} (Last-Modified of the server or a date in the page, not an upload time)`,
  };
}

function durationClaim(fields: JsonObject, label: string): Claim<string> | null {
  const { duration } = fields;
  if (typeof duration !== "number" || !Number.isFinite(duration) || duration < 0 || duration > 1e9)
    return null;
  return claim(decimal(duration), `${label}:duration`);
}

/** A number of seconds as decimal text, as the JSON wrote it; rounded below a microsecond. */
function decimal(seconds: number): string {
  const text = String(seconds);
  return text.includes("e") ? seconds.toFixed(6).replace(/\.?0+$/, "") : text;
}
