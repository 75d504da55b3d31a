import type { Failure } from "../../core/capture/failure-codes.js";
import type { HttpExchange, Rendition, TransferCheck } from "../../core/capture/record.js";
import type { FetchBounds } from "../run/limits.js";
import type { RunRequest, RunResult } from "../run/run-request.js";
import type { YtDlpJail } from "./yt-dlp-jail.js";

/** The yt-dlp to start: its absolute path and the version it states, for instance `2026.08.19`. */
export interface Downloader {
  readonly path: string;
  readonly version: string;
  /** Absolute path of the Node.js with which it may run the scripts of a site's player; without it, it runs none. */
  readonly runtime?: string | null;
}

/** Starts yt-dlp: `run` of run/run.ts, or a kept interpreter. */
export type RunDownloader = (request: RunRequest) => Promise<RunResult>;

/** What an attempt fetches besides the clip, and by which means: what may change from one attempt to the next. */
export interface FetchWays {
  /** The languages of the subtitles (`subtitle-languages.ts`); null for none. */
  readonly subtitles: readonly string[] | null;
  readonly comments: boolean;
  /** The platform's preview picture, which goes with the clip when a site deletes it. */
  readonly thumbnail: boolean;
  /** Whether a transfer that breaks off may be continued by asking for the rest of the file. */
  readonly resume: boolean;
  /** Whether pages of unknown sites are asked for as a browser asks. */
  readonly impersonate: boolean;
}

export interface FetchRequest extends FetchWays {
  readonly program: Downloader;
  readonly run: RunDownloader;
  /** The `URL.href` of an address that `parseSourceUrl` accepted. */
  readonly url: string;
  /** Which video (from 1) of a page with several; null for the first or only one. */
  readonly item: number | null;
  /** Whether the address is one entry of a post whose others are fetched as well. */
  readonly ofPost: boolean;
  /** Absolute path of a fresh, empty folder; every attempt has its own. */
  readonly folder: string;
  /** The egress guard, for instance `http://127.0.0.1:40000`; null connects directly. */
  readonly proxy: string | null;
  /** The downloader's jail; null if there is none. In a jail, `proxy` is an address inside it. */
  readonly jail: YtDlpJail | null;
  /** A private copy, because yt-dlp rewrites it with the cookies that the site sets. */
  readonly cookiesFile: string | null;
  /** A yt-dlp format selection; null takes the best streams, kept separate. */
  readonly format: string | null;
  /** The page that the site must believe the request to come from; a web address. */
  readonly referer: string | null;
  /** Skips videos that, according to the site, were posted before this day, `YYYY-MM-DD`; null for no limit. */
  readonly since: string | null;
  readonly bounds: FetchBounds;
  readonly signal: AbortSignal;
  /** Whether what came is worth keeping where `signal` ends the download, as it is where the line drops. */
  readonly keepsInterrupted: boolean;
  readonly onProgress: (progress: FetchProgress) => void;
}

/** Progress of the current track: sizes in bytes, speed in bytes per second; null if unknown. */
export interface FetchProgress {
  readonly done: number;
  readonly total: number | null;
  readonly speed: number | null;
  readonly etaSeconds: number | null;
}

/** A file that the downloader left, by absolute path. */
export interface FetchedFile {
  readonly path: string;
  readonly bytes: number;
}

/** One media track. `path` is the downloader's file; its bytes are as received, unless `segments` is not null. */
export interface FetchedTrack {
  readonly path: string;
  readonly bytes: number;
  /** A safe ASCII name for the record, for instance `track-1.mp4`. */
  readonly name: string;
  /** The last part of the URL's path. The server controls this text; null if unknown. */
  readonly receivedAs: string | null;
  /** The length that the server announced for the track; null if it announced none or the track is in segments. */
  readonly announcedBytes: number | null;
  /**
   * The segments as received, in order, if the track arrived in segments. `path` is then the downloader's joined copy,
   * which differs from the plain sequence if the segments were encrypted.
   */
  readonly segments: readonly FetchedFile[] | null;
}

/** A page, manifest, subtitle or thumbnail. `name` is a safe ASCII name, for instance `page-1.html`. */
export interface FetchedSidecar {
  readonly path: string;
  readonly bytes: number;
  readonly name: string;
  readonly role: "html_source" | "manifest" | "subtitle" | "thumbnail" | "sidecar";
}

/** What is known about a run, whether it succeeded or not. */
export interface FetchEvidence {
  /** The downloader's raw info.json, with cookies and signed URLs; null if it wrote none. */
  readonly infoJson: FetchedFile | null;
  /** Pages and manifests as the extractor read them. */
  readonly pages: readonly FetchedSidecar[];
  readonly subtitles: readonly FetchedSidecar[];
  readonly thumbnails: readonly FetchedSidecar[];
  readonly transfer: TransferCheck;
  /** Whether the downloader chose the best that was offered. */
  readonly rendition: Rendition;
  /** In order, with URLs redacted. */
  readonly exchanges: readonly HttpExchange[];
  /** The redirects from the requested URL, both ends included, redacted. */
  readonly redirects: readonly string[];
  readonly finalUrl: string | null;
  /** How long that answer asks to wait, as the server wrote it; null if it does not ask. */
  readonly retryAfter: string | null;
  /** The status of the last answer that asks to slow down, else of the last refusal; null if there is neither. */
  readonly lastStatus: number | null;
  /**
   * The downloader's warnings and errors, one line each, limited. A page can control this text: escape before printing.
   */
  readonly warnings: readonly string[];
  /** `stdout` is empty: it was processed as it arrived, because it held the headers of every request. */
  readonly run: RunResult;
  /** The command line as started, with secrets and local paths, for `describeRun`. */
  readonly argv: readonly string[];
}

export interface FetchedMedia extends FetchEvidence {
  readonly kind: "media";
  readonly tracks: readonly FetchedTrack[];
  /** Set if the page holds several videos and this is one of them: fetch the others with `item`. */
  readonly list: ListHead | null;
}

/** The URL is a playlist, a channel or a post of several: nothing was downloaded. */
export interface FetchedList extends FetchEvidence {
  readonly kind: "list";
  readonly list: ListHead;
  /** Its entries where the page itself shows them; null if `listEntries` must ask for them. */
  readonly entries: readonly ListEntry[] | null;
}

/** According to the site, the clip was posted before the requested day (`since`): nothing was downloaded. */
export interface FetchedOlder extends FetchEvidence {
  readonly kind: "older";
}

export interface FetchFailed extends FetchEvidence {
  readonly kind: "failed";
  readonly failure: Failure;
  /** The bytes that arrived; empty if none are worth keeping. */
  readonly partialTracks: readonly FetchedTrack[];
  readonly remedy: Remedy | null;
  /** Set if the page holds several videos and this is one of them: the others may still be had. */
  readonly list: ListHead | null;
}

/**
 * What may bring, at once, the clip that an attempt did not bring. `fresh-start`: a transfer was continued, and nothing
 * shows that its parts are of one file. `fresh-look-up`: the address of the media had expired. `impersonate`: the site
 * lets in only what looks like a browser. Without subtitles, or without everything but the clip: they are what failed.
 */
export type Remedy = "fresh-start" | "without-subtitles" | "without-extras" | "impersonate" | "fresh-look-up";

export type FetchOutcome = FetchedMedia | FetchedList | FetchedOlder | FetchFailed;

/** The platform controls the title. `items` is null if the platform does not state a number. */
export interface ListHead {
  readonly title: string | null;
  readonly items: number | null;
}

export interface ListRequest {
  readonly program: Downloader;
  readonly run: RunDownloader;
  readonly url: string;
  /** The page that the site must believe the request to come from; a web address. */
  readonly referer: string | null;
  /** The most entries to return, at least 1. */
  readonly limit: number;
  readonly folder: string;
  readonly proxy: string | null;
  readonly jail: YtDlpJail | null;
  readonly cookiesFile: string | null;
  /** Whether the page of an unknown site is asked for as a browser asks. */
  readonly impersonate: boolean;
  readonly bounds: FetchBounds;
  readonly signal: AbortSignal;
}

export interface ListEntry {
  /** From 1, in the platform's order. */
  readonly index: number;
  /** Not yet checked by `parseSourceUrl`. For `embedded` entries, the address of the page itself. */
  readonly url: string;
  readonly title: string | null;
  /** The day of posting according to the list, `YYYY-MM-DD`; null if it states none. */
  readonly postedOn: string | null;
  /** Whether the entry has no address of its own: fetch `url` with `item: index`. */
  readonly embedded: boolean;
}

export type ListOutcome =
  | {
      readonly kind: "list";
      readonly title: string | null;
      readonly entries: readonly ListEntry[];
      /** How many entries of the list have no video that the platform shows. */
      readonly withoutVideo: number;
      readonly run: RunResult;
      readonly argv: readonly string[];
    }
  | {
      readonly kind: "failed";
      readonly failure: Failure;
      readonly run: RunResult;
      readonly argv: readonly string[];
    };
