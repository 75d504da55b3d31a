import type { Failure } from "../../core/capture/failure.js";
import type { HttpExchange, TransferCheck } from "../../core/capture/record.js";
import type { FetchBounds } from "../run/limits.js";
import type { RunRequest, RunResult } from "../run/run-request.js";
import type { YtDlpJail } from "./yt-dlp-jail.js";

/** The yt-dlp to start: an absolute path and what it calls its version, for instance `2026.08.19`. */
export interface Downloader {
  readonly path: string;
  readonly version: string;
}

/** What starts yt-dlp: `run` of run/run.ts, or a kept one. */
export type RunDownloader = (request: RunRequest) => Promise<RunResult>;

export interface FetchRequest {
  readonly program: Downloader;
  readonly run: RunDownloader;
  /** `URL.href` of an address that `parseSourceUrl` accepted. */
  readonly url: string;
  /** The n-th video (from 1) of a page that has several; null for the first or only one. */
  readonly item: number | null;
  /** Absolute path of a fresh, empty folder of ours; one folder per attempt, never used twice. */
  readonly folder: string;
  /** The egress guard, for instance `http://127.0.0.1:40000`; null goes direct. */
  readonly proxy: string | null;
  /** Where the downloader is locked in; null where it cannot be. With it `proxy` is an address inside. */
  readonly jail: YtDlpJail | null;
  /** A private copy: yt-dlp rewrites it with the site's own cookies. */
  readonly cookiesFile: string | null;
  /** A yt-dlp format selection; null takes the best streams, kept apart. */
  readonly format: string | null;
  readonly subtitles: boolean;
  readonly comments: boolean;
  /** Nothing that the site says was posted before this day, `YYYY-MM-DD`; null takes everything. */
  readonly since: string | null;
  readonly bounds: FetchBounds;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: FetchProgress) => void;
}

/** Of the track that is coming: sizes in bytes, speed in bytes per second; null where nobody knows. */
export interface FetchProgress {
  readonly done: number;
  readonly total: number | null;
  readonly speed: number | null;
  readonly etaSeconds: number | null;
}

/** A file the downloader left, by absolute path. */
export interface FetchedFile {
  readonly path: string;
  readonly bytes: number;
}

/** One track of the media. `path` is the downloader's file; bytes as received unless `segments` is not null. */
export interface FetchedTrack {
  readonly path: string;
  readonly bytes: number;
  /** A fixed, safe ASCII name for the record, for instance `track-1.mp4`. */
  readonly name: string;
  /** The last part of the URL's path, as the server named it: hostile text; null where unknown. */
  readonly receivedAs: string | null;
  /** What the server announced for the whole track; null where it announced nothing or the track is in segments. */
  readonly announcedBytes: number | null;
  /**
   * The segments as received, in order, where the track came in segments: then `path` is the downloader's own
   * joined copy, which differs from the segments put together when they were encrypted.
   */
  readonly segments: readonly FetchedFile[] | null;
}

/** A page, manifest, subtitle or thumbnail. `name` is a fixed, safe ASCII name, for instance `page-1.html`. */
export interface FetchedSidecar {
  readonly path: string;
  readonly bytes: number;
  readonly name: string;
  readonly role: "html_source" | "manifest" | "subtitle" | "thumbnail" | "sidecar";
}

/** What is known about a run whether it succeeded or not. */
export interface FetchEvidence {
  /** The downloader's info.json, raw: holds cookies and signed URLs. Null where none was written. */
  readonly infoJson: FetchedFile | null;
  /** Pages and manifests as the extractor read them. */
  readonly pages: readonly FetchedSidecar[];
  readonly subtitles: readonly FetchedSidecar[];
  readonly thumbnails: readonly FetchedSidecar[];
  readonly transfer: TransferCheck;
  /** In order; URLs redacted. */
  readonly exchanges: readonly HttpExchange[];
  /** The chain that began at the requested URL, both ends included, redacted. */
  readonly redirects: readonly string[];
  readonly finalUrl: string | null;
  /** What that answer asks to wait, as the server wrote it; null where it asks nothing. */
  readonly retryAfter: string | null;
  /** The status of the last answer that asks to slow down, else of the last that was a refusal; null where none was. */
  readonly lastStatus: number | null;
  /** Warnings and errors of the downloader, one line each, capped. Hostile text: escape before showing. */
  readonly warnings: readonly string[];
  /** `stdout` is empty: it held every header of every request and was read as it came. */
  readonly run: RunResult;
  /** Exactly as started, secrets and local paths included: for `describeRun`. */
  readonly argv: readonly string[];
}

export interface FetchedMedia extends FetchEvidence {
  readonly kind: "media";
  readonly tracks: readonly FetchedTrack[];
  /** Set when the page holds several videos and this is one of them: ask for the others with `item`. */
  readonly list: ListHead | null;
}

/** The URL is a playlist or channel: nothing was downloaded, `listEntries` gives what is in it. */
export interface FetchedList extends FetchEvidence {
  readonly kind: "list";
  readonly list: ListHead;
}

/** The site says the clip was posted before the day asked for (`since`): nothing was downloaded. */
export interface FetchedOlder extends FetchEvidence {
  readonly kind: "older";
}

export interface FetchFailed extends FetchEvidence {
  readonly kind: "failed";
  readonly failure: Failure;
  /** The bytes that did arrive; empty when there are none worth keeping. */
  readonly partialTracks: readonly FetchedTrack[];
  /** Nothing is known to be wrong but the subtitles that were asked for: without them the clip may come. */
  readonly onlySubtitles: boolean;
}

export type FetchOutcome = FetchedMedia | FetchedList | FetchedOlder | FetchFailed;

/** Title as the platform wrote it, hostile text. `items` is null where the platform does not say. */
export interface ListHead {
  readonly title: string | null;
  readonly items: number | null;
}

export interface ListRequest {
  readonly program: Downloader;
  readonly run: RunDownloader;
  readonly url: string;
  /** At most this many entries, at least 1. */
  readonly limit: number;
  readonly folder: string;
  readonly proxy: string | null;
  readonly jail: YtDlpJail | null;
  readonly cookiesFile: string | null;
  readonly bounds: FetchBounds;
  readonly signal: AbortSignal;
}

export interface ListEntry {
  /** From 1, as the platform counts. */
  readonly index: number;
  /** Not yet checked by `parseSourceUrl`. For `embedded` entries the address of the page itself. */
  readonly url: string;
  readonly title: string | null;
  /** The day the list says it was posted, `YYYY-MM-DD`; null where it says none. */
  readonly postedOn: string | null;
  /** True when the entry has no address of its own: fetch `url` with `item: index`. */
  readonly embedded: boolean;
}

export type ListOutcome =
  | {
      readonly kind: "list";
      readonly title: string | null;
      readonly entries: readonly ListEntry[];
      readonly run: RunResult;
      readonly argv: readonly string[];
    }
  | {
      readonly kind: "failed";
      readonly failure: Failure;
      readonly run: RunResult;
      readonly argv: readonly string[];
    };
