import type { DerivationRecord, DerivationStep, DerivedFile } from "../core/capture/record.js";
import { isUnsound, judgeSoundness } from "../core/capture/soundness.js";
import { withoutPaths } from "../core/words/local-paths.js";
import { tryClipPass } from "../tools/media/clip-pass.js";
import { probeMedia } from "../tools/media/ffprobe.js";
import { asInNumberedNames } from "../tools/media/frame-pass.js";
import { describeRun } from "../tools/run/run-description.js";
import { contentPath } from "../vault/objects.js";
import {
  type DerivationRequest,
  ffmpegRequest,
  isReadable,
  makeScratch,
  type StepResult,
  type Track,
  type Work,
} from "./derivation-work.js";
import { deriveKeyframes, derivePlayable, drawingOf, noCopyNeeded } from "./derive-pictures.js";
import {
  deriveContentCredentials,
  deriveDecode,
  deriveExifTool,
  deriveStreamHashes,
  reportProbe,
} from "./derive-readings.js";
import { localPlaces } from "./local-places.js";

type Facts = Omit<
  DerivationRecord,
  "v" | "capture" | "version" | "status" | "started_at" | "ended_at" | "completeness" | "files" | "software"
>;

export interface Derivation {
  readonly facts: Facts;
  readonly files: readonly Pick<DerivedFile, "kind" | "path">[];
}

/**
 * Runs every step over the originals. A failing step reports its failure and does not affect the others; only an
 * interrupt or a disk error is thrown. The probe and the one decode run first because the others need them; what reads
 * tags alone runs beside them.
 */
export async function runDerivation(request: DerivationRequest): Promise<Derivation> {
  const probed = await probeTracks(request);
  const unread = { ...request, tracks: probed.map((track) => ({ ...track, tried: null })) };
  const tags = Promise.all([
    guarded("exiftool", unread, deriveExifTool),
    guarded("content_credentials", unread, deriveContentCredentials),
  ]);
  const [tracks, read] = await Promise.all([decodeTracks(request, probed), tags]);
  const work = { ...request, tracks };
  const seen = await Promise.all([
    guarded("keyframes", work, deriveKeyframes),
    guarded("decode", work, deriveDecode),
    guarded("stream_hashes", work, deriveStreamHashes),
    guarded("playable", work, derivePlayable),
  ]);
  return collect(work, [reportProbe(work), ...withoutPromise(request, [...seen, ...read])]);
}

/** No copy is needed of an original in one file; that it plays may be said only where the strict decode met nothing. */
function withoutPromise(
  { object }: DerivationRequest,
  results: readonly StepResult[],
): readonly StepResult[] {
  const observed = {
    decode: results.flatMap((result) => result.decode ?? []),
    stream_hashes: results.flatMap((result) => result.streamHashes ?? []),
    runs: results
      .flatMap((result) => result.runs ?? [])
      .map(({ result }) => ({ ended_by: result.endedBy, signal: result.signal })),
  };
  const found = judgeSoundness(observed, object.record.method);
  if (found === "sound") return results;
  const reason = isUnsound(found)
    ? "no copy was made; the original does not decode cleanly, so a player may stop or show nothing"
    : "no copy was made; whether the original plays is not known";
  return results.map((result) =>
    result.step.step === "playable" && result.step.reason === noCopyNeeded
      ? { ...result, step: { ...result.step, reason } }
      : result,
  );
}

type Probed = Omit<Track, "tried">;

/** Decodes each original once, where one pass can tell everything. Only the first video has keyframes. */
async function decodeTracks(
  request: DerivationRequest,
  probed: readonly Probed[],
): Promise<readonly Track[]> {
  const shown = probed.find(({ probe }) => probe.ok && probe.video !== null);
  const tracks: Track[] = [];
  for (const [index, track] of probed.entries()) {
    const { probe } = track;
    const drawing = track === shown ? drawingOf(request) : null;
    const tried = probe.ok
      ? await tryClipPass({
          ...ffmpegRequest(request, { ...track, probe }, `pass-${index}`),
          deep: request.deep,
          drawing,
        })
      : null;
    tracks.push({ ...track, tried });
  }
  return tracks;
}

async function probeTracks(request: DerivationRequest): Promise<readonly Probed[]> {
  const { object, resources, world } = request;
  const originals = object.record.files.filter((file) => file.role === "media_track");
  const tracks: Probed[] = [];
  for (const [index, file] of originals.entries()) {
    const media = contentPath(object, file.path);
    const scratch = makeScratch(request, `probe-${index}`);
    tracks.push({
      file,
      media,
      probe: await probeMedia({ ffprobe: resources.ffprobe.path, media, scratch, signal: world.signal }),
    });
  }
  return tracks;
}

function collect(work: Work, results: readonly StepResult[]): Derivation {
  const files = results.flatMap((result) => result.files ?? []);
  const shown = work.tracks.filter(isReadable).find(({ probe }) => probe.video !== null)?.probe;
  const paths: (readonly [string, string])[] = [
    [work.object.folder, "<object>"],
    [work.content, "<content>"],
    [work.scratch, "<scratch>"],
    [asInNumberedNames(work.scratch), "<scratch>"],
  ];
  const find = (kind: DerivedFile["kind"]) => files.find((file) => file.kind === kind)?.path ?? null;
  return {
    files,
    facts: {
      derived_from: work.tracks.map(({ file }) => ({ path: file.path, sha256: file.sha256 })),
      steps: results.map((result) => result.step),
      duration: shown?.duration ?? work.tracks.filter(isReadable)[0]?.probe.duration ?? null,
      width: shown?.video?.width ?? null,
      height: shown?.video?.height ?? null,
      rotation: shown?.video?.rotation ?? 0,
      keyframes: results.flatMap((result) => result.keyframes ?? []),
      max_gap: results.find((result) => result.maxGap !== undefined)?.maxGap ?? null,
      contact_sheet: find("contact_sheet"),
      playable: find("playable"),
      stream_hashes: results.flatMap((result) => result.streamHashes ?? []),
      decode: results.flatMap((result) => result.decode ?? []),
      runs: results
        .flatMap((result) => result.runs ?? [])
        .map((run) => describeRun(run.program, run.argv, run.result, paths)),
    },
  };
}

/** Turns a step's own failure into a result; an interrupt or a disk error is thrown on. */
async function guarded(
  step: DerivationStep["step"],
  work: Work,
  action: (work: Work) => Promise<StepResult>,
): Promise<StepResult> {
  try {
    return await action(work);
  } catch (error) {
    if (work.world.signal.aborted || (error instanceof Error && "errno" in error)) throw error;
    return {
      step: {
        step,
        status: "failed",
        reason: withoutPaths(
          error instanceof Error ? error.message : "unknown",
          localPlaces(work.resources, work.world),
        ),
      },
    };
  }
}
