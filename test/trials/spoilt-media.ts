import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { tryClipPass } from "../../src/tools/media/clip-pass.js";
import { probeMedia } from "../../src/tools/media/ffprobe.js";
import type { MediaRun } from "../../src/tools/media/input.js";
import { extractKeyframes } from "../../src/tools/media/keyframes.js";
import type { Pictures } from "../../src/tools/media/pictures.js";
import type { Figures, Round } from "../soak/rounds.js";
import { program } from "../support/programs-on-path.js";

/** Ways in which a clip can be spoilt, by an adversary or a disk. */
const spoil: Readonly<Record<string, (bytes: Buffer, random: () => number) => Buffer>> = {
  bits: (bytes, random) => {
    for (let left = 1 + Math.floor(random() * 40); left > 0; left -= 1) {
      const at = Math.floor(random() * bytes.length);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << Math.floor(random() * 8));
    }
    return bytes;
  },
  // Tables and sizes stand at the beginning or the end.
  head: (bytes, random) => {
    for (let left = 8; left > 0; left -= 1)
      bytes.writeUInt8(Math.floor(random() * 256), Math.floor(random() * Math.min(900, bytes.length)));
    return bytes;
  },
  numbers: (bytes, random) => {
    const values = [0, 1, 0x7fffffff, 0x80000000, 0xffffffff];
    for (let left = 4; left > 0; left -= 1) {
      const from = random() < 0.5 ? 0 : Math.max(0, bytes.length - 2000);
      const at = from + Math.floor(random() * Math.min(2000, bytes.length - 4 - from));
      bytes.writeUInt32BE(values[Math.floor(random() * values.length)] ?? 0, at);
    }
    return bytes;
  },
  cut: (bytes, random) => bytes.subarray(0, 1 + Math.floor(random() * bytes.length)),
  hole: (bytes, random) => bytes.fill(0, Math.floor(random() * bytes.length)),
  moved: (bytes, random) => {
    const [a, b] = [Math.floor(random() * bytes.length), Math.floor(random() * bytes.length)];
    return Buffer.concat([bytes.subarray(0, a), bytes.subarray(b), bytes.subarray(a)]);
  },
};

/**
 * Spoils one of the clips and reads it as a derivation does. Whatever is in it, each program ends by itself or at its
 * bound, what is made of its words is a result and no exception, and pictures are taken only of frames that there are.
 */
export async function readSpoiltClip(
  { random }: Round,
  { clips, pictures }: { readonly clips: readonly string[]; readonly pictures: Pictures },
): Promise<Figures> {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-test-"));
  const { signal } = new AbortController();
  try {
    const clip = clips[Math.floor(random() * clips.length)] ?? "";
    const ways = Object.values(spoil);
    const media = join(folder, "clip");
    writeFileSync(
      media,
      (ways[Math.floor(random() * ways.length)] ?? ((bytes) => bytes))(readFileSync(clip), random),
    );
    const [scratch, outDir] = [join(folder, "scratch"), join(folder, "frames")];
    for (const made of [scratch, outDir]) mkdirSync(made);
    const [ffmpeg, ffprobe] = [program("ffmpeg"), program("ffprobe")];
    const probe = await probeMedia({ ffprobe, media, scratch, signal });
    expectEnded([probe.run]);
    if (!probe.ok) return { "spoilt clips read": 1, "refused by ffprobe": 1 };
    const pass = await tryClipPass({
      ...{ ffmpeg, media, probe, scratch, signal },
      deep: false,
      drawing: { pictures, outDir, onProgress: () => undefined },
    });
    if (pass) expectEnded([pass.run]);
    const set = await extractKeyframes({
      ffmpeg,
      ffprobe,
      pictures,
      media,
      probe,
      outDir,
      scratch,
      signal,
      passed: pass?.pass?.frames ?? null,
    });
    expectEnded(set.runs);
    expect(set.keyframes.length).toBeLessThanOrEqual(300);
    return {
      "spoilt clips read": 1,
      keyframes: set.keyframes.length,
      "decoded without an error": pass?.pass ? 1 : 0,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function expectEnded(runs: readonly MediaRun[]): void {
  for (const { program, result } of runs)
    expect(["exited", "wall-time", "output-limit"], `${program}: ${result.reason}`).toContain(result.endedBy);
}
