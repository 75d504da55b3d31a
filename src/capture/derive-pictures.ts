import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Keyframe } from "../core/capture/record.js";
import { renderContactSheet } from "../tools/media/contact-sheet.js";
import { makePlayable } from "../tools/media/ffmpeg.js";
import { extractKeyframes } from "../tools/media/keyframes.js";
import {
  type DerivationRequest,
  isReadable,
  makeScratch,
  notApplicable,
  type StepResult,
  type Work,
} from "./derivation-work.js";

/** Where the keyframes of a clip are drawn, and how far they are. */
export function drawingOf(request: DerivationRequest) {
  const { resources, world, content, object } = request;
  const outDir = join(content, "derived", "keyframes");
  mkdirSync(outDir, { recursive: true });
  const subject = object.record.requested_url ?? object.record.capture;
  const onProgress = (done: number, total: number): void =>
    world.progress({
      subject,
      stage: "derive",
      detail: "keyframes",
      done,
      total,
      speed: null,
      etaSeconds: null,
    });
  return { pictures: resources.pictures, outDir, onProgress };
}

export async function deriveKeyframes(work: Work): Promise<StepResult> {
  const track = work.tracks.filter(isReadable).find(({ probe }) => probe.video !== null);
  if (!track) return { step: notApplicable("keyframes", "no original has a readable video stream") };
  const set = await extractKeyframes({
    ...drawingOf(work),
    ffmpeg: work.resources.ffmpeg.path,
    ffprobe: work.resources.ffprobe.path,
    media: track.media,
    probe: track.probe,
    scratch: makeScratch(work, "keyframes"),
    signal: work.world.signal,
    passed: track.tried?.pass?.frames ?? null,
  });
  const keyframes = set.keyframes.map((frame) => ({ ...frame, path: `derived/keyframes/${frame.path}` }));
  const sheet = keyframes.length > 0 ? await drawContactSheet(work, keyframes) : { files: [], notes: [] };
  return {
    step: {
      step: "keyframes",
      status: keyframes.length > 0 ? "captured" : "failed",
      reason: [
        `${keyframes.length} frames, no gap longer than ${set.maxGap} s where frames exist`,
        ...set.notes,
        // The strict decode is a run of its own where no pass tells everything.
        ...(track.tried?.pass ? [] : [`${set.decoded} frames were decoded once more for this`]),
        ...sheet.notes,
      ].join("; "),
    },
    keyframes,
    maxGap: set.maxGap,
    runs: set.runs,
    files: [...keyframes.map(({ path }) => ({ kind: "keyframe", path }) as const), ...sheet.files],
  };
}

/** The keyframes are kept even if the contact sheet cannot be drawn. */
async function drawContactSheet(work: Work, keyframes: readonly Keyframe[]) {
  const path = "derived/contact-sheet.jpg";
  const frames = keyframes.map((frame) => ({
    file: join(work.content, frame.path),
    ptsTime: frame.pts_time,
  }));
  try {
    await renderContactSheet({ pictures: work.resources.pictures, frames, out: join(work.content, path) });
    return { files: [{ kind: "contact_sheet", path } as const], notes: [] };
  } catch (error) {
    if (error instanceof Error && "errno" in error) throw error;
    return { files: [], notes: ["the contact sheet could not be drawn"] };
  }
}

/** Said of an original in one file. Whether it plays is for the strict decode to show. */
export const noCopyNeeded = "the original plays as it is";

export async function derivePlayable(work: Work): Promise<StepResult> {
  const readable = work.tracks.filter(isReadable);
  const video = readable.filter(({ probe }) => probe.video !== null);
  const audio = readable.filter(({ probe }) => probe.video === null && probe.hasAudio);
  const transportStream = video[0]?.probe.container.includes("mpegts") ?? false;
  if (!video[0] || (audio.length === 0 && !transportStream)) {
    return { step: notApplicable("playable", noCopyNeeded) };
  }
  const outcome = await makePlayable({
    ffmpeg: work.resources.ffmpeg.path,
    tracks: [video[0], ...audio],
    outDir: join(work.content, "derived"),
    scratch: makeScratch(work, "playable"),
    signal: work.world.signal,
  });
  if (!outcome.ok)
    return { step: { step: "playable", status: "failed", reason: outcome.reason }, runs: outcome.runs };
  return {
    step: {
      step: "playable",
      status: "captured",
      reason: "streams copied into one file, nothing re-encoded",
    },
    runs: outcome.runs,
    files: [{ kind: "playable", path: `derived/${outcome.file}` }],
  };
}
