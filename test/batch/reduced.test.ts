import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { showCapture } from "../../src/search/show.js";
import { holdfast } from "../support/cli.js";
import { type ScriptedDownloader, scriptDownloader } from "../support/scripted-downloader.js";
import { temporaryFolder } from "../support/vaults.js";
import { writeSound } from "../trials/faulted-commands.js";

const folder = temporaryFolder();
const vault = join(folder.path, "vault");
const list = join(folder.path, "list.csv");
const cookies = join(folder.path, "cookies.txt");
let downloader: ScriptedDownloader;

const one = "https://video.example/lesser/1";
const other = "https://video.example/other";
const streaming =
  "WARNING: [youtube] Some tv client https formats have been skipped as they are missing a URL. YouTube may have\n";
const login =
  "WARNING: [TikTok] 1: TikTok is requiring login for access to this content. Use --cookies, --cookies-from-browser for the authentication.\n";

/** Works through the list, or goes on with it; the downloader says `words` of the first address. */
async function work(words: string, ...options: readonly string[]) {
  writeFileSync(downloader.skipped, words);
  const before = asked().length;
  const to = join(folder.path, "results");
  const quick = ["--delay", "0", "--retry-wait", "1ms", "--attempts", "1", "--keep-free", "1M"];
  const argv = ["batch", ...options, "--vault", vault, "--to", to, ...quick];
  const run = await holdfast(argv, { ...downloader.env });
  const rows: Record<string, string>[] = parse(readFileSync(join(to, "results.csv"), "utf8"), {
    bom: true,
    columns: true,
  });
  return { ...run, rows, asked: asked().slice(before) };
}

function asked(): readonly string[] {
  try {
    return readFileSync(downloader.begun, "utf8").trimEnd().split("\n");
  } catch {
    return [];
  }
}

beforeAll(() => {
  // A sound is worked on sooner than a picture.
  const sound = join(folder.path, "sound.wav");
  writeSound(sound, 200);
  downloader = scriptDownloader(join(folder.path, "scripted"), sound);
  // The second row is the first in another spelling.
  writeFileSync(list, `url,place\n${one},Тараз\nhttps://VIDEO.example/lesser/1,Алматы\n${other},\n`);
  writeFileSync(
    cookies,
    "# Netscape HTTP Cookie File\nvideo.example\tFALSE\t/\tFALSE\t0\tname\tCANARYVALUE\n",
  );
});
afterAll(() => folder.remove());

describe("a row with a reduced clip", () => {
  const ids: string[] = [];

  it("is a success with its reason, in the results, in its line and in the summary", async () => {
    const { rows, status, stdout, stderr } = await work(streaming, list);
    expect(status).toBe(0);
    expect(rows.map((row) => [row.status, row.rendition])).toEqual([
      ["captured", "reduced: server-abr-only"],
      ["already-captured", "reduced: server-abr-only"],
      ["captured", "unknown"],
    ]);
    expect(stdout).toMatch(
      /^row 2 {2}captured, reduced {2}\S+ .*\(reduced: the platform gave some formats only/m,
    );
    expect(stderr).toMatch(/^ {2}reduced {2}2 rows: the column rendition of the results says why/m);
    ids.push(rows[0]?.capture ?? "");
  });

  it("is not asked for again by the same list, which is done", async () => {
    expect((await work("", list)).asked).toEqual([]);
  });

  it("is taken again once with --resume where nothing on this machine is the cause, and the first capture stays", async () => {
    const { rows, asked } = await work(login, "--resume");
    expect(asked).toEqual([one]);
    expect(rows.map((row) => row.rendition)).toEqual([
      "reduced: login-limited",
      "reduced: login-limited",
      "unknown",
    ]);
    ids.push(rows[0]?.capture ?? "");
    expect(rows[1]?.capture).toBe(ids[1]);
    expect(new Set(ids).size).toBe(2);
    expect(showCapture(vault, ids[0] ?? "").record?.rendition?.reasons).toEqual(["server-abr-only"]);
    // What the list asserts is asserted of both.
    expect(ids.map((id) => showCapture(vault, id).annotations.length > 0)).toEqual([true, true]);
  });

  it("is left alone while its cause is there", async () => {
    expect((await work("", "--resume")).asked).toEqual([]);
  });

  it("keeps the capture that it has where the next attempt fails, and says so", async () => {
    const { rows, asked, status } = await work(
      "ERROR: HTTP Error 403: Forbidden\n",
      "--resume",
      "--cookies",
      cookies,
    );
    expect([asked, status]).toEqual([[one], 0]);
    expect(rows[0]).toMatchObject({ status: "already-captured", capture: ids[1] });
    expect(rows[0]?.reason).toBe("fetching it again failed: the server refuses access");
  });

  it("is taken again when its cause is gone, and is then the best", async () => {
    const { rows, asked } = await work("", "--resume", "--cookies", cookies);
    expect(asked).toEqual([one]);
    expect(rows.map((row) => [row.status, row.rendition])).toEqual([
      ["captured", "best"],
      ["already-captured", "best"],
      ["already-captured", "unknown"],
    ]);
    expect(ids).not.toContain(rows[0]?.capture);
    expect((await work("", "--resume", "--cookies", cookies)).asked).toEqual([]);
  });
});
