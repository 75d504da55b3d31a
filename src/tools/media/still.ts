import { fromMicroseconds } from "../../core/media/timing.js";
import { decodeLimits } from "../run/limits.js";
import { ffmpegArgv, type MediaRun, runMedia, whyUnusable } from "./input.js";
import type { RawPicture } from "./picture.js";
import { type CopyTools, frameTimesOutput, readFrameTimes, wholeClip } from "./publication-copy.js";

/** Where a picture is to be taken. */
export interface StillPlan {
  readonly media: string;
  /** Index of the video stream. */
  readonly stream: number;
  /** Size as displayed. */
  readonly picture: { readonly width: number; readonly height: number };
  /** Microseconds from the beginning of the clip. */
  readonly at: number;
}

export interface Still {
  readonly picture: RawPicture;
  /** When its frame begins, in microseconds from the beginning of the clip. */
  readonly time: number;
}

/** How far before the time decoding begins, in microseconds, until a frame is found: pictures may stand for long. */
const reaches = [2_000_000, 60_000_000, Number.POSITIVE_INFINITY];

/** The part of a clip that is read: from `from` to just behind the time. */
function window({ media, at }: StillPlan, from: number, outputs: Parameters<typeof ffmpegArgv>[2]) {
  const seek = from === 0 ? [] : ["-ss", fromMicroseconds(from)];
  return ffmpegArgv([media], [...seek, "-t", fromMicroseconds(at - from + 1000)], outputs);
}

/** The command line for frame `index` of a window, turned and scaled as a player shows it, as RGB pixels. */
function stillArgv(plan: StillPlan, from: number, index: number): readonly string[] {
  const { width, height } = plan.picture;
  const filters = `select=eq(n\\,${index}),scale=${width}:${height},setsar=1,format=rgb24`;
  const options = ["-map", `0:${plan.stream}`, "-an", "-sn", "-dn", "-vf", filters];
  const one = [...options, "-frames:v", "1", "-fps_mode", "passthrough", "-f", "rawvideo"];
  return window(plan, from, [{ to: "pipe:1", options: one }, wholeClip([plan.media])]);
}

/**
 * The picture that is seen at a time: of the last frame that has begun, as a copy for publication counts its times; else
 * the first one. Null if there is none. A run that cannot be used is the caller's to refuse.
 */
export async function stillAt(
  tools: CopyTools,
  plan: StillPlan,
): Promise<{ readonly still: Still | null; readonly run: MediaRun }> {
  let [from, index, time, run] = [0, -1, 0, null as MediaRun | null];
  for (const reach of reaches) {
    from = Math.max(0, plan.at - reach);
    run = await runOn(
      tools,
      plan,
      window(plan, from, [frameTimesOutput(plan.stream), wholeClip([plan.media])]),
    );
    if (whyUnusable(run) !== null) return { still: null, run };
    const times = readFrameTimes(run.result.stdout.toString("latin1")).map((one) => one + from);
    index = times.findLastIndex((one) => one <= plan.at);
    if (index < 0 && from === 0 && times.length > 0) index = 0;
    time = times[index] ?? 0;
    if (index >= 0 || from === 0) break;
  }
  if (run === null || index < 0) return { still: null, run: run ?? unreachable() };
  const { width, height } = plan.picture;
  const data = new Uint8Array(width * height * 3);
  let filled = 0;
  run = await runOn(tools, plan, stillArgv(plan, from, index), (chunk) => {
    data.set(chunk.subarray(0, data.length - filled), filled);
    filled = Math.min(data.length, filled + chunk.length);
  });
  const whole = whyUnusable(run) === null && filled === data.length;
  return { still: whole ? { picture: { data, width, height }, time } : null, run };
}

function unreachable(): never {
  throw new Error("a window of a clip was never read");
}

function runOn(
  { ffmpeg: path, scratch, signal, seconds }: CopyTools,
  { media }: StillPlan,
  argv: readonly string[],
  onStdout?: (chunk: Buffer) => void,
): Promise<MediaRun> {
  const limits = decodeLimits(seconds);
  const request = { program: "ffmpeg", path, argv, media: [media], scratch, limits, signal } as const;
  return runMedia(onStdout === undefined ? request : { ...request, onStdout });
}
