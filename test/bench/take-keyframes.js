// The keyframes of one clip, by the code that derives them. Arguments: ffmpeg, ffprobe, clip, folder for the pictures.
import { mkdirSync, mkdtempSync } from "node:fs";
import { join } from "node:path";
import { probeMedia } from "../../dist/tools/media/ffprobe.js";
import { extractKeyframes } from "../../dist/tools/media/keyframes.js";
import { openPictures } from "../../dist/tools/media/pictures.js";

const [ffmpeg, ffprobe, media, folder] = process.argv.slice(2);
const base = mkdtempSync(join(folder, "run-"));
const scratch = join(base, "scratch");
const outDir = join(base, "frames");
for (const made of [scratch, outDir]) mkdirSync(made);
const { signal } = new AbortController();

const probe = await probeMedia({ ffprobe, media, scratch, signal });
if (!probe.ok) throw new Error(probe.reason);
const pictures = openPictures(scratch);
const set = await extractKeyframes({ ffmpeg, ffprobe, pictures, media, probe, outDir, scratch, signal });
await pictures.close();
if (set.keyframes.length === 0) throw new Error("no keyframe was taken");
const ms = (run) => Date.parse(run.result.endedAt) - Date.parse(run.result.startedAt);
const steps = set.runs.map((run) => `${run.program} ${ms(run)} ms`);
console.log(
  `${set.keyframes.length} keyframes; programs started: ${summary(steps)}; notes: ${set.notes.join("; ") || "none"}`,
);

/** Many short runs are told as their number. */
function summary(all) {
  return all.length <= 8 ? all.join(", ") : `${all.slice(0, 6).join(", ")} and ${all.length - 6} more`;
}
