import { afterAll, describe, expect, it } from "vitest";
import { roundOf } from "../soak/rounds.js";
import { openClips } from "../support/clips.js";
import { pictures } from "../support/keyframes.js";
import { readSpoiltClip } from "../trials/spoilt-media.js";

const clips = openClips();
afterAll(() => clips.remove());

describe("a clip with spoilt bytes", () => {
  it("is read to a result, within every bound, whatever is in it: 9 of them", async () => {
    const files = (["picture.mp4", "sound-and-picture.ts", "sound-only.m4a"] as const).map(clips.get);
    let frames = 0;
    let refused = 0;
    // Between them every clip and every way to spoil one; `npm run soak` spoils as many as there is time for.
    for (const seed of [1, 2, 5, 8, 9, 10, 11, 15, 19]) {
      const figures = await readSpoiltClip(roundOf(seed), { clips: files, pictures });
      frames += figures.keyframes ?? 0;
      refused += figures["refused by ffprobe"] ?? 0;
    }
    // Both kinds came up: otherwise these seeds would show little.
    expect(Math.min(frames, refused)).toBeGreaterThan(0);
  });
});
