import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { hashDistance } from "../../../src/core/media/dhash.ts";
import { expectTrue, inFolder, keyframesOf, probe } from "../../support/keyframes.ts";

const corpus = join(import.meta.dirname, "../../../../shared/corpus");
const refused = "c2pa-nested_moov_1000.mp4";
const files = existsSync(corpus)
  ? readdirSync(corpus).filter((name) => name !== "README.md" && name !== refused)
  : [];
const title = files.length > 0 ? "real footage" : "real footage (left out: ../shared/corpus is not here)";

describe.skipIf(files.length === 0)(title, () => {
  test.each(files)("keyframes of %s are true frames, from the first to the last", async (name) => {
    await inFolder(async (outDir) => {
      const media = join(corpus, name);
      const set = await keyframesOf(media, outDir);
      await expectTrue(media, set);
      expect(set.keyframes.length).toBeLessThanOrEqual(60);
    });
  });

  test("a thousand nested boxes are refused, and the refusal is a result", async () => {
    const outcome = await probe(join(corpus, refused));
    expect(outcome).toMatchObject({ ok: false, reason: expect.stringContaining("ffprobe refused the file") });
  });

  test("the same scene with a logo or in grey hashes alike at its start, another scene does not", async () => {
    const first = (name: string) =>
      inFolder(async (outDir) => (await keyframesOf(join(corpus, name), outDir)).keyframes[0]!.dhash);
    const original = await first("tmk-chair-orig-22-sd-bar.mp4");
    expect(hashDistance(original, await first("tmk-chair-22-sd-grey-bar.mp4"))).toBeLessThanOrEqual(5);
    expect(hashDistance(original, await first("tmk-chair-22-with-large-logo-bar.mp4"))).toBeLessThanOrEqual(
      10,
    );
    expect(hashDistance(original, await first("tmk-doorknob-hd-no-bar.mp4"))).toBeGreaterThan(10);
  });
});
