import { join } from "node:path";
import { lookHeight, lookWidth } from "../../core/media/dhash.js";
import { picturesPerSecond } from "../../core/media/frame-choice.js";
import type { VideoStream } from "./ffprobe.js";
import { exactTimes } from "./frame-runs.js";
import type { FfmpegOutput } from "./input.js";

/** Files that a pass writes while it runs. Absolute paths. */
export interface PassFiles {
  /** The time of every frame. */
  readonly times: string;
  /** Time and size of each picture as decoded. */
  readonly offers: string;
  /** How the paths of the pictures begin: one file each of raw RGB of the announced size. */
  readonly pictures: string;
  /** How the paths of the same pictures as decoded begin: unrotated, unscaled, in the decoder's pixel format. */
  readonly decoded: string;
}

export function passFilesIn(scratch: string): PassFiles {
  return {
    times: join(scratch, "times.txt"),
    offers: join(scratch, "offers.txt"),
    pictures: join(scratch, "picture-"),
    decoded: join(scratch, "decoded-"),
  };
}

/** The files of a picture, as RGB and as decoded; `place` counts them from 0. */
export function pictureFiles(
  { pictures, decoded }: PassFiles,
  place: number,
): { rgb: string; decoded: string } {
  const [rgb, native] = [pictures, decoded].map(
    (start) => `${start}${String(place + 1).padStart(6, "0")}.raw`,
  );
  return { rgb: rgb ?? "", decoded: native ?? "" };
}

/**
 * A look is printed in the corner of a black picture of this size, in pixels. Large pictures have larger ones: of a clip
 * with a frame a second, each frame that waits in a pipe is a picture that lies on the disk.
 */
export function printedSize({ width, height }: VideoStream): {
  readonly width: number;
  readonly height: number;
} {
  return width * height > largePicture ? { width: 120, height: 90 } : { width: 36, height: 30 };
}

/** Pictures with more pixels than this take 15 MB and more each as raw RGB and as decoded. */
export const largePicture = 4_000_000;

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
 * The outputs of a pass over the first input: the looks of every frame on stdout and their times, and pictures of the first
 * frame, of the first frame of each half second and of those about the announced end, as RGB and as decoded.
 *
 * Most pictures are removed unread, so they are files: through a pipe, each would be copied, and ffmpeg's own SHA-256 of
 * each would take a fifth of the decode. The looks are padded so that a pipe holds those of less than a second: ffmpeg then
 * waits for the reader, and few pictures lie on the disk.
 */
export function passOutputs(video: VideoStream, clock: PassClock, files: PassFiles): readonly FfmpegOutput[] {
  const { width, height, index } = video;
  const printed = printedSize(video);
  const shifted = clock.shift === 0 ? "" : `setpts=PTS-${clock.shift},`;
  const graph = [
    `[0:${index}]split=2[every][some]`,
    `[every]${shifted}scale=${lookWidth}:${lookHeight}:flags=area,format=rgb24,split=2[small][time]`,
    `[small]pad=${printed.width}:${printed.height}[look]`,
    `[some]select=${onOffer(video, clock.start)},${shifted}split=3[offer][decoded][shown]`,
    `[shown]scale=${width}:${height},format=rgb24[picture]`,
  ].join(";");
  const times = exactTimes(video);
  // The reader chooses while the run goes on, so lines must not wait in a buffer, which holds those of many seconds.
  const unbuffered = ["-flush_packets", "1"];
  const asDecoded = [...times, "-autoscale", "0"];
  const numbered = ["-c:v", "rawvideo", "-f", "image2"];
  return [
    {
      to: "pipe:1",
      options: [
        ...["-filter_complex", graph, "-filter_complex_threads", "1"],
        ...["-map", "[look]", ...times, "-f", "rawvideo"],
      ],
    },
    { to: `file:${files.times}`, options: ["-map", "[time]", ...times, ...unbuffered, "-f", "framecrc"] },
    {
      to: `file:${files.offers}`,
      options: ["-map", "[offer]", ...asDecoded, ...unbuffered, "-f", "framecrc"],
    },
    { to: numberedFiles(files.decoded), options: ["-map", "[decoded]", ...asDecoded, ...numbered] },
    { to: numberedFiles(files.pictures), options: ["-map", "[picture]", ...times, ...numbered] },
  ];
}

/** A path as it stands in the names of numbered files, where a percent sign begins the number. */
export function asInNumberedNames(path: string): string {
  return path.replaceAll("%", "%%");
}

function numberedFiles(start: string): string {
  return `file:${asInNumberedNames(start)}%06d.raw`;
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
