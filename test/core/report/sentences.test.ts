import { describe, expect, it } from "vitest";
import { buildElements } from "../../../src/core/capture/elements.js";
import { type FailureCode, failureOf } from "../../../src/core/capture/failure-codes.js";
import { judgeTransfer, type TrackTransfer, type TransferFacts } from "../../../src/core/capture/transfer.js";
import { inRussian } from "../../../src/core/report/sentences.js";
import { ruCauses } from "../../../src/core/report/texts/ru-causes.js";
import { ruSentences } from "../../../src/core/report/texts/ru-sentences.js";

/** Words of Latin letters that a Russian sentence may have: names of programs, formats and protocols. */
const names =
  /\b(?:holdfast|yt-dlp|ffmpeg|ffprobe|ExifTool|JavaScript|Content|Credentials|SHA-(?:256|512)|ETag|Last-Modified|DRM|TLS|https?|moov|info\.json|deep|v|a\.mp4|tar|x)\b/g;

const latin = (text: string) => text.replace(names, "").match(/[A-Za-z]{2,}/g) ?? [];

const both = [true, false] as const;
const elements = both.flatMap((whole) =>
  both.flatMap((asked) =>
    both.flatMap((came) =>
      (["ytdlp", "import"] as const).flatMap((method) =>
        ([null, "person", "file"] as const).flatMap((urlClaimedBy) =>
          [[], ["media_track"], ["media_track", "html_source", "info_json", "comments"]].flatMap((roles) =>
            buildElements({
              method,
              files: roles.map((role) => ({ role: role as "media_track", path: `x/${role}` })),
              commentsAsked: asked,
              commentsCame: came,
              whole,
              urlClaimedBy,
            }).map(({ reason }) => reason),
          ),
        ),
      ),
    ),
  ),
);

const track: TrackTransfer = {
  name: "a.mp4",
  received: 100,
  announced: 100,
  unfinished: false,
  parts: null,
  segments: null,
};
const run: TransferFacts = { tracks: [track], exitCode: 0, endedBy: "exited", errors: false, unended: false };
const transfers = [
  run,
  { ...run, unended: true, tracks: [] },
  { ...run, exitCode: 1, errors: true },
  ...(
    [
      "not-started",
      "wall-time",
      "timed-out",
      "output-limit",
      "aborted",
      "watchdog",
      "too-large",
      "stalled",
      "broken-off",
    ] as const
  ).map((endedBy) => ({ ...run, endedBy })),
  ...[
    { announced: null },
    { received: 99, unfinished: true },
    { segments: { expected: null, pieces: [{ received: 1, announced: 1 }] } },
    { segments: { expected: 3, pieces: [{ received: 1, announced: 2 }] } },
    {
      parts: {
        kind: "unproven" as const,
        resumed: true,
        ground:
          "received in 2 parts, which begin at bytes 0, 50; ETag, Last-Modified and total length do not agree",
      },
    },
    {
      parts: {
        kind: "one-file" as const,
        resumed: true,
        ground:
          'received in 2 parts, which begin at bytes 0, 50; every answer states the ETag "x" and the total length 100',
      },
    },
  ].map((change) => ({ ...run, tracks: [{ ...track, ...change }] })),
].flatMap((facts) => judgeTransfer(facts).grounds);

/** Typed, so that a new code asks for its Russian sentence here. */
const codes: Readonly<Record<FailureCode, true>> = {
  "browser-missing": true,
  "browser-failed": true,
  "not-a-url": true,
  "unsupported-scheme": true,
  "private-address": true,
  "not-found": true,
  gone: true,
  "not-on-web": true,
  forbidden: true,
  "login-required": true,
  "geo-blocked": true,
  "ip-blocked": true,
  "bot-check": true,
  "rate-limited": true,
  "server-error": true,
  network: true,
  tls: true,
  "no-video": true,
  "not-media": true,
  empty: true,
  "too-large": true,
  drm: true,
  "live-stream": true,
  "format-unavailable": true,
  "cut-short": true,
  stalled: true,
  "timed-out": true,
  "disk-full": true,
  "js-runtime-missing": true,
  "impersonation-missing": true,
  "ffmpeg-needed": true,
  "old-downloader": true,
  "downloader-missing": true,
  "downloader-failed": true,
  interrupted: true,
};
const failures = Object.keys(codes).map((code) => failureOf(code as FailureCode).reason);

describe("the sentences of holdfast in Russian", () => {
  it.each([
    ["every reason of an item of §155", elements],
    ["every ground of a transfer", transfers],
    ["every reason of a failed attempt", failures],
  ] as const)("%s is translated whole", (_title, sentences) => {
    expect(sentences.length).toBeGreaterThan(15);
    for (const sentence of new Set(sentences)) {
      const translated = inRussian(sentence);
      expect(translated, sentence).not.toBeNull();
      expect(latin(translated ?? ""), sentence).toEqual([]);
    }
  });

  it("keep every part of the English one, in its order", () => {
    const all = [...ruSentences, ...ruCauses];
    const holes = (text: string) => text.match(/\{w?\}/g) ?? [];
    for (const [english, russian] of all) {
      expect(holes(russian), english).toEqual(holes(english));
      expect(latin(russian), english).toEqual([]);
    }
    expect(new Set(all.map(([english]) => english)).size).toBe(all.length);
  });

  it.each([
    [
      "original/track-1.mp4: 3.5 s decoded, 12.0 s announced",
      "original/track-1.mp4: декодировано 3.5 с, объявлено 12.0 с",
    ],
    [
      "6 frames, no gap longer than 3.67 s where frames exist; every frame was decoded to find shots",
      "кадров: 6, промежутков длиннее 3.67 с там, где кадры есть, нет; для поиска монтажных планов декодирован каждый кадр",
    ],
    ["folder, annex: false, recipients: 0", "папка, закрытое приложение: нет, получателей: 0"],
    ["v2: incomplete", "v2: не полностью"],
  ])("%s", (english, russian) => expect(inRussian(english)).toBe(russian));

  it.each(["a title of somebody", "the strict decode reported everything; and more", "", "x".repeat(5000)])(
    "a text of somebody else is not taken for one: %.40s",
    (text) => expect(inRussian(text)).toBeNull(),
  );

  it("a long text of hostile semicolons and words takes no time", () => {
    for (const text of ["of ".repeat(300), "; ".repeat(500), "a: ".repeat(300), "received, ".repeat(100)])
      expect(inRussian(text)).toBeNull();
  });
});
