import { parseSeconds } from "../../core/media/timing.js";
import { passFilesIn, passOutputs } from "./frame-pass.js";
import { inputOptions, runDecoder, wholeStream } from "./frame-runs.js";
import type { FrameTaking, NumberedFrame, RouteResult } from "./frame-taking.js";
import { ffmpegArgv } from "./input.js";
import { takeMissing } from "./missing-frames.js";
import { type PassFrames, PassReader } from "./pass-reader.js";

/**
 * Takes the frames of a clip of which one pass tells everything. Frame numbers count the frames that the decoder shows, so
 * this works for streams whose packets cannot be counted as frames. A decode that complains is used as far as it goes.
 */
export async function takeFromWholeDecode(taking: FrameTaking, start: string | null): Promise<RouteResult> {
  const { source, pictures, outDir, onProgress } = taking;
  const clock = { shift: 0, offset: 0, start: (parseSeconds(start) ?? 0) / 1_000_000 };
  const files = passFilesIn(source.scratch);
  const reader = new PassReader({ video: source.video, clock, files, pictures, outDir, onProgress });
  const argv = ffmpegArgv(
    [source.media],
    inputOptions(source, wholeStream),
    passOutputs(source.video, clock, files),
  );
  const run = await runDecoder(source, argv, reader.onStdout);
  taking.runs.push(run);
  return takeFromPass(taking, await reader.finish(run), start);
}

/** The frames that a pass took, and those that it chose and could not take. */
export async function takeFromPass(
  taking: FrameTaking,
  frames: PassFrames,
  start: string | null,
): Promise<RouteResult> {
  const missing = await takeMissing(taking, frames.missing, start);
  const all = [...frames.taken, ...missing.taken].sort((a, b) => a.number - b.number);
  const { decodedAgain } = missing;
  const untaken = frames.missing.length - missing.taken.length;
  return {
    frames: all.map((frame): NumberedFrame => ({ ...frame, fixed: frames.ends.includes(frame.number) })),
    maxGap: frames.maxGap,
    bitten: frames.bitten,
    decoded: frames.count + decodedAgain,
    notes: [
      "every frame was decoded to find shots",
      ...(decodedAgain > 0 ? [`${decodedAgain} of ${frames.count} frames were decoded twice`] : []),
      ...(untaken > 0
        ? [`${untaken} frames that were chosen could not be decoded again and are missing`]
        : []),
    ],
  };
}
