import { afterAll, expect } from "vitest";
import { clipNames, openClips } from "../support/clips.js";
import { footage, footagePath } from "../support/footage.js";
import { probeOk } from "../support/keyframes.js";
import { leftAlone, passAgrees, takeEveryShot, takeTrue } from "../trials/clip-readings.js";
import { soak } from "./rounds.js";

const clips = openClips();
afterAll(() => clips.remove());

soak("every clip and all real footage is read alike by one pass and by separate runs", async () => {
  for (const name of clipNames) {
    const media = clips.get(name);
    if (/^(shots|late|long)/.test(name)) await takeEveryShot(clips, name);
    else if ((await probeOk(media)).video !== null) await takeTrue(media);
    expect([name, await passAgrees(media)]).toEqual([name, !leftAlone.includes(name)]);
  }
  let clean = 0;
  for (const name of footage) {
    const { set } = await takeTrue(footagePath(name));
    expect([name, set.keyframes.length > 60]).toEqual([name, false]);
    if (await passAgrees(footagePath(name))) clean += 1;
  }
  expect(clean).toBeGreaterThanOrEqual(footage.length / 2);
  return { clips: clipNames.length, "files of real footage": footage.length };
});
