import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import type { CaptureResult } from "../../src/capture/capture-result.js";
import type { DerivationRecord } from "../../src/core/capture/record.js";
import { streamHashes } from "../../src/tools/media/ffmpeg.js";
import { holdfast } from "../support/cli.js";
import { openClips } from "../support/clips.js";
import { inFolder, never, probeOk } from "../support/keyframes.js";
import { program } from "../support/programs-on-path.js";
import { temporaryFolder } from "../support/vaults.js";

const clips = openClips();
const folder = temporaryFolder();
afterAll(() => {
  clips.remove();
  folder.remove();
});

async function derivationOf(file: string, ...argv: string[]): Promise<DerivationRecord> {
  // Names of numbered files, in which a percent sign is doubled, must not bring the path into the record either.
  const vault = join(folder.path, "vault 100%");
  const { lines } = await holdfast(["import", "--json", "--vault", vault, ...argv, file]);
  const [result] = lines as unknown as CaptureResult[];
  return JSON.parse(readFileSync(join(vault, result!.object!, "v2/content/derived/derivation.json"), "utf8"));
}

/** What was found, without when and by which runs. */
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

it("one run of ffprobe and one of ffmpeg give all that is derived of a sound clip, and with --deep the decoded frames as well", async () => {
  const file = clips.get("sound-and-picture.mp4");
  const once = await derivationOf(file);
  expect(namesOf(once)).toEqual(["ffprobe", "ffmpeg"]);
  expect(JSON.stringify(once.runs)).not.toContain(folder.path);
  const deep = await derivationOf(file, "--deep", "--again");
  expect(namesOf(deep)).toEqual(["ffprobe", "ffmpeg"]);
  expect(findings(once)).toEqual(findings(deep));
  expect(once.decode[0]?.verdict).toBe("sound");
  const decoded = ({ stream_hashes }: DerivationRecord) =>
    stream_hashes.map(({ decoded_sha256 }) => decoded_sha256);
  expect(decoded(once)).toEqual([null, null]);
  const plain = await inFolder((scratch) => decodedHashes(file, scratch));
  expect(decoded(deep)).toEqual(plain);
  expect(plain[0]).toMatch(/^[0-9a-f]{64}$/);
});

/** By a run of its own. */
async function decodedHashes(media: string, scratch: string): Promise<readonly (string | null)[]> {
  const probe = await probeOk(media);
  const asked = { ffmpeg: program("ffmpeg"), media, probe, scratch, signal: never, deep: true };
  const hashes = await streamHashes(asked);
  return hashes.ok ? hashes.streams.map(({ decoded_sha256 }) => decoded_sha256) : [];
}

it("of a file that no program reads, it is not said that it was decoded", async () => {
  const file = join(folder.path, "words.mp4");
  writeFileSync(file, "no video");
  const { steps } = await derivationOf(file);
  expect(steps.find(({ step }) => step === "decode")).toMatchObject({
    status: "not_applicable",
    reason: "no original could be read",
  });
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
  expect(short.steps.find(({ step }) => step === "keyframes")?.reason).toMatch(
    /; [1-9]\d+ frames were decoded once more for this/,
  );
  const deep = await derivationOf(file, "--deep", "--again");
  expect(findings(short)).toEqual(findings(deep));
});
