import { execFileSync } from "node:child_process";
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseFill } from "../../src/core/media/fill.js";
import type { Region } from "../../src/core/media/publication.js";
import { type RedactResult, redactCapture } from "../../src/handover/publication.js";
import { closeVault } from "../../src/vault/vault.js";
import { holdfast } from "../support/cli.js";
import { jail } from "../support/jails.js";
import {
  awkward,
  awkwardClip,
  canaries,
  type Luma,
  lumaOf,
  tellingClip,
} from "../support/publication-clips.js";
import { audit, captureFiles, openTestVault, temporaryFolder, testWorld } from "../support/vaults.js";

const folder = temporaryFolder();
const at = (name: string) => join(folder.path, name);
const vault = at("a vault");
const ids: Record<string, string> = {};
let clip = "";

beforeAll(async () => {
  clip = tellingClip(folder.path);
  const opened = await openTestVault(vault);
  const capture = (name: string, files: Parameters<typeof captureFiles>[1]) => {
    ids[name] = captureFiles(
      opened,
      files,
      `https://video.example/${encodeURIComponent(name)}`,
    ).record.capture;
  };
  capture("telling", { "track-1.mp4": readFileSync(clip) });
  capture("damaged", { "track-1.mp4": readFileSync(clip) });
  capture("two", { "track-1.mp4": readFileSync(clip), "track-2.mp4": readFileSync(clip) });
  capture("text", { "track-1.mp4": "no clip at all" });
  execFileSync("ffmpeg", [
    "-nostdin",
    "-loglevel",
    "error",
    "-i",
    clip,
    "-map",
    "0:a",
    "-c",
    "copy",
    at("sound.m4a"),
  ]);
  capture("sound", { "track-1.m4a": readFileSync(at("sound.m4a")) });
  for (const name of Object.keys(awkward)) {
    capture(name, { [`track-1${name.slice(name.lastIndexOf("."))}`]: awkwardClip(folder.path, name) });
  }
  closeVault(opened);
});
afterAll(() => folder.remove());

interface Wish {
  readonly fills?: readonly string[];
  readonly keepSound?: boolean;
  readonly to?: string;
  readonly original?: string;
}

function redact(
  name: string,
  { fills = [], keepSound = false, to, original }: Wish = {},
): Promise<RedactResult> {
  const parsed = fills.flatMap((text) => {
    const fill = parseFill(text);
    return "problem" in fill ? [] : [fill];
  });
  expect(parsed).toHaveLength(fills.length);
  const request = { vault, id: ids[name] ?? name, fills: parsed, keepSound };
  return redactCapture({ ...request, original: original ?? null, to: to ?? null }, testWorld());
}

const bytesOf = (result: RedactResult) => readFileSync(join(vault, result.file));

/** The largest distance between two pictures, and from black, inside and outside of a region. */
function compare(copy: Luma, original: Luma, frame: number, { x, y, width, height }: Region) {
  const measured = { fromBlack: 0, inside: 0, outside: 0 };
  const [one, other] = [copy.frames[frame]!, original.frames[frame]!];
  for (let row = 0; row < original.height; row += 1) {
    for (let column = 0; column < original.width; column += 1) {
      const [a, b] = [one[row * copy.width + column]!, other[row * original.width + column]!];
      const within = column >= x && column < x + width && row >= y && row < y + height;
      if (within) measured.fromBlack = Math.max(measured.fromBlack, Math.abs(a - 16));
      const place = within ? "inside" : "outside";
      measured[place] = Math.max(measured[place], Math.abs(a - b));
    }
  }
  return measured;
}

/** What the codec may change of a sample in a picture full of edges; a wrong picture is ten times as far off. */
const codecLoss = 48;

describe("a copy for publication", () => {
  const fill = "30,40,25x30@0.45-1.05";
  let made: RedactResult;
  beforeAll(async () => {
    made = await redact("telling", { fills: [fill], to: at("published.mp4") });
  });

  it("has nothing of the original's metadata, pictures, words or digest in any byte", () => {
    const bytes = bytesOf(made);
    const texts = canaries.flatMap((text) => [Buffer.from(text), Buffer.from(text, "utf16le")]);
    const { sha256 } = made.publication.derived_from[0]!;
    const unwanted = [
      ...texts,
      Buffer.from(sha256),
      Buffer.from(sha256, "hex"),
      Buffer.from("JFIF"),
      Buffer.from("x264 - core"),
    ];
    const original = readFileSync(clip);
    expect(texts.filter((text) => original.includes(text)).length).toBeGreaterThan(4);
    expect(unwanted.filter((one) => bytes.includes(one)).map(String)).toEqual([]);
    const said = execFileSync("ffprobe", [
      "-v",
      "error",
      "-show_streams",
      "-show_format",
      "-show_chapters",
      "-of",
      "json",
      join(vault, made.file),
    ]);
    const probe = JSON.parse(String(said));
    expect(probe.chapters).toEqual([]);
    expect(probe.streams.map(({ codec_type }: { codec_type: string }) => codec_type)).toEqual(["video"]);
    expect(Object.keys(probe.format.tags).sort()).toEqual([
      "compatible_brands",
      "major_brand",
      "minor_version",
    ]);
  });

  it("is black in the region that the viewer saw, in every frame of its time, and elsewhere the same as before", () => {
    // Ten frames a second, turned: 120 wide and 160 high. The frame shown at 0.45 came at 0.4.
    const { fills, width, height, frames, rotation } = made.publication;
    expect({ width, height, frames, rotation }).toEqual({
      width: 120,
      height: 160,
      frames: 20,
      rotation: 270,
    });
    expect(fills[0]).toMatchObject({
      first_frame: 4,
      last_frame: 10,
      filled: { x: 16, y: 32, width: 48, height: 48 },
    });
    const [copy, original] = [join(vault, made.file), clip].map((file) =>
      lumaOf(folder.path, file, width, height),
    );
    expect([copy!.frames.length, original!.frames.length]).toEqual([20, 20]);
    for (let frame = 0; frame < 20; frame += 1) {
      const measured = compare(copy!, original!, frame, fills[0]!.filled);
      expect(measured.outside, `frame ${frame}`).toBeLessThan(codecLoss);
      if (frame >= 4 && frame <= 10) expect(measured.fromBlack, `frame ${frame}`).toBeLessThanOrEqual(1);
      else expect(measured.inside, `frame ${frame}`).toBeLessThan(codecLoss);
    }
  });

  it("begins a group of pictures where a region is filled and where it is not any more: none is predicted from another", () => {
    const query = ["-select_streams", "v", "-show_entries", "frame=key_frame", "-of", "csv=p=0"];
    const keys = String(execFileSync("ffprobe", ["-v", "error", ...query, join(vault, made.file)]))
      .trim()
      .split("\n");
    expect(keys.flatMap((key, frame) => (key.startsWith("1") ? [frame] : []))).toEqual(
      expect.arrayContaining([0, 4, 11]),
    );
  });

  it("lies where it was asked for, bytes alone, and is the one in the vault", () => {
    expect(readFileSync(at("published.mp4")).equals(bytesOf(made))).toBe(true);
    expect(statSync(at("published.mp4")).mode & 0o777).toBe(0o644);
    expect(readdirSync(folder.path).filter((name) => name.includes("unfinished"))).toEqual([]);
  });

  it("says from which original it was made, by which programs, with which arguments, and what was left out", async () => {
    const { publication } = made;
    const { runs, software, sound, left_out } = publication;
    expect(sound).toBe("removed");
    expect(left_out.map((words) => words.replace(/^.*: /, ""))).toEqual(
      expect.arrayContaining(["audio (aac)", "subtitle (mov_text)"]),
    );
    expect(software.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["holdfast", "ffmpeg", "ffprobe"]),
    );
    const encoded = runs.find(({ argv }) => argv.includes("libx264"))!;
    expect(encoded.argv).toEqual(
      expect.arrayContaining(["-map_metadata", "-1", "-map_chapters", "-an", "-sn", "-dn"]),
    );
    if (jail.works) expect(new Set(runs.map(({ sandbox }) => sandbox))).toEqual(new Set(["bwrap"]));
    expect(JSON.stringify(publication)).not.toContain(folder.path);
    const shown = await holdfast(["show", ids.telling!, "--json", "--vault", vault]);
    expect(shown.lines[0]!.publications).toEqual([publication]);
    const [stored] = publication.files;
    const file = await holdfast(["verify", at("published.mp4"), "--json", "--vault", vault]);
    expect(file.lines[0]!.matches).toMatchObject([
      { capture: ids.telling, path: stored!.path, entry: made.entry },
    ]);
  });

  it("keeps the sound where that was asked for, and nothing else with it", async () => {
    const { publication, file } = await redact("telling", { keepSound: true });
    expect(publication).toMatchObject({ sound: "kept", fills: [] });
    const bytes = readFileSync(join(vault, file));
    expect(canaries.filter((text) => bytes.includes(text))).toEqual([]);
    expect(bytes.includes("Lavc5")).toBe(false);
  });
});

describe("whatever a clip's times and samples are", () => {
  it.each([
    ["samples wider than high.mp4", "170,80,30x30@0.5-0.7", { width: 213, height: 120 }],
    ["frames of different length.mkv", "10,80,30x30@0.35-0.75", { width: 160, height: 120 }],
    ["a clock that begins late.ts", "10,80,30x30@0.5-0.7", { width: 160, height: 120 }],
    ["an odd size.avi", "121,83,30x30@0.5-0.7", { width: 151, height: 113 }],
  ])("%s: what the viewer saw there is black, and the rest is not", async (name, fill, size) => {
    const made = await redact(name, { fills: [fill] });
    const { width, height, fills } = made.publication;
    expect({ width, height }).toEqual(size);
    const [{ asked, first_frame, last_frame } = { asked: null, first_frame: 0, last_frame: 0 }] = fills;
    const original = lumaOf(folder.path, name, width, height);
    const copy = lumaOf(folder.path, join(vault, made.file), width + (width % 2), height + (height % 2));
    expect(copy.frames.length).toBe(original.frames.length);
    expect(first_frame).toBeGreaterThan(0);
    for (const frame of [first_frame, last_frame]) {
      expect(compare(copy, original, frame, asked!).fromBlack, `frame ${frame}`).toBeLessThanOrEqual(1);
    }
    for (const frame of [first_frame - 1, last_frame + 1]) {
      expect(compare(copy, original, frame, asked!).inside, `frame ${frame}`).toBeLessThan(codecLoss);
    }
  });
});

describe("what is refused", () => {
  const stored = () =>
    readdirSync(vault, { recursive: true, encoding: "utf8" }).filter((path) => path.includes("publication"));

  it.each([
    ["a region beyond the picture as shown", "telling", { fills: ["100,0,30x30"] }, "usage", "120x160"],
    [
      "a region in a time that the clip has not",
      "telling",
      { fills: ["0,0,30x30@7-9"] },
      "usage",
      "2.000000 s",
    ],
    ["a capture without video", "sound", {}, "usage", "no video"],
    [
      "several videos, of which none was chosen",
      "two",
      {},
      "usage",
      "original/track-1.mp4, original/track-2.mp4",
    ],
    [
      "a video that is not there",
      "two",
      { original: "original/track-3.mp4" },
      "usage",
      "no video original/track-3",
    ],
    ["an unknown id", "ZZZZZZZZ", {}, "not-found", "ZZZZZZZZ"],
    ["a file that is no clip", "text", {}, "io", "cannot read any"],
    ["a place in the vault", "telling", { to: join(vault, "copy.mp4") }, "usage", "inside the vault"],
    ["a place where something stands", "telling", { to: at("published.mp4") }, "usage", "already"],
    ["a name that is none of an MP4 file", "telling", { to: at("copy.mov") }, "usage", "MP4"],
    ["a folder that is not there", "telling", { to: at("none/copy.mp4") }, "usage", "does not exist"],
  ] as const)("%s, and nothing is stored", async (_title, name, wish, code, words) => {
    const before = stored();
    await expect(redact(name, wish)).rejects.toMatchObject({ code, message: expect.stringContaining(words) });
    expect(stored()).toEqual(before);
    expect(readdirSync(join(vault, "staging")).filter((one) => /^\d{8}-/.test(one))).toEqual([]);
  });

  it("the other of two videos is taken where it was chosen", async () => {
    const { publication } = await redact("two", { original: "original/track-2.mp4" });
    expect(publication.derived_from.map(({ path }) => path)).toEqual(["original/track-2.mp4"]);
  });

  it("an interrupt in the middle of the work leaves nothing of it", async () => {
    const before = stored();
    const stop = new AbortController();
    const progress = ({ detail }: { readonly detail: string }) => {
      if (detail === "checking the copy") stop.abort();
    };
    const request = {
      vault,
      id: ids.telling!,
      fills: [],
      keepSound: false,
      original: null,
      to: at("never.mp4"),
    };
    await expect(redactCapture(request, { ...testWorld(stop.signal), progress })).rejects.toThrow();
    expect(stored()).toEqual(before);
    expect(readdirSync(folder.path)).not.toContain("never.mp4");
    expect(readdirSync(join(vault, "staging")).filter((one) => /^\d{8}-/.test(one))).toEqual([]);
  });

  it("an original that is not the one that was logged, as evidence that is not as recorded", async () => {
    const original = readdirSync(vault, { recursive: true, encoding: "utf8" }).find(
      (path) => path.includes(ids.damaged!) && path.endsWith("track-1.mp4"),
    )!;
    const path = join(vault, original);
    const bytes = readFileSync(path);
    bytes[bytes.length >> 1]! ^= 1;
    chmodSync(path, 0o644);
    writeFileSync(path, bytes);
    await expect(redact("damaged")).rejects.toMatchObject({ code: "not-as-recorded" });
    bytes[bytes.length >> 1]! ^= 1;
    writeFileSync(path, bytes);
    expect((await audit(vault)).ok).toBe(true);
  });
});
