import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CaptureResult } from "../../src/capture/capture-result.js";
import { showCapture } from "../../src/search/show.js";
import { holdfast } from "../support/cli.js";
import { type ScriptedDownloader, scriptDownloader } from "../support/scripted-downloader.js";
import { temporaryFolder } from "../support/vaults.js";
import { writeSound } from "../trials/faulted-commands.js";

const folder = temporaryFolder();
const vault = join(folder.path, "vault");
const clip = join(folder.path, "clip.wav");
let downloader: ScriptedDownloader;
let first: CaptureResult;
let secret: CaptureResult;
let imported: CaptureResult;

const noRuntime = "WARNING: [youtube] No supported JavaScript runtime could be found. Only deno is enabled\n";
const plain = "https://video.example/lesser/1";
const withToken = "https://video.example/lesser/2?access_token=CANARYTOKEN";

async function run(...argv: readonly string[]) {
  return holdfast([...argv, "--json", "--vault", vault], { ...downloader.env });
}

async function results(...argv: readonly string[]): Promise<readonly CaptureResult[]> {
  const { lines, stderr } = await run(...argv);
  expect(lines.length, stderr).toBeGreaterThan(0);
  return lines as unknown as CaptureResult[];
}

const asked = () => readFileSync(downloader.begun, "utf8").trimEnd().split("\n");

beforeAll(async () => {
  // A sound is worked on sooner than a picture.
  writeSound(clip, 200);
  writeSound(join(folder.path, "other.wav"), 300);
  downloader = scriptDownloader(join(folder.path, "scripted"), clip);
  writeFileSync(downloader.skipped, noRuntime);
  [first, secret] = (await results("archive", plain, withToken)) as [CaptureResult, CaptureResult];
  [imported] = (await results("import", join(folder.path, "other.wav"))) as [CaptureResult];
});
afterAll(() => folder.remove());

describe("a file whose bytes were fetched before", () => {
  it("counts as fetched, by whichever command it is named", async () => {
    const [named] = await results("import", clip);
    expect(named).toMatchObject({ status: "already-captured", method: "ytdlp" });
    expect(imported.method).toBe("import");
  });
});

describe("archive --again ID", () => {
  it("fetches the address of that capture as a further capture, and the first one stays", async () => {
    expect(first.rendition).toEqual({ grade: "reduced", reasons: ["no-js-runtime"] });
    writeFileSync(downloader.skipped, "");
    const [second] = await results("archive", "--again", first.id ?? "");
    expect(second).toMatchObject({
      url: plain,
      status: "captured",
      rendition: { grade: "best", reasons: [] },
    });
    expect(second?.id).not.toBe(first.id);
    const kept = showCapture(vault, first.id ?? "");
    expect(kept.record?.rendition?.grade).toBe("reduced");
    expect(kept.derivation).not.toBeNull();
  });

  it("takes a part of an id that no other has, beside addresses", async () => {
    const part = (first.id ?? "").slice(9).toLowerCase();
    const both = await results("archive", "--again", part, "https://video.example/other");
    expect(both.map(({ url, status }) => [url, status])).toEqual([
      ["https://video.example/other", "captured"],
      [plain, "captured"],
    ]);
  });

  it("asks for the address as it was typed, also where a part of it may stand in no record", async () => {
    const [again] = await results("archive", "--again", secret.id ?? "");
    expect(asked().at(-1)).toBe(withToken);
    expect(showCapture(vault, again?.id ?? "").record?.requested_url).toBe(
      "https://video.example/lesser/2?access_token=[cut]",
    );
  });

  it("that finds it gone says that the vault holds it, and under which id; show names each attempt", async () => {
    writeFileSync(
      downloader.skipped,
      "ERROR: [youtube] abc: Video unavailable. This video has been removed by the uploader\n",
    );
    const [gone] = await results("archive", "--again", plain);
    writeFileSync(downloader.skipped, "");
    expect(gone).toMatchObject({ status: "failed", method: null });
    const kept = showCapture(vault, first.id ?? "");
    const newest = kept.attempts.find(({ status }) => status === "captured");
    expect(gone?.hint).toMatch(
      new RegExp(`^this vault holds an earlier capture of it: holdfast show ${newest?.id}; `),
    );
    expect(kept.attempts[0]).toMatchObject({ id: gone?.id, status: "failed", reason: gone?.reason });
    const { stdout } = await holdfast(["show", first.id ?? "", "--vault", vault]);
    expect(stdout).toMatch(new RegExp(`other attempts at its address\n {2}${gone?.id} .* failed: `));
  });

  it("asks nobody where the part that was cut is lost", async () => {
    const before = asked().length;
    rmSync(join(vault, "private", secret.id ?? ""), { recursive: true });
    const { status, stderr } = await run("archive", "--again", secret.id ?? "");
    expect([status, asked().length]).toEqual([2, before]);
    expect(stderr).toContain("give the whole address");
  });

  it.each([
    [
      "an import, which was never fetched",
      () => imported.id ?? "",
      /it was imported, and nothing was fetched/,
    ],
    ["an id that no capture has", () => "20200101-ZZZZZZZZ", /no capture id contains/],
    ["a part that several ids have", () => (first.id ?? "").slice(0, 6), /several capture ids contain/],
  ])("refuses %s, before anything is asked", async (_, id, words) => {
    const before = asked().length;
    const { status, stderr } = await run("archive", "--again", "https://video.example/never", id());
    expect([status, asked().length]).toEqual([2, before]);
    expect(stderr).toMatch(words);
  });
});

it("an id without --again is no address, and the command says what to type", async () => {
  const { status, stderr } = await run("archive", first.id ?? "");
  expect(status).toBe(2);
  expect(stderr).toMatch(new RegExp(`holdfast archive --vault \\S+ --again ${first.id}`));
});
