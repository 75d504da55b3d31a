import {
  clipNames,
  copyOf,
  mustBeFilledAsShown,
  mustBeginAtZero,
  mustMeanItsOwnTimes,
  mustTellOfSound,
} from "../trials/redact-times.js";
import { soak } from "./rounds.js";

soak("times of a region mean what a player shows, of every clip and of its copy that came back", async () => {
  for (const name of clipNames) {
    for (const keepSound of [false, true]) {
      const copy = await copyOf(name, keepSound);
      mustBeFilledAsShown(copy);
      mustBeginAtZero(copy);
      mustTellOfSound(copy);
      await mustMeanItsOwnTimes(copy);
    }
  }
  return { copies: clipNames.length * 2 };
});
