import fc from "fast-check";
import { expect, test } from "vitest";
import { type YtDlpOptions, ytDlpArgs, ytDlpListArgs } from "../../src/tools/yt-dlp-args.ts";

const plain: YtDlpOptions = {
  version: "2026.08.19",
  url: "https://example.org/v/1",
  item: null,
  noPrograms: "/staging/no-programs",
  proxy: "http://127.0.0.1:40000",
  cookiesFile: null,
  format: null,
  subtitles: false,
  comments: false,
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
  url: hostile,
  item: fc.option(fc.integer({ min: 1, max: 10_000 })),
  noPrograms: hostile,
  proxy: fc.option(hostile),
  cookiesFile: fc.option(hostile),
  format: fc.option(hostile),
  subtitles: fc.boolean(),
  comments: fc.boolean(),
  maxBytes: fc.nat(),
  since: fc.option(hostile),
});

const forbidden =
  /^(--exec|--exec-before-download|--netrc|--netrc-cmd|--cookies-from-browser|--no-check-certificates?|--enable-file-urls|--downloader|--external-downloader|--downloader-args|--write-link|--load-info-json|--batch-file|-a|-U|--update|--update-to|--compat-options|--verbose|-v|--dump-pages|--plugin-dirs|--config-locations?|--postprocessor-args|--use-postprocessor|--legacy-server-connect|--remote-components|--js-runtimes|--geo-bypass.*|--username|-u|-p)(=|$)/;

test("no option, value or address can make yt-dlp run or read anything else", () => {
  fc.assert(
    fc.property(options, (given) => {
      for (const argv of [ytDlpArgs(given), ytDlpListArgs({ ...given, limit: 5 })]) {
        const end = argv.length - 2;
        expect(argv.slice(end)).toEqual(["--", given.url]);
        for (const argument of argv.slice(0, end)) {
          expect(argument).toMatch(/^--[a-z]|^(media|playlist)\.info\.json$/);
          expect(argument).not.toMatch(forbidden);
        }
      }
    }),
  );
});

test("the same options stand in every command line, whatever is asked", () => {
  const names = (given: YtDlpOptions) =>
    new Set(ytDlpArgs(given).flatMap((one) => /^--[a-z-]+/.exec(one)?.[0] ?? []));
  const always = [...names(plain)].filter((name) => !/(proxy|subs|comments)$/.test(name));
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
  "--retries=0",
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

test("an old yt-dlp gets no option it does not know", () => {
  const argv = ytDlpArgs({ ...plain, version: "2023.03.04" }).join(" ");
  expect(argv).not.toMatch(/--color=|--no-plugin-dirs|--no-js-runtimes|--xff|--progress-delta/);
  expect(argv).toContain("--no-colors --no-geo-bypass");
});

test("a listing downloads nothing and names its limit", () => {
  const argv = ytDlpListArgs({ ...plain, limit: 25 });
  expect(argv).toContain("--dump-single-json");
  expect(argv).toContain("--flat-playlist");
  expect(argv).toContain("--playlist-items=1:25");
});
