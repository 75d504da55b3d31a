import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CaptureResult } from "../../src/capture/capture-result.js";
import { parseDownloadArchive } from "../../src/core/lists/download-archive.js";
import { holdfast } from "../support/cli.js";
import { makeSiteClips } from "../support/site-clips.js";
import { audit, temporaryFolder } from "../support/vaults.js";

const folder = temporaryFolder();
const at = (...names: string[]) => join(folder.path, ...names);
const vault = at("vault");

beforeAll(() => {
  makeSiteClips(at("made"));
  mkdirSync(at("downloads", "Арна", "2026"), { recursive: true });
  mkdirSync(at("downloads", ".hidden"), { recursive: true });
  const put = (clip: string, ...to: string[]) => copyFileSync(at("made", clip), at("downloads", ...to));
  put("clip.mp4", "first [aaaaaaaaaaa].mp4");
  put("other.mp4", "Арна", "2026", "second [bbbbbbbbbbb].mp4");
  put("part-1.mp4", "Арна", "third [ccccccccccc].mp4");
  put("part-2.mp4", "Арна", "fourth.mp4.part");
  put("part-3.mp4", ".hidden", "fifth.mp4");
  symlinkSync(at("downloads"), at("downloads", "Арна", "loop"));
  writeFileSync(
    at("downloads", "Арна", "third [ccccccccccc].info.json"),
    JSON.stringify({ id: "ccccccccccc", title: "Үшінші", extractor_key: "Youtube" }),
  );
  writeFileSync(
    at("downloads", "archive.txt"),
    "youtube aaaaaaaaaaa\nyoutube bbbbbbbbbbb\nyoutube ccccccccccc\nyoutube ddddddddddd\n",
  );
  mkdirSync(at("empty", "below"), { recursive: true });
  writeFileSync(at("empty", "below", "notes.txt"), "nothing to see\n");
});
afterAll(() => folder.remove());

async function importFolder(name: string) {
  const run = await holdfast(["import", at(name), "--json", "--vault", vault]);
  const leftOut = run.lines.filter((line) => "left_out" in line && "why" in line);
  const results = run.lines.filter((line) => !leftOut.includes(line)) as unknown as CaptureResult[];
  return { ...run, results, leftOut: leftOut.map((line) => [line.left_out, line.why]) };
}

describe("a folder that yt-dlp filled", () => {
  it("gives each finished file in it and below it, once, with what lies beside it", async () => {
    const { status, results, leftOut, stderr } = await importFolder("downloads");
    expect(results.map(({ status: is, url, title }) => [is, url, title])).toEqual([
      ["captured", "fifth.mp4", null],
      ["captured", "first [aaaaaaaaaaa].mp4", null],
      ["captured", "second [bbbbbbbbbbb].mp4", null],
      ["captured", "third [ccccccccccc].mp4", "Үшінші"],
    ]);
    expect(leftOut).toEqual([
      ["Арна/loop", "link-in-circle"],
      ["Арна/fourth.mp4.part", "unfinished"],
    ]);
    expect(status).toBe(4);
    expect(stderr).toContain("4 captured, 2 not taken");
    expect(stderr).toContain(
      "1 video that the yt-dlp archive lists is not in the folder: youtube ddddddddddd",
    );
  });

  it("keeps what the list and a name say together as the file's word, and makes no address of it", async () => {
    const listed = await holdfast(["list", "--json", "--text", "first", "--vault", vault]);
    const shown = await holdfast(["show", String(listed.lines[0]?.id), "--json", "--vault", vault]);
    expect(shown.lines[0]).toMatchObject({
      claimed_url: null,
      requested_url: null,
      source: {
        extractor: { value: "youtube", basis: "file_claim" },
        platform_item_id: { value: "aaaaaaaaaaa", basis: "file_claim" },
      },
    });
  });

  it("imported again gives only what is new", async () => {
    copyFileSync(at("made", "part-2.mp4"), at("downloads", "sixth.mp4"));
    const { results } = await importFolder("downloads");
    expect(results.map(({ status }) => status).sort()).toEqual([
      "already-captured",
      "already-captured",
      "already-captured",
      "already-captured",
      "captured",
    ]);
    const report = await audit(vault);
    expect(report.findings.filter(({ severity }) => severity === "error")).toEqual([]);
  });
});

describe("a folder without a clip", () => {
  it("is a failure that says so, not a success that did nothing", async () => {
    const { status, results } = await importFolder("empty");
    expect(status).toBe(4);
    expect(results).toMatchObject([
      { status: "failed", reason: expect.stringContaining("no video or sound") },
    ]);
  });
});

describe("a list of yt-dlp", () => {
  it("is all that a note of two words looks like: beside a clip of its name it goes along, and is named elsewhere", async () => {
    mkdirSync(at("noted"));
    copyFileSync(at("made", "hls", "segment-0.ts"), at("noted", "clip.ts"));
    writeFileSync(at("noted", "clip.txt"), "kharkiv 2026-11-30\n");
    writeFileSync(at("noted", "place.txt"), "kharkiv 2026-11-30\n");
    const { results, leftOut, status } = await importFolder("noted");
    expect(results.map(({ status: is, files }) => [is, files.map(({ role }) => role).slice(0, 2)])).toEqual([
      ["captured", ["media_track", "sidecar"]],
    ]);
    expect([leftOut, status]).toEqual([[["place.txt", "download-list"]], 4]);
  });

  it("is a text whose every line is an extractor and an id, and nothing else is one", () => {
    expect(parseDownloadArchive("youtube dQw4w9WgXcQ\n\ntiktok 7\n")).toEqual([
      { extractor: "youtube", id: "dQw4w9WgXcQ" },
      { extractor: "tiktok", id: "7" },
    ]);
    for (const text of ["", "\n", "youtube dQw4w9WgXcQ\nsome words here\n", "https://a.example/ x\n"])
      expect(parseDownloadArchive(text)).toBeNull();
  });
});
