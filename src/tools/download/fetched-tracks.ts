import { isJsonObject, type Json, type JsonObject } from "../../audit/canonical-json.js";
import { exchangesFor, judgeParts } from "../../core/capture/parts.js";
import { redactUrl } from "../../core/capture/redact.js";
import { webUrl } from "../../core/capture/source-url.js";
import type { TrafficExchange, TrafficLog } from "../../core/capture/traffic-log.js";
import { matchLengths, type TrackTransfer } from "../../core/capture/transfer.js";
import { wellFormed } from "../../core/words/printable.js";
import { type MediaKind, sniffFile, trackExtension } from "../media/kind.js";
import type { FetchedTrack } from "./fetch-types.js";
import type { ReceivedMedia } from "./received-files.js";

/** A track, how its transfer went, and what its first bytes show. */
export interface JudgedTrack {
  readonly track: FetchedTrack;
  readonly transfer: TrackTransfer;
  readonly kind: MediaKind;
}

/**
 * Combines what is known about each track: the downloader's files in the order it began them, the answers that announced
 * their lengths, and the number of segments that the downloader stated. `info` is the raw info.json.
 */
export function judgeTracks(media: readonly ReceivedMedia[], info: Json, log: TrafficLog): JudgedTrack[] {
  const ordered = inOrderOfDownload(media, log.remarks);
  const totals = log.remarks.flatMap((line) => /^\[\w+\] Total fragments: (\d{1,9})\b/.exec(line)?.[1] ?? []);
  const segmented = ordered.filter((file) => file.segments.length > 0);
  return ordered.map((file, index) => {
    const kind = file.bytes === 0 ? "unknown" : sniffFile(file.path);
    const claimed = /\.([^.]+)$/.exec(file.name)?.[1]?.toLowerCase() ?? "";
    const name = `track-${index + 1}.${trackExtension(kind, claimed)}`;
    const total = totals.length === segmented.length ? totals[segmented.indexOf(file)] : undefined;
    return { kind, ...judgeFile(file, name, formatUrl(file, info), total, log) };
  });
}

function judgeFile(
  file: ReceivedMedia,
  name: string,
  url: string | null,
  total: string | undefined,
  log: TrafficLog,
): Pick<JudgedTrack, "track" | "transfer"> {
  const { path, bytes, unfinished, segments } = file;
  if (segments.length === 0) {
    const asked = url === null ? [] : exchangesFor(url, log.exchanges);
    const answer = asked.findLast(answersWhole) ?? null;
    const announced = answer === null ? null : announcedLength(answer);
    const parts = judgeParts(asked);
    return {
      track: {
        path,
        bytes,
        name,
        receivedAs: lastPathPart(answer),
        announcedBytes: announced,
        segments: null,
      },
      transfer: {
        name,
        received: bytes,
        announced,
        unfinished,
        parts: parts.kind === "one-answer" ? null : parts,
        segments: null,
      },
    };
  }
  const announced = matchLengths(
    segments.map((segment) => segment.bytes),
    log.exchanges.filter(answersWhole).flatMap((exchange) => exchange.content_length ?? []),
  );
  const pieces = segments.map((segment, at) => ({
    received: segment.bytes,
    announced: announced[at] ?? null,
  }));
  const expected = total === undefined ? null : Number(total);
  return {
    track: { path, bytes, name, receivedAs: null, announcedBytes: null, segments },
    transfer: {
      name,
      received: bytes,
      announced: null,
      unfinished,
      parts: null,
      segments: { expected, pieces },
    },
  };
}

function inOrderOfDownload(media: readonly ReceivedMedia[], remarks: readonly string[]): ReceivedMedia[] {
  const begun = remarks.flatMap((line) => /^\[download\] Destination: (.*)$/.exec(line)?.[1] ?? []);
  const place = (file: ReceivedMedia) => {
    const at = begun.indexOf(file.name);
    return at === -1 ? begun.length : at;
  };
  return [...media].sort((a, b) => place(a) - place(b) || (a.name < b.name ? -1 : 1));
}

function answersWhole(exchange: TrafficExchange): boolean {
  return (
    exchange.method === "GET" && (exchange.status === 200 || exchange.status === 206) && !exchange.encoded
  );
}

function announcedLength(answer: TrafficExchange): number | null {
  return answer.range === null ? answer.content_length : answer.range.total;
}

/** The address of a track in one piece. For a track in segments it would be the manifest's. */
function addressOf(format: JsonObject): string | null {
  const inOnePiece = format.protocol === "http" || format.protocol === "https";
  return inOnePiece && typeof format.url === "string" ? format.url : null;
}

/** yt-dlp names separate tracks `media.f<format_id>.<ext>` and replaces characters that no file name may contain. */
function formatUrl(file: ReceivedMedia, info: Json): string | null {
  if (!isJsonObject(info)) return null;
  const id = /^media\.f(.*)\.[^.]+$/.exec(file.name)?.[1];
  if (id === undefined) return addressOf(info);
  const formats: readonly Json[] = Array.isArray(info.formats) ? info.formats : [];
  const found = formats
    .filter(isJsonObject)
    .find((format) => typeof format.format_id === "string" && plainName(format.format_id) === plainName(id));
  return found === undefined ? null : addressOf(found);
}

function plainName(text: string): string {
  return text.replace(/[^A-Za-z0-9.-]/g, "_");
}

function lastPathPart(answer: TrafficExchange | null): string | null {
  const url = answer === null ? null : webUrl(answer.url);
  if (url === null) return null;
  const part = url.pathname.split("/").pop() ?? "";
  return part === "" ? null : redactUrl(wellFormed(decoded(part))).slice(0, 255);
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
