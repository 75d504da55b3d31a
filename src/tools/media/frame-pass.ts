import { join } from "node:path";
import { lookHeight, lookWidth } from "../../core/media/dhash.js";
import { picturesPerSecond } from "../../core/media/frame-choice.js";
import type { VideoStream } from "./ffprobe.js";
import { exactTimes } from "./frame-runs.js";
import type { FfmpegOutput } from "./input.js";

/** Files that a pass writes while it runs: the look and the time of every frame, and time and hash of each picture. */
export interface PassFiles {
  readonly looks: string;
  readonly times: string;
  readonly pictures: string;
}

export function passFilesIn(scratch: string): PassFiles {
  return {
    looks: join(scratch, "looks.raw"),
    times: join(scratch, "times.txt"),
    pictures: join(scratch, "pictures.txt"),
  };
}

/** How a pass states times. */
export interface PassClock {
  /** What its filters take from every time, in units of the time base. */
  readonly shift: number;
  /** What makes a time in its files the stream's own again, in units of the time base. */
  readonly offset: number;
  /** Where the clip starts by the clock of the filters, in seconds. */
  readonly start: number;
}

/**
 * The outputs of a pass over the first input: the looks and times of every frame, and raw RGB pictures on stdout of the
 * first frame, of the first frame of each half second and of those about the announced end, each with the hash of the
 * frame as decoded (unrotated, unscaled, decoder's pixel format).
 */
export function passOutputs(video: VideoStream, clock: PassClock, files: PassFiles): readonly FfmpegOutput[] {
  const { width, height, index } = video;
  const shifted = clock.shift === 0 ? "" : `setpts=PTS-${clock.shift},`;
  const graph = [
    `[0:${index}]split=2[every][some]`,
    `[every]${shifted}scale=${lookWidth}:${lookHeight}:flags=area,format=rgb24,split=2[look][time]`,
    `[some]select=${onOffer(video, clock.start)},${shifted}split=2[decoded][shown]`,
    `[shown]scale=${width}:${height},format=rgb24[picture]`,
  ].join(";");
  const times = exactTimes(video);
  // The reader chooses while the run goes on, so nothing may wait in a buffer.
  const unbuffered = ["-flush_packets", "1"];
  const hashed = ["-autoscale", "0", "-f", "framehash", "-hash", "sha256"];
  return [
    {
      to: `file:${files.looks}`,
      options: [
        ...["-filter_complex", graph, "-filter_complex_threads", "1"],
        ...["-map", "[look]", ...times, ...unbuffered, "-f", "rawvideo"],
      ],
    },
    { to: `file:${files.times}`, options: ["-map", "[time]", ...times, ...unbuffered, "-f", "framecrc"] },
    { to: `file:${files.pictures}`, options: ["-map", "[decoded]", ...times, ...unbuffered, ...hashed] },
    { to: "pipe:1", options: ["-map", "[picture]", ...times, "-f", "rawvideo"] },
  ];
}

// Files announce their number of frames with up to this many too many or too few.
const aboutTheEnd = 3;

/** The filter expression for the frames whose pictures are printed; `t` is in seconds, `n` counts from 0. */
function onOffer({ announcedFrames: count }: VideoStream, start: number): string {
  const halfSecond = (time: string) => `floor(${picturesPerSecond}*(${time}-(${start.toFixed(6)})))`;
  const [from, to] = count === null ? [-1, -1] : [count - aboutTheEnd, count + aboutTheEnd - 1];
  return [
    "isnan(prev_selected_t)",
    `gt(${halfSecond("t")}\\,${halfSecond("prev_selected_t")})`,
    `between(n\\,${from}\\,${to})`,
  ].join("+");
}
