/** Everything that may differ between two runs of yt-dlp. */
export interface YtDlpOptions {
  /** yt-dlp's own version: an option it does not know makes it exit 2. */
  readonly version: string;
  readonly url: string;
  readonly item: number | null;
  /** An existing empty folder, where yt-dlp finds no ffmpeg and no other program. */
  readonly noPrograms: string;
  readonly proxy: string | null;
  readonly cookiesFile: string | null;
  readonly format: string | null;
  readonly subtitles: boolean;
  readonly comments: boolean;
  readonly maxBytes: number;
  /** Nothing that the site says was posted before this day, `YYYY-MM-DD`; null takes everything. */
  readonly since: string | null;
}

export type YtDlpListOptions = Pick<
  YtDlpOptions,
  "version" | "url" | "noPrograms" | "proxy" | "cookiesFile"
> & {
  readonly limit: number;
};

/** The fixed name of everything yt-dlp writes: no title and no id of a server reaches the beginning of a path. */
export const mediaName = "media";
/** The name of the metadata of a list, without its `.info.json`. */
export const listName = "playlist";

/** The best streams, kept apart because no ffmpeg is in reach. */
const bestStreams = "bv*+ba/b";

/**
 * A selection, without what yt-dlp would hand to another program (rtmpdump): that would go past the proxy
 * (SECURITY §1.2). The page decides what it offers, and a person who asks for a format does not ask for that.
 */
function withinReach(format: string): string {
  return `(${format})[protocol!^=rtmp][protocol!^=rtsp][protocol!^=mms]`;
}

/**
 * Sizes in bytes, speed in bytes per second, time in seconds, in the shape that yt-dlp-wrap reads: yt-dlp's own line
 * rounds them to words. Where yt-dlp writes a percentage, this writes the bytes that have come.
 */
const progressTemplate =
  "download:[download] %(progress.downloaded_bytes)s of %(progress.total_bytes,progress.total_bytes_estimate)s" +
  " at %(progress.speed)s ETA %(progress.eta)s";

/**
 * What yt-dlp knows about the clip and about the list around it, as JSON in plain ASCII. Its own `--write-info-json`
 * writes UTF-8, gives up at half a character in any title, and takes the download with it.
 */
const metadataArgs: readonly string[] = [
  "--no-write-info-json",
  "--print-to-file=before_dl:%()j",
  `${mediaName}.info.json`,
  "--print-to-file=playlist:%(.{id,title,playlist_count,webpage_url,extractor_key})j",
  `${listName}.info.json`,
];

/**
 * The command line of one download, as data (SECURITY §4.3). Every value stands behind `=` in the argument of its
 * option, so that no value can become an option; the URL is the only operand, behind `--`. Must be run in an empty
 * folder of its own.
 */
export function ytDlpArgs(options: YtDlpOptions): readonly string[] {
  const item = options.item ?? 1;
  return [
    ...commonArgs(options),
    "--no-playlist",
    `--playlist-items=${item}:${item}`,
    "--match-filters=!is_live",
    ...(options.since === null ? [] : [`--dateafter=${options.since.replaceAll("-", "")}`]),
    "--no-live-from-start",
    "--no-wait-for-video",
    "--retries=0",
    // A block that is cut off is lost whole, so blocks stay small.
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
    ...(options.subtitles
      ? ["--write-subs", "--write-auto-subs", "--sub-langs=all,-live_chat"]
      : ["--no-write-subs", "--no-write-auto-subs"]),
    options.comments ? "--write-comments" : "--no-write-comments",
    "--no-write-thumbnail",
    "--no-mtime",
    ...metadataArgs,
    "--write-pages",
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
    "--extractor-retries=1",
    "--file-access-retries=0",
    `--ffmpeg-location=${options.noPrograms}`,
    ...(options.proxy === null ? [] : [`--proxy=${options.proxy}`]),
    ...(options.cookiesFile === null ? [] : [`--cookies=${options.cookiesFile}`]),
    ...(isRecent(options.version)
      ? ["--color=no_color", "--no-plugin-dirs", "--no-js-runtimes", "--no-remote-components", "--xff=never"]
      : ["--no-colors", "--no-geo-bypass"]),
  ];
}

/** The newest of these options came with this version; all in between still know the old spellings. */
function isRecent(version: string): boolean {
  return /^\d{4}\.\d{2}\.\d{2}/.test(version) && version.slice(0, 10) >= "2025.11.12";
}
