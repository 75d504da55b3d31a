import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type YtDlpOptions,
  ytDlpArgs,
  ytDlpFormatsArgs,
  ytDlpListArgs,
} from "../../../src/tools/download/yt-dlp-args.ts";

const plain: YtDlpOptions = {
  version: "2026.08.19",
  runtime: null,
  url: "https://example.org/v/1",
  item: null,
  noPrograms: "/staging/no-programs",
  proxy: "http://127.0.0.1:40000",
  cookiesFile: null,
  format: null,
  referer: null,
  subtitles: null,
  thumbnail: false,
  impersonate: false,
  comments: false,
  resume: true,
  maxBytes: 4096,
  since: null,
};

const hostile = fc.oneof(
  fc.string(),
  fc.constantFrom(
    "--exec=touch /tmp/x",
    "-o/etc/passwd",
    "--",
    "-",
    "--config-locations=/x",
    "a\nb",
    "--batch-file=x",
  ),
);

const options = fc.record({
  version: fc.oneof(fc.constantFrom("2023.03.04", "2025.11.12", "2026.08.19", ""), fc.string()),
  runtime: fc.option(hostile),
  url: hostile,
  item: fc.option(fc.integer({ min: 1, max: 10_000 })),
  noPrograms: hostile,
  proxy: fc.option(hostile),
  cookiesFile: fc.option(hostile),
  format: fc.option(hostile),
  referer: fc.option(hostile),
  subtitles: fc.option(fc.array(fc.constantFrom("kk", "ru", "original", "all", "en-US"), { minLength: 1 })),
  thumbnail: fc.boolean(),
  impersonate: fc.boolean(),
  comments: fc.boolean(),
  resume: fc.boolean(),
  maxBytes: fc.nat(),
  since: fc.option(hostile),
});

/** Everything that may stand in a command line: whatever is not here makes yt-dlp read, run or tell something else. */
const allowed = [
  ...["--ignore-config", "--no-cache-dir", "--no-exec", "--no-batch-file", "--no-update", "--default-search"],
  ...["--flat-playlist", "--socket-timeout", "--extractor-retries", "--file-access-retries"],
  ...[
    "--ffmpeg-location",
    "--proxy",
    "--cookies",
    "--referer",
    "--color",
    "--no-plugin-dirs",
    "--no-js-runtimes",
    "--js-runtimes",
  ],
  ...[
    "--no-remote-components",
    "--xff",
    "--no-colors",
    "--no-geo-bypass",
    "--no-playlist",
    "--playlist-items",
  ],
  ...[
    "--match-filters",
    "--dateafter",
    "--no-live-from-start",
    "--no-wait-for-video",
    "--retries",
    "--retry-sleep",
  ],
  ...["--buffer-size", "--no-resize-buffer", "--no-continue", "--no-overwrites", "--fragment-retries"],
  ...["--abort-on-unavailable-fragments", "--concurrent-fragments", "--keep-fragments", "--max-filesize"],
  ...["--fixup", "--format", "--write-subs", "--write-auto-subs", "--sub-langs", "--no-write-subs"],
  ...[
    "--no-write-auto-subs",
    "--write-comments",
    "--no-write-comments",
    "--no-write-thumbnail",
    "--write-thumbnail",
    "--sleep-subtitles",
    "--sleep-requests",
    "--extractor-args",
    "--no-mtime",
  ],
  ...["--no-write-info-json", "--print-to-file", "--write-pages", "--print-traffic", "--output", "--newline"],
  ...["--progress", "--progress-template", "--progress-delta", "--no-progress", "--dump-single-json"],
  // A look at the formats alone: an entry without a video is no reason to ask none of the others.
  "--ignore-errors",
  // Its words are for the private annex alone: capture/rendition.test.ts.
  "--verbose",
];

/** The only settings of extractors that may be changed. */
const allowedSettings = [
  "--extractor-args=generic:impersonate",
  "--extractor-args=youtube:max_comments=2000",
];

/** What may never stand there (SECURITY §4.3), with its other spellings; yt-dlp takes unambiguous beginnings too. */
const forbidden =
  /^(--exec|--exec-before-download|--netrc|--netrc-cmd|--cookies-from-browser|--no-check-certificates?|--enable-file-urls|--downloader|--external-downloader|--downloader-args|--write-link|--load-info-json|--batch-file|-a|-U|--update|--update-to|--compat-options|-v|--dump-pages|--plugin-dirs|--config-locations?|--postprocessor-args|--use-postprocessor|--legacy-server-connect|--remote-components|--geo-bypass.*|--username|-u|-p|--password|--twofactor|--video-password|--ap-.*|--client-certificate.*|--netrc-location|-n|--alias|--preset-alias|-t|--plugin-dirs|--enable-file-urls|--prefer-insecure|--bidi-workaround|--postprocessor|--ppa|--external-downloader-args|--recode-video|--remux-video|-x|--extract-audio|--embed-.*|--write-.*link|--write-desktop-link|--continue|-c|--no-part|--skip-unavailable-fragments|--live-from-start|--wait-for-video|--hls-use-mpegts|--download-archive|--cache-dir|--update-to|--simulate|--source-address|--impersonate|--extractor-args|--add-headers?|--dump-intermediate-pages|--save-.*)(=|$)/;

test("no option, value or address can make yt-dlp run or read anything else", () => {
  fc.assert(
    fc.property(options, (given) => {
      for (const argv of [ytDlpArgs(given), ytDlpListArgs({ ...given, limit: 5 }), ytDlpFormatsArgs(given)]) {
        const end = argv.length - 2;
        expect(argv.slice(end)).toEqual(["--", given.url]);
        for (const argument of argv.slice(0, end)) {
          expect(argument).toMatch(/^--[a-z]|^(media|playlist)\.info\.json$/);
          if (!allowedSettings.includes(argument)) expect(argument).not.toMatch(forbidden);
          if (argument.startsWith("-")) expect(allowed).toContain(argument.split("=")[0]);
        }
      }
    }),
  );
});

test("the same options stand in every command line, whatever is asked", () => {
  const names = (given: YtDlpOptions) =>
    new Set(ytDlpArgs(given).flatMap((one) => /^--[a-z-]+/.exec(one)?.[0] ?? []));
  const always = [...names(plain)].filter(
    (name) => !/(proxy|subs|comments|thumbnail|retry-sleep)$/.test(name),
  );
  fc.assert(
    fc.property(options, (given) => {
      const found = names({ ...given, version: plain.version });
      for (const name of always) expect(found).toContain(name);
    }),
  );
});

test.each([
  "--ignore-config",
  "--no-exec",
  "--no-plugin-dirs",
  "--retries=40",
  "--no-continue",
  "--abort-on-unavailable-fragments",
  "--fixup=never",
  "--ffmpeg-location=/staging/no-programs",
  "--proxy=http://127.0.0.1:40000",
  "--max-filesize=4096",
  "--playlist-items=1:1",
  "--no-write-subs",
  "--no-write-comments",
  "--no-write-thumbnail",
  "--match-filters=!is_live",
  "--output=media.%(ext)s",
])("a download always has %s", (argument) => expect(ytDlpArgs(plain)).toContain(argument));

test("an attempt that may not continue a transfer asks once for each file", () => {
  const argv = ytDlpArgs({ ...plain, resume: false });
  expect(argv.filter((one) => one.startsWith("--retr"))).toEqual(["--retries=0"]);
});

test("a site that counts requests is asked with pauses, and no other is", () => {
  const paused = (url: string) =>
    ytDlpArgs({ ...plain, url }).filter((one) => one.startsWith("--sleep-requests"));
  expect(paused("https://youtu.be/dQw4w9WgXcQ")).toEqual(["--sleep-requests=0.75"]);
  expect(paused("https://www.instagram.com/p/abc/")).toEqual(["--sleep-requests=0.75"]);
  expect(paused("https://video.example/1")).toEqual([]);
});

test("subtitles are asked for with pauses, and comments up to a number", () => {
  const argv = ytDlpArgs({ ...plain, subtitles: ["kk"], comments: true });
  expect(argv).toContain("--sleep-subtitles=2");
  expect(argv).toContain("--extractor-args=youtube:max_comments=2000");
});

test("whatever format is asked for, what would be handed to another program is not among those to choose from", () => {
  fc.assert(
    fc.property(options, (given) => {
      const [format] = ytDlpArgs(given).filter((one) => one.startsWith("--format="));
      const asked = given.format ?? "bv*+ba/b";
      expect(format).toBe(`--format=(${asked})[protocol!^=rtmp][protocol!^=rtsp][protocol!^=mms]`);
    }),
  );
});

test("scripts of a player are run by the one runtime that is given, by none otherwise, and none is fetched", () => {
  const runtime = "/tools/node/bin/node";
  const wordsOn = (given: YtDlpOptions) =>
    ytDlpArgs(given).filter((one) => /js-runtimes|remote-components/.test(one));
  expect(wordsOn({ ...plain, runtime })).toEqual([
    "--no-js-runtimes",
    `--js-runtimes=node:${runtime}`,
    "--no-remote-components",
  ]);
  expect(wordsOn(plain)).toEqual(["--no-js-runtimes", "--no-remote-components"]);
});

test("an old yt-dlp gets no option it does not know", () => {
  const argv = ytDlpArgs({ ...plain, version: "2023.03.04", runtime: "/node" }).join(" ");
  expect(argv).not.toMatch(/--color=|--no-plugin-dirs|js-runtimes|--xff|--progress-delta/);
  expect(argv).toContain("--no-colors --no-geo-bypass");
});

test("a look at the formats chooses as a download does, and downloads nothing", () => {
  fc.assert(
    fc.property(options, (given) => {
      const argv = ytDlpFormatsArgs(given);
      const chosen = (from: readonly string[]) =>
        from.filter((one) => /^--(format|referer|proxy|cookies)=/.test(one));
      expect(chosen(argv).sort()).toEqual([...chosen(ytDlpArgs(given))].sort());
      expect(argv).toContain("--dump-single-json");
    }),
  );
});

test("of a Telegram post no video is left out, and of YouTube's list only the one that was named is asked", () => {
  const one = (url: string) =>
    [ytDlpArgs, ytDlpFormatsArgs].map((of) => of({ ...plain, url }).includes("--no-playlist"));
  expect(one("https://t.me/channel/10")).toEqual([false, false]);
  expect(one("https://t.me/channel/10?single")).toEqual([true, true]);
  expect(one("https://www.youtube.com/watch?v=dQw4w9WgXcQ&list=PL1")).toEqual([true, true]);
});

test("an error of one entry is overlooked by a look at the formats, and never by a download", () => {
  expect(ytDlpFormatsArgs(plain)).toContain("--ignore-errors");
  expect(ytDlpArgs(plain)).not.toContain("--ignore-errors");
});

test("a listing downloads nothing, names its limit and comes from the same page as the download", () => {
  const argv = ytDlpListArgs({ ...plain, referer: "https://news.example/", limit: 25 });
  expect(argv).toContain("--referer=https://news.example/");
  expect(argv).toContain("--dump-single-json");
  expect(argv).toContain("--flat-playlist");
  expect(argv).toContain("--playlist-items=1:25");
});
