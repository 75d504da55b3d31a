import { isTelegramPost, paceOfSite } from "../../core/capture/sites.js";
import { webUrl } from "../../core/capture/source-url.js";
import { languagePatterns } from "../../core/capture/subtitle-languages.js";
import type { FetchWays } from "./fetch-types.js";

/** Everything that can differ between two runs of yt-dlp. */
export interface YtDlpOptions extends FetchWays {
  /** yt-dlp's version: it exits with status 2 on an option it does not know. */
  readonly version: string;
  /** Absolute path of the Node.js with which yt-dlp may run the scripts of a site's player; null for none. */
  readonly runtime: string | null;
  readonly url: string;
  readonly item: number | null;
  /** An existing empty folder, so that yt-dlp finds no ffmpeg or other program in it. */
  readonly noPrograms: string;
  readonly proxy: string | null;
  readonly cookiesFile: string | null;
  readonly format: string | null;
  readonly referer: string | null;
  readonly maxBytes: number;
  /** Skips videos that, according to the site, were posted before this day, `YYYY-MM-DD`; null for no limit. */
  readonly since: string | null;
}

export type YtDlpListOptions = Pick<
  YtDlpOptions,
  "version" | "runtime" | "url" | "noPrograms" | "proxy" | "cookiesFile" | "referer" | "impersonate"
> & {
  readonly limit: number;
};

/** The fixed name of everything yt-dlp writes: no title or id from a server can begin a path. */
export const mediaName = "media";
/** The name of a list's metadata file, without its `.info.json`. */
export const listName = "playlist";

/** The name of the preview picture, without its ending. */
export const thumbnailName = "thumbnail";

/** Popular clips have hundreds of thousands of comments, which come in pages of twenty. */
const mostComments = 2000;

/** The best streams, kept separate because yt-dlp cannot reach ffmpeg. */
const bestStreams = "bv*+ba/b";

/** How many entries of a post are asked what they offer, until one is found that is a video. */
const mostEntriesAsked = 20;

/**
 * Restricts a format selection to protocols that yt-dlp downloads itself. It would pass the others to a program
 * (rtmpdump) that bypasses the proxy (SECURITY §1.2), and the page controls which protocols it offers.
 */
function withinReach(format: string): string {
  return `(${format})[protocol!^=rtmp][protocol!^=rtsp][protocol!^=mms]`;
}

/**
 * Sizes in bytes, speed in bytes per second, time in seconds, in the form that yt-dlp-wrap parses; yt-dlp's own line
 * rounds them. Prints the bytes received where yt-dlp prints a percentage.
 */
const progressTemplate =
  "download:[download] %(progress.downloaded_bytes)s of %(progress.total_bytes,progress.total_bytes_estimate)s" +
  " at %(progress.speed)s ETA %(progress.eta)s";

/**
 * Writes yt-dlp's metadata of the clip and of its list as ASCII JSON. yt-dlp's own `--write-info-json` writes UTF-8,
 * and a lone surrogate in any title makes it fail, and the download with it.
 */
const metadataArgs: readonly string[] = [
  "--no-write-info-json",
  "--print-to-file=before_dl:%()j",
  `${mediaName}.info.json`,
  "--print-to-file=playlist:%(.{id,title,playlist_count,webpage_url,extractor_key})j",
  `${listName}.info.json`,
];

/**
 * The command line of one download, as data (SECURITY §4.3). Every value follows `=` in its option's argument, so that no
 * value can become an option; the URL is the only operand, after `--`. Must run in its own empty folder.
 */
export function ytDlpArgs(options: YtDlpOptions): readonly string[] {
  const item = options.item ?? 1;
  return [
    ...commonArgs(options),
    ...oneOfListArgs(options.url),
    `--playlist-items=${item}:${item}`,
    "--match-filters=!is_live",
    ...(options.since === null ? [] : [`--dateafter=${options.since.replaceAll("-", "")}`]),
    "--no-live-from-start",
    "--no-wait-for-video",
    // `parts.ts` decides at each break whether the rest may be asked for, during the pause before the next request.
    ...(options.resume ? ["--retries=40", "--retry-sleep=http:linear=0.5:2:0.25"] : ["--retries=0"]),
    // If a block is cut off, all of it is lost, so blocks stay small.
    "--buffer-size=16K",
    "--no-resize-buffer",
    "--no-continue",
    "--no-overwrites",
    "--fragment-retries=3",
    "--abort-on-unavailable-fragments",
    "--concurrent-fragments=1",
    "--keep-fragments",
    `--max-filesize=${options.maxBytes}`,
    "--fixup=never",
    `--format=${withinReach(options.format ?? bestStreams)}`,
    ...subtitleArgs(options.subtitles),
    ...(options.comments
      ? ["--write-comments", `--extractor-args=youtube:max_comments=${mostComments}`]
      : ["--no-write-comments"]),
    ...(options.thumbnail
      ? ["--write-thumbnail", `--output=thumbnail:${thumbnailName}.%(ext)s`, "--output=pl_thumbnail:"]
      : ["--no-write-thumbnail"]),
    "--no-mtime",
    ...metadataArgs,
    "--write-pages",
    // Only its debug lines say which formats were skipped.
    "--verbose",
    "--print-traffic",
    `--output=${mediaName}.%(ext)s`,
    "--newline",
    "--progress",
    `--progress-template=${progressTemplate}`,
    ...(isRecent(options.version) ? ["--progress-delta=0.5"] : []),
    "--",
    options.url,
  ];
}

/** The options of a usual download in an empty folder, without address and without a word about what it does. */
export function usualOptions(version: string): readonly string[] {
  const nothing = { item: null, proxy: null, cookiesFile: null, format: null, referer: null, since: null };
  const ways = { subtitles: null, comments: false, thumbnail: true, resume: true, impersonate: false };
  const folder = { noPrograms: "no-programs", runtime: null, maxBytes: 1e9, url: "" };
  const args = ytDlpArgs({ version, ...nothing, ...ways, ...folder });
  const spoken = ["--verbose", "--print-traffic"];
  return args.slice(0, args.indexOf("--")).filter((option) => !spoken.includes(option));
}

/** Sites refuse quick series of requests for subtitles. */
function subtitleArgs(languages: readonly string[] | null): readonly string[] {
  if (languages === null) return ["--no-write-subs", "--no-write-auto-subs"];
  return [
    "--write-subs",
    "--write-auto-subs",
    `--sub-langs=${languagePatterns(languages)}`,
    "--sleep-subtitles=2",
  ];
}

/** The command line that lists a playlist or channel as one JSON object on stdout and downloads nothing. */
export function ytDlpListArgs(options: YtDlpListOptions): readonly string[] {
  return [
    ...commonArgs(options),
    `--playlist-items=1:${options.limit}`,
    "--dump-single-json",
    "--no-progress",
    "--",
    options.url,
  ];
}

export type YtDlpFormatsOptions = Omit<YtDlpListOptions, "limit"> & Pick<YtDlpOptions, "format">;

/** The command line that chooses formats as a download does, prints what there is as JSON on stdout, and downloads nothing. */
export function ytDlpFormatsArgs(options: YtDlpFormatsOptions): readonly string[] {
  return [
    ...commonArgs(options),
    ...oneOfListArgs(options.url),
    // A post may begin with photos, of which each is an error.
    `--playlist-items=1:${mostEntriesAsked}`,
    "--ignore-errors",
    "--match-filters=!is_live",
    `--format=${withinReach(options.format ?? bestStreams)}`,
    // Of some posts only their page says what is in them.
    "--write-pages",
    "--dump-single-json",
    "--verbose",
    "--no-progress",
    "--",
    options.url,
  ];
}

/** YouTube's watch?v=…&list=… needs it, and of an album of Telegram it would leave out all but one. */
function oneOfListArgs(address: string): readonly string[] {
  const url = webUrl(address);
  return url !== null && isTelegramPost(url) ? [] : ["--no-playlist"];
}

function commonArgs(options: Omit<YtDlpListOptions, "limit">): readonly string[] {
  return [
    "--ignore-config",
    "--no-cache-dir",
    "--no-exec",
    "--no-batch-file",
    "--no-update",
    "--default-search=error",
    "--flat-playlist",
    "--socket-timeout=20",
    ...requestPauseArgs(options.url),
    ...(options.impersonate ? ["--extractor-args=generic:impersonate"] : []),
    ...(options.referer === null ? [] : [`--referer=${options.referer}`]),
    "--extractor-retries=1",
    "--file-access-retries=0",
    `--ffmpeg-location=${options.noPrograms}`,
    ...(options.proxy === null ? [] : [`--proxy=${options.proxy}`]),
    ...(options.cookiesFile === null ? [] : [`--cookies=${options.cookiesFile}`]),
    ...(isRecent(options.version)
      ? ["--color=no_color", "--no-plugin-dirs", ...runtimeArgs(options.runtime), "--xff=never"]
      : ["--no-colors", "--no-geo-bypass"]),
  ];
}

/** Only the runtime that is given, with the scripts that are installed: yt-dlp would look for others, and fetch some. */
function runtimeArgs(runtime: string | null): readonly string[] {
  const given = runtime === null ? [] : [`--js-runtimes=node:${runtime}`];
  return ["--no-js-runtimes", ...given, "--no-remote-components"];
}

/** Between two requests of one look-up, in seconds, where a site counts them. */
function requestPauseArgs(url: string): readonly string[] {
  const { requestSeconds } = paceOfSite(webUrl(url)?.hostname ?? "");
  return requestSeconds === null ? [] : [`--sleep-requests=${requestSeconds}`];
}

/** This version introduced the newest of these options; versions before it know the old spellings. */
function isRecent(version: string): boolean {
  return /^\d{4}\.\d{2}\.\d{2}/.test(version) && version.slice(0, 10) >= "2025.11.12";
}
