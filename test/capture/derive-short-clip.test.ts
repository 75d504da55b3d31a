import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import type { CaptureResult } from "../../src/capture/capture-result.js";
import type { DerivationRecord } from "../../src/core/capture/record.js";
import { holdfast } from "../support/cli.js";
import { openClips } from "../support/clips.js";
import { temporaryFolder } from "../support/vaults.js";

const clips = openClips();
const folder = temporaryFolder();
afterAll(() => {
  clips.remove();
  folder.remove();
});

async function derivationOf(file: string, ...argv: string[]): Promise<DerivationRecord> {
  const vault = join(folder.path, "vault");
  const { lines } = await holdfast(["import", "--json", "--vault", vault, ...argv, file]);
  const [result] = lines as unknown as CaptureResult[];
  return JSON.parse(readFileSync(join(vault, result!.object!, "v2/content/derived/derivation.json"), "utf8"));
}

/** What was found, without when and by which runs. `--deep` makes a run of its own for everything. */
function findings({ keyframes, decode, completeness, steps, stream_hashes, max_gap }: DerivationRecord) {
  return {
    keyframes,
    decode,
    completeness,
    max_gap,
    steps: steps.filter(({ step }) => step !== "stream_hashes"),
    packets: stream_hashes.map(({ stream, type, packets_sha256 }) => ({ stream, type, packets_sha256 })),
  };
}

const namesOf = ({ runs }: DerivationRecord) => runs.map(({ program }) => program);

it("a short sound clip with picture and sound is derived with three runs, to the same findings as with one for each step", async () => {
  const file = clips.get("sound-and-picture.mp4");
  const short = await derivationOf(file);
  expect(namesOf(short)).toEqual(["ffprobe", "ffmpeg", "ffmpeg"]);
  expect(JSON.stringify(short.runs)).not.toContain(folder.path);
  const deep = await derivationOf(file, "--deep", "--again");
  expect(namesOf(deep).length).toBeGreaterThan(5);
  expect(findings(short)).toEqual(findings(deep));
  expect(short.decode[0]?.verdict).toBe("sound");
});

it("a damaged clip is called damaged as by separate runs, which all stand in the record beside the one that complained", async () => {
  const file = join(folder.path, "flipped.mp4");
  const bytes = readFileSync(clips.get("shots-fixed-gop.mp4"));
  for (let at = Math.floor(bytes.length * 0.4); at < bytes.length * 0.45; at += 7) bytes[at]! ^= 0x5a;
  writeFileSync(file, bytes);
  const short = await derivationOf(file);
  expect(short.decode[0]?.verdict).toBe("damaged");
  expect(namesOf(short)).toEqual([
    ...["ffprobe", "ffmpeg"],
    ...["ffprobe", "ffmpeg", "ffmpeg"],
    ...["ffmpeg", "ffmpeg", "ffmpeg"],
  ]);
  expect(short.runs[1]?.exit_code).not.toBe(0);
  const deep = await derivationOf(file, "--deep", "--again");
  expect(findings(short)).toEqual(findings(deep));
});
