import { afterAll } from "vitest";
import { openClips } from "../support/clips.js";
import { pictures } from "../support/keyframes.js";
import { readSpoiltClip } from "../trials/spoilt-media.js";
import { soak } from "./rounds.js";

const clips = openClips();
afterAll(() => clips.remove());

soak("a clip with spoilt bytes is read to a result, within every bound, whatever is in it", (round) => {
  const files = (["picture.mp4", "sound-and-picture.ts", "sound-only.m4a"] as const).map(clips.get);
  return readSpoiltClip(round, { clips: files, pictures });
});
