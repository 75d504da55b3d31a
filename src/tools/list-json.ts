import { isJsonObject, type Json, type JsonObject } from "../audit/canonical-json.js";
import { wellFormed } from "../core/well-formed.js";
import type { ListEntry } from "./download/fetch-types.js";

/**
 * The entries of what `yt-dlp --flat-playlist --dump-single-json` printed about `page`. An entry the platform could
 * not give (null) is left out and the numbering keeps its place. One video alone is one entry: the page itself.
 */
export function readListEntries(json: JsonObject, page: string): readonly ListEntry[] {
  if (json._type !== "playlist")
    return [{ index: 1, url: page, title: readText(json.title), postedOn: readDay(json), embedded: false }];
  const entries: readonly Json[] = Array.isArray(json.entries) ? json.entries : [];
  return entries.flatMap((entry, at) => (isJsonObject(entry) ? [readEntry(entry, at + 1, page)] : []));
}

function readEntry(entry: JsonObject, index: number, page: string): ListEntry {
  const linked = entry._type === "url" || entry._type === "url_transparent";
  const url = linked ? readText(entry.url) : null;
  const { title } = entry;
  return {
    index,
    url: url ?? page,
    title: readText(title),
    postedOn: readDay(entry),
    embedded: url === null,
  };
}

/** `upload_date` is `YYYYMMDD` in UTC; most lists give none. */
function readDay({ upload_date }: JsonObject): string | null {
  const parts = typeof upload_date === "string" ? /^(\d{4})(\d{2})(\d{2})$/.exec(upload_date) : null;
  return parts === null ? null : parts.slice(1).join("-");
}

function readText(value: Json | undefined): string | null {
  return typeof value === "string" ? wellFormed(value) : null;
}
