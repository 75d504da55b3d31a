import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type {
  DecodeCheck,
  DerivationStep,
  DerivedFile,
  Keyframe,
  RecordFile,
  StreamHash,
} from "../core/capture/record.js";
import type { ClipPassTry } from "../tools/media/clip-pass.js";
import type { MediaProbe, ProbeOutcome } from "../tools/media/ffprobe.js";
import type { MediaRun } from "../tools/media/input.js";
import { makeReadOnly } from "../vault/disk-niceties.js";
import type { StoredObject } from "../vault/objects.js";
import type { World } from "../world.js";
import type { Resources } from "./resources.js";

export interface DerivationRequest {
  readonly resources: Resources;
  readonly world: World;
  readonly object: StoredObject;
  /** Absolute path of the folder that becomes the version's content; its `derived/` exists. */
  readonly content: string;
  /** Absolute path of a folder for temporary files; created on first use. */
  readonly scratch: string;
  readonly deep: boolean;
}

/** One original and what ffprobe read from it. */
export interface Track {
  readonly file: RecordFile;
  /** Absolute. */
  readonly media: string;
  readonly probe: ProbeOutcome;
  /** One run for several steps; null if none was tried. A step uses its results or starts its own runs. */
  readonly tried: ClipPassTry | null;
}

/** What one step contributes to the derivation. */
export interface StepResult {
  readonly step: DerivationStep;
  readonly files?: readonly Pick<DerivedFile, "kind" | "path">[];
  readonly runs?: readonly MediaRun[];
  readonly keyframes?: readonly Keyframe[];
  readonly maxGap?: string;
  readonly streamHashes?: readonly StreamHash[];
  readonly decode?: readonly DecodeCheck[];
}

export type Work = DerivationRequest & { readonly tracks: readonly Track[] };

export type ReadableTrack = Track & { readonly probe: MediaProbe };

export function isReadable(track: Track): track is ReadableTrack {
  return track.probe.ok;
}

export function ffmpegRequest(
  work: DerivationRequest,
  track: Pick<ReadableTrack, "media" | "probe">,
  scratch: string,
) {
  return {
    ffmpeg: work.resources.ffmpeg.path,
    media: track.media,
    probe: track.probe,
    scratch: makeScratch(work, scratch),
    signal: work.world.signal,
  };
}

export function notApplicable(step: DerivationStep["step"], reason: string): DerivationStep {
  return { step, status: "not_applicable", reason };
}

export function makeScratch(request: Pick<DerivationRequest, "scratch">, name: string): string {
  const folder = join(request.scratch, name);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return folder;
}

/** Writes one JSON object keyed by the originals' paths, each value exactly as the tool printed it. */
export function writeByOriginal(
  work: Work,
  path: string,
  parts: readonly (readonly [string, string])[],
): void {
  const members = parts.map(([original, json]) => `${JSON.stringify(original)}: ${json.trim()}`);
  writeDerived(work, path, `{\n${members.join(",\n")}\n}\n`);
}

export function writeDerived(work: Work, path: string, text: string): void {
  const file = join(work.content, path);
  writeFileSync(file, text, { flag: "wx" });
  makeReadOnly(file);
}
