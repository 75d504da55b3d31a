import { isJsonObject, type Json, type JsonObject } from "../../audit/canonical-json.js";
import { wellFormed } from "../words/printable.js";
import { readFormats, takenIds } from "./rendition.js";

/** One format that a platform offers. The platform, or the page, controls every text. */
export interface OfferedFormat {
  /** What `--format` takes. */
  readonly id: string;
  /** Whether a capture would take it. */
  readonly taken: boolean;
  readonly holds: "picture and sound" | "picture" | "sound";
  /** The kind of file, such as `mp4`. */
  readonly container: string | null;
  readonly width: number | null;
  readonly height: number | null;
  /** Pictures in a second. */
  readonly fps: number | null;
  readonly video_codec: string | null;
  readonly audio_codec: string | null;
  readonly bytes: number | null;
  /** Whether `bytes` is an estimate. */
  readonly estimated: boolean;
  /** Thousands of bits in a second. */
  readonly kbps: number | null;
  readonly by: "one file" | "HLS" | "DASH" | "another way";
  readonly language: string | null;
  /** The platform's own words. */
  readonly note: string | null;
}

/** Which entry of a post or list a clip is. */
export interface OfferPlace {
  readonly number: number;
  readonly of: number;
}

/** What a platform offers for one clip. */
export interface Offer {
  readonly title: string | null;
  /** Null where it is the only one. */
  readonly place: OfferPlace | null;
  /** The worst first. */
  readonly formats: readonly OfferedFormat[];
}

/**
 * The formats in the downloader's info.json, as a capture chooses among them; null if it has none. Of a page with several
 * videos, those of the first. Pictures alone, such as previews, are left out: nobody can capture them.
 */
export function readOffer(json: Json): Offer | null {
  const info = firstVideo(json);
  const taken = takenIds(info) ?? [];
  const formats = (readFormats(info) ?? []).flatMap((format) => readFormat(format, taken) ?? []);
  if (!isJsonObject(info) || formats.length === 0) return null;
  return { title: text(info.title), place: placeOf(json, info), formats };
}

function placeOf(json: Json, info: JsonObject): OfferPlace | null {
  if (!isJsonObject(json) || !Array.isArray(json.entries)) return null;
  const entries: readonly Json[] = json.entries;
  const of = Math.max(entries.length, count(json.playlist_count) ?? 0);
  return of < 2 ? null : { number: entries.indexOf(info) + 1, of };
}

/** The video itself, or the first of a list. */
export function firstVideo(json: Json): Json {
  if (!isJsonObject(json) || !Array.isArray(json.entries)) return json;
  const entries: readonly Json[] = json.entries;
  return entries.find((entry) => isJsonObject(entry) && readFormats(entry) !== null) ?? null;
}

function readFormat(format: JsonObject, taken: readonly string[]): OfferedFormat | null {
  const id = text(format.format_id);
  const [video, audio] = [format.vcodec !== "none", format.acodec !== "none"];
  if (id === null || (!video && !audio)) return null;
  const exact = count(format.filesize);
  const bytes = exact ?? count(format.filesize_approx);
  return {
    id,
    taken: taken.includes(id),
    holds: video && audio ? "picture and sound" : video ? "picture" : "sound",
    container: text(format.ext),
    width: count(format.width),
    height: count(format.height),
    fps: count(format.fps),
    video_codec: codec(format.vcodec),
    audio_codec: codec(format.acodec),
    bytes,
    estimated: exact === null && bytes !== null,
    kbps: count(format.tbr),
    by: wayOf(format.protocol),
    language: text(format.language),
    note: text(format.format_note),
  };
}

function wayOf(protocol: Json | undefined): OfferedFormat["by"] {
  if (protocol === "http" || protocol === "https") return "one file";
  if (protocol === "m3u8" || protocol === "m3u8_native") return "HLS";
  return protocol === "http_dash_segments" ? "DASH" : "another way";
}

function codec(value: Json | undefined): string | null {
  return value === "none" ? null : text(value);
}

function text(value: Json | undefined): string | null {
  return typeof value === "string" && value !== "" ? wellFormed(value).slice(0, 200) : null;
}

function count(value: Json | undefined): number | null {
  return typeof value === "number" && value > 0 && value < Number.MAX_SAFE_INTEGER ? Math.round(value) : null;
}
