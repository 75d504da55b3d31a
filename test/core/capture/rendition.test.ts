import { describe, expect, it, test } from "vitest";
import type { Json } from "../../../src/audit/canonical-json.js";
import type { RenditionReason } from "../../../src/core/capture/record.js";
import {
  judgeRendition,
  type RenditionFacts,
  readRendition,
  renditionCell,
  renditionSentence,
  renditionText,
  renditionWords,
} from "../../../src/core/capture/rendition.js";

const format = (id: string, more: Record<string, Json> = {}) => ({
  format_id: id,
  vcodec: "avc1",
  acodec: "mp4a",
  protocol: "https",
  ...more,
});
const picture = (id: string, more: Record<string, Json> = {}) => format(id, { acodec: "none", ...more });
const sound = (id: string, more: Record<string, Json> = {}) => format(id, { vcodec: "none", ...more });
const storyboard = format("sb0", { vcodec: "none", acodec: "none", protocol: "mhtml" });

const table = [storyboard, sound("139"), sound("140"), format("18"), picture("136"), picture("137")];
const taken = (...ids: readonly string[]) => ({
  formats: table,
  requested_formats: ids.flatMap((id) => table.filter(({ format_id }) => format_id === id)),
  format_id: ids.join("+"),
});

const header = "[debug] Command-line config: ['--verbose', '--', 'https://video.example/watch/1']\n";
const good: RenditionFacts = {
  stderr: `${header}[debug] Encodings: locale utf-8\n`,
  remarks: ["[youtube] abc: Downloading webpage"],
  info: taken("137", "140"),
  format: null,
  secrets: [],
};
const said = (line: string) => judgeRendition({ ...good, stderr: `${good.stderr}${line}\n` });

describe("a clip is called the best only where nothing was refused", () => {
  it("is the best where the formats that were taken are those that a selection of the best takes", () => {
    expect(judgeRendition(good)).toEqual({ grade: "best", reasons: [], formats: ["137", "140"] });
  });

  test.each<[string, Json]>([
    ["picture with sound in one", { formats: [format("1"), format("2")], format_id: "2" }],
    [
      "picture with sound that is better than separate ones",
      { formats: [sound("1"), picture("2"), format("3")], format_id: "3" },
    ],
    ["sound alone", { formats: [sound("1"), sound("2")], format_id: "2" }],
    ["picture alone", { formats: [picture("1"), picture("2")], format_id: "2" }],
    ["the one format of a clip without a table", { format_id: "0" }],
    ["codecs that nobody named", { formats: [{ format_id: "a" }, { format_id: "b" }], format_id: "b" }],
    ["a broken picture behind one with sound", { formats: [format("1"), picture("2")], format_id: "1" }],
  ])("%s", (_, info) => expect(judgeRendition({ ...good, info }).grade).toBe("best"));

  it.each<[string, Partial<RenditionFacts>]>([
    ["no metadata was written", { info: null }],
    ["nothing says which formats were taken", { info: { formats: table } }],
    ["another format was taken, and nobody chose it", { info: taken("136", "140") }],
    ["the debug lines are not there", { stderr: "" }],
    [
      "some words are missing from before the download",
      { stderr: `${header}\n[holdfast left out 9 bytes]\n` },
    ],
    ["the first of the debug lines are gone", { stderr: good.stderr.slice(10) }],
  ])("is unknown where %s", (_, change) => {
    expect(judgeRendition({ ...good, ...change })).toMatchObject({ grade: "unknown", reasons: [] });
  });
});

it("what a download itself said may be missing", () => {
  const begun = `${header}[debug] Invoking http downloader on "https://video.example/1.mp4"\n`;
  expect(judgeRendition({ ...good, stderr: `${begun}\n[holdfast left out 9 bytes]\nx` }).grade).toBe("best");
});

describe("--format is named where it chose less, and only there", () => {
  it("says that a person chose a lesser one", () => {
    const chosen = judgeRendition({ ...good, format: "18", info: taken("18") });
    expect(chosen).toEqual({ grade: "reduced", reasons: ["user-choice"], formats: ["18"] });
  });

  it("is the best where the chosen one is the best", () => {
    expect(judgeRendition({ ...good, format: "137+140" }).grade).toBe("best");
  });
});

/** As the templates of yt-dlp's extractors make them, with a client, a video and a word of ours. */
const sentences: readonly (readonly [string, RenditionReason])[] = [
  [
    "WARNING: [youtube] No supported JavaScript runtime could be found. Only deno is enabled by default; to use another runtime add  --js-runtimes RUNTIME[:PATH]  to your command/config.",
    "no-js-runtime",
  ],
  [
    "WARNING: [youtube] abc: n challenge solving failed: Some formats may be missing. Ensure you have a supported JavaScript runtime",
    "n-challenge-failed",
  ],
  [
    "WARNING: [youtube] abc: Signature solving failed: Some formats may be missing. Ensure you have a supported JavaScript runtime",
    "signature-failed",
  ],
  [
    "[debug] [youtube] abc: Some web_safari client https formats have been skipped as they are missing a URL. YouTube is forcing SABR streaming for this client.",
    "server-abr-only",
  ],
  [
    "WARNING: [youtube] Some tv client https formats have been skipped as they are missing a URL. YouTube may have enabled the SABR-only streaming experiment for your account.",
    "server-abr-only",
  ],
  [
    "[debug] [youtube] abc: web_safari client hls formats require a GVS PO Token which was not provided. They will be skipped as they may yield HTTP Error 403.",
    "po-token-missing",
  ],
  [
    "WARNING: [youtube] Unable to fetch GVS PO Token for web client: Missing required Visitor Data. You may need to pass Visitor Data",
    "po-token-missing",
  ],
  [
    "WARNING: [TikTok] The extractor is attempting impersonation, but no impersonate target is available. If you encounter errors, then see  https://github.com/yt-dlp/yt-dlp#impersonation",
    "impersonation-missing",
  ],
  [
    "WARNING: [vimeo] The extractor specified to use impersonation for this download, but none of these impersonate targets are available: safari.",
    "impersonation-missing",
  ],
  [
    "WARNING: [youtube] The provided YouTube account cookies are no longer valid. They have likely been rotated",
    "login-limited",
  ],
  ["WARNING: [Instagram] abc: Instagram API is not granting access", "login-limited"],
  [
    "WARNING: [TikTok] abc: TikTok is requiring login for access to this content. Use --cookies, --cookies-from-browser for the authentication.",
    "login-limited",
  ],
  [
    "WARNING: [youtube] abc: Some tv client https formats have been skipped as they are DRM protected. The current session may have an experiment",
    "drm-protected",
  ],
];

describe("each sentence by which yt-dlp says that it went without formats reduces the clip", () => {
  test.each(sentences)("%s", (line, reason) => {
    expect(said(line)).toMatchObject({ grade: "reduced", reasons: [reason] });
  });

  it("also where it is a remark on stdout", () => {
    const remark =
      "[youtube] abc: This video is age-restricted; some formats may be missing without authentication. Use --cookies";
    const judged = judgeRendition({ ...good, remarks: [remark] });
    expect(judged).toMatchObject({ grade: "reduced", reasons: ["login-limited"] });
  });

  it("has a sentence, or another ground, for each reason of the list", () => {
    const others: readonly RenditionReason[] = ["lookup-failed", "protocol-unsupported", "user-choice"];
    const named = new Set([...sentences.map(([, reason]) => reason), ...others]);
    expect([...named].sort()).toEqual(Object.keys(renditionWords).sort());
  });

  it("a format by a protocol that is not used is not passed over in silence", () => {
    const info = { formats: [format("1"), format("2", { protocol: "rtmpe" })], format_id: "1" };
    expect(judgeRendition({ ...good, info })).toMatchObject({
      grade: "reduced",
      reasons: ["protocol-unsupported"],
    });
  });

  it("so does a format with DRM, which the downloader drops from the table", () => {
    const info = { ...taken("137", "140"), _has_drm: true };
    expect(judgeRendition({ ...good, info })).toMatchObject({ grade: "reduced", reasons: ["drm-protected"] });
  });
});

describe("where a part of the look-up failed it is unknown whether something was held back", () => {
  test.each([
    "WARNING: [html5] news-1: Failed to download m3u8 information: HTTP Error 404: Not Found",
    "WARNING: [generic] a: Failed to download MPD manifest: HTTP Error 403: Forbidden",
    'WARNING: [youtube] Skipping player responses from tv clients (got player responses for video "x" instead of "abc")',
    "WARNING: [youtube] abc: Unable to download API page: HTTP Error 500: Internal Server Error",
  ])("%s", (line) => {
    expect(said(line)).toMatchObject({ grade: "unknown", reasons: ["lookup-failed"] });
  });
});

describe("what is no statement about formats changes nothing", () => {
  test.each([
    "WARNING: [generic] Falling back on generic information extractor",
    "WARNING: You have requested merging of multiple formats but ffmpeg is not installed. The formats won't be merged",
    "WARNING: [BiliBili] abc: Subtitles are only available when logged in. Use --cookies, --cookies-from-browser for the authentication.",
    "[debug] [youtube] abc: Some web client subtitles require a PO Token which was not provided. They will be discarded",
    "[debug] [youtube] [pot] PO Token Providers: none",
    "a title that says: n challenge solving failed: Some formats may be missing",
  ])("%s", (line) => expect(said(line).grade).toBe("best"));
});

describe("what a record, the index and a reader get", () => {
  it("the ids that were taken, without what must not be in a record", () => {
    const info = { formats: [format("hls-top-secret")], format_id: "hls-top-secret" };
    expect(judgeRendition({ ...good, info, secrets: ["top-secret"] }).formats).toEqual(["hls-[cut]"]);
  });

  test.each([
    [{ grade: "best", reasons: [] }, "best", "best"],
    [
      { grade: "reduced", reasons: ["no-js-runtime", "login-limited"] },
      "reduced no-js-runtime login-limited",
      "reduced: no-js-runtime, login-limited",
    ],
    [{ grade: "unknown", reasons: [] }, "unknown", "unknown"],
  ] as const)("%j comes back from the text of the index", (claim, text, cell) => {
    expect(renditionText(claim)).toBe(text);
    expect(readRendition(text)).toEqual(claim);
    expect(renditionCell(claim)).toBe(cell);
  });

  it("text that is no such statement is none", () => {
    expect([null, "", "worst", "besten"].map(readRendition)).toEqual([null, null, null, null]);
    expect(readRendition("reduced made-up")).toEqual({ grade: "reduced", reasons: [] });
  });

  it("nothing is said of the best, and in words why another is not", () => {
    expect(renditionSentence(null)).toBeNull();
    expect(renditionSentence({ grade: "best", reasons: [] })).toBeNull();
    expect(renditionSentence({ grade: "reduced", reasons: ["user-choice"] })).toBe(
      "reduced: --format chose another than the best",
    );
    expect(renditionSentence({ grade: "unknown", reasons: [] })).toMatch(/^unknown: nothing shows/);
  });
});
