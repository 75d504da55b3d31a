import { describe, expect, test } from "vitest";
import { hashDistance } from "../../../src/core/media/dhash.ts";
import { footage, footagePath, nested, someFootage, whyNoFootage } from "../../support/footage.ts";
import { inFolder, keyframesOf, probe } from "../../support/keyframes.ts";
import { takeTrue } from "../../trials/clip-readings.ts";

describe.skipIf(footage.length === 0)(`real footage${whyNoFootage}`, () => {
  test.each(someFootage)("keyframes of %s are true frames, from the first to the last", async (name) => {
    const { set } = await takeTrue(footagePath(name));
    expect(set.keyframes.length).toBeLessThanOrEqual(60);
  });

  test("a thousand nested boxes are refused, and the refusal is a result", async () => {
    const outcome = await probe(footagePath(nested));
    expect(outcome).toMatchObject({ ok: false, reason: expect.stringContaining("ffprobe refused the file") });
  });

  test("the same scene with a logo or in grey hashes alike at its start, another scene does not", async () => {
    const first = (name: string) =>
      inFolder(async (outDir) => (await keyframesOf(footagePath(name), outDir)).keyframes[0]!.dhash);
    const original = await first("tmk-chair-orig-22-sd-bar.mp4");
    expect(hashDistance(original, await first("tmk-chair-22-sd-grey-bar.mp4"))).toBeLessThanOrEqual(5);
    expect(hashDistance(original, await first("tmk-chair-22-with-large-logo-bar.mp4"))).toBeLessThanOrEqual(
      10,
    );
    expect(hashDistance(original, await first("tmk-doorknob-hd-no-bar.mp4"))).toBeGreaterThan(10);
  });
});
