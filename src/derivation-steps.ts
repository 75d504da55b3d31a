import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type {
  DecodeCheck,
  DerivationRecord,
  DerivationStep,
  DerivedFile,
  Keyframe,
  RecordFile,
  StreamHash,
} from "./core/record.js";
import type { World } from "./outcome.js";
import { renderContactSheet } from "./tools/contact-sheet.js";
import { readContentCredentials } from "./tools/content-credentials.js";
import { makePlayable, strictDecode, streamHashes } from "./tools/ffmpeg.js";
import { type MediaProbe, type ProbeOutcome, probeMedia } from "./tools/ffprobe.js";
import { extractKeyframes } from "./tools/keyframes.js";
import type { MediaRun } from "./tools/media-input.js";
import { describeRun } from "./tools/run.js";
import { contentPath, type StoredObject } from "./vault/objects.js";
import type { Workshop } from "./workshop.js";

export interface DerivationRequest {
  readonly workshop: Workshop;
  readonly world: World;
  readonly object: StoredObject;
  /** Absolute folder that becomes the version's content; `derived/` exists in it. */
  readonly content: string;
  /** Absolute folder for side files; made here. */
  readonly scratch: string;
  readonly deep: boolean;
}

type Facts = Omit<
  DerivationRecord,
  "v" | "capture" | "version" | "status" | "started_at" | "ended_at" | "completeness" | "files" | "software"
>;

export interface Derivation {
  readonly facts: Facts;
  readonly files: readonly Pick<DerivedFile, "kind" | "path">[];
}

/** One original with what ffprobe made of it. */
interface Track {
  readonly file: RecordFile;
  /** Absolute. */
  readonly media: string;
  readonly probe: ProbeOutcome;
}

/** What one step adds to the derivation. */
interface StepResult {
  readonly step: DerivationStep;
  readonly files?: readonly Pick<DerivedFile, "kind" | "path">[];
  readonly runs?: readonly MediaRun[];
  readonly keyframes?: readonly Keyframe[];
  readonly maxGap?: string;
  readonly streamHashes?: readonly StreamHash[];
  readonly decode?: readonly DecodeCheck[];
}

/**
 * Runs every step over the originals. A step that fails says so and leaves the others alone; only an interrupt or a
 * fault of the disk is thrown. The probe comes first because the others need it; the rest share the cores.
 */
export async function runDerivation(request: DerivationRequest): Promise<Derivation> {
  const tracks = await probeTracks(request);
  const work = { ...request, tracks };
  const results = [
    reportProbe(work),
    ...(await Promise.all([
      guarded("keyframes", work, deriveKeyframes),
      guarded("decode", work, deriveDecode),
      guarded("stream_hashes", work, deriveStreamHashes),
      guarded("playable", work, derivePlayable),
      guarded("exiftool", work, deriveExifTool),
      guarded("content_credentials", work, deriveContentCredentials),
    ])),
  ];
  return collect(work, results);
}

type Work = DerivationRequest & { readonly tracks: readonly Track[] };

async function probeTracks(request: DerivationRequest): Promise<readonly Track[]> {
  const { object, workshop, world } = request;
  const originals = object.record.files.filter((file) => file.role === "media_track");
  const tracks: Track[] = [];
  for (const [index, file] of originals.entries()) {
    const media = contentPath(object, file.path);
    const scratch = makeScratch(request, `probe-${index}`);
    tracks.push({
      file,
      media,
      probe: await probeMedia({ ffprobe: workshop.ffprobe.path, media, scratch, signal: world.signal }),
    });
  }
  return tracks;
}

function reportProbe(work: Work): StepResult {
  const readable = work.tracks.filter(isReadable);
  const refused = work.tracks.flatMap(({ file, probe }) =>
    probe.ok ? [] : [`ffprobe refused ${file.path}: ${probe.reason}`],
  );
  const runs = work.tracks.map(({ probe }) => probe.run);
  const status = refused.length > 0 ? "failed" : readable.length > 0 ? "captured" : "not_applicable";
  const step = { step: "ffprobe", status, reason: refused.join("; ") || "every original was read" } as const;
  if (readable.length === 0) return { step, runs };
  const path = "derived/ffprobe.json";
  writeByOriginal(
    work,
    path,
    readable.map(({ file, probe }) => [file.path, probe.json]),
  );
  return { step, runs, files: [{ kind: "ffprobe", path }] };
}

async function deriveKeyframes(work: Work): Promise<StepResult> {
  const track = work.tracks.filter(isReadable).find(({ probe }) => probe.video !== null);
  if (!track) return { step: notApplicable("keyframes", "no original has a video stream that can be read") };
  const outDir = join(work.content, "derived", "keyframes");
  mkdirSync(outDir, { recursive: true });
  const { subject } = subjectOf(work);
  const set = await extractKeyframes({
    ffmpeg: work.workshop.ffmpeg.path,
    ffprobe: work.workshop.ffprobe.path,
    media: track.media,
    probe: track.probe,
    outDir,
    scratch: makeScratch(work, "keyframes"),
    signal: work.world.signal,
    onProgress: (done, total) =>
      work.world.progress({
        subject,
        stage: "derive",
        detail: "keyframes",
        done,
        total,
        speed: null,
        etaSeconds: null,
      }),
  });
  const keyframes = set.keyframes.map((frame) => ({ ...frame, path: `derived/keyframes/${frame.path}` }));
  const sheet = keyframes.length > 0 ? await drawContactSheet(work, keyframes) : [];
  return {
    step: {
      step: "keyframes",
      status: keyframes.length > 0 ? "captured" : "failed",
      reason: [
        `${keyframes.length} frames, no gap longer than ${set.maxGap} s where frames exist`,
        ...set.notes,
      ].join("; "),
    },
    keyframes,
    maxGap: set.maxGap,
    runs: set.runs,
    files: [...keyframes.map(({ path }) => ({ kind: "keyframe", path }) as const), ...sheet],
  };
}

async function drawContactSheet(work: Work, keyframes: readonly Keyframe[]) {
  const path = "derived/contact-sheet.jpg";
  const frames = keyframes.map((frame) => ({
    file: join(work.content, frame.path),
    ptsTime: frame.pts_time,
  }));
  await renderContactSheet({ frames, out: join(work.content, path) });
  return [{ kind: "contact_sheet", path } as const];
}

async function deriveDecode(work: Work): Promise<StepResult> {
  const decode: DecodeCheck[] = [];
  const runs: MediaRun[] = [];
  for (const [index, track] of work.tracks.entries()) {
    if (!isReadable(track)) {
      decode.push({
        original: track.file.path,
        verdict: "unknown",
        grounds: ["ffprobe refused the file, nothing was decoded"],
      });
      continue;
    }
    const outcome = await strictDecode(ffmpegRequest(work, track, `decode-${index}`));
    decode.push({ original: track.file.path, verdict: outcome.verdict, grounds: outcome.grounds });
    runs.push(...outcome.runs);
  }
  const damaged = decode.filter(({ verdict }) => verdict === "damaged").length;
  const reason =
    damaged > 0
      ? `${damaged} of ${decode.length} originals do not decode cleanly`
      : "every original that can be read was decoded strictly";
  return {
    step: { step: "decode", status: runs.length > 0 ? "captured" : "not_applicable", reason },
    decode,
    runs,
  };
}

async function deriveStreamHashes(work: Work): Promise<StepResult> {
  const hashes: StreamHash[] = [];
  const runs: MediaRun[] = [];
  const problems: string[] = [];
  for (const [index, track] of work.tracks.filter(isReadable).entries()) {
    const outcome = await streamHashes({ ...ffmpegRequest(work, track, `hashes-${index}`), deep: work.deep });
    runs.push(...outcome.runs);
    if (outcome.ok) {
      hashes.push(...outcome.streams.map((stream) => ({ original: track.file.path, ...stream })));
      problems.push(...outcome.notes);
    } else problems.push(`${track.file.path}: ${outcome.reason}`);
  }
  if (runs.length === 0) return { step: notApplicable("stream_hashes", "no original could be read") };
  const path = "derived/hashes.json";
  writeDerived(work, path, `${JSON.stringify({ v: 1, stream_hashes: hashes }, null, 1)}\n`);
  const reason =
    problems.join("; ") ||
    (work.deep ? "packets and decoded video" : "packets; decoded video only with --deep");
  return {
    step: { step: "stream_hashes", status: hashes.length > 0 ? "captured" : "failed", reason },
    streamHashes: hashes,
    runs,
    files: [{ kind: "stream_hashes", path }],
  };
}

async function derivePlayable(work: Work): Promise<StepResult> {
  const readable = work.tracks.filter(isReadable);
  const video = readable.filter(({ probe }) => probe.video !== null);
  const audio = readable.filter(({ probe }) => probe.video === null && probe.hasAudio);
  const transportStream = video[0]?.probe.container.includes("mpegts") ?? false;
  if (!video[0] || (audio.length === 0 && !transportStream)) {
    return { step: notApplicable("playable", "the original plays as it is") };
  }
  const outcome = await makePlayable({
    ffmpeg: work.workshop.ffmpeg.path,
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

async function deriveExifTool(work: Work): Promise<StepResult> {
  const read: [string, string][] = [];
  const refused: string[] = [];
  for (const track of work.tracks) {
    const outcome = await work.workshop.exiftool.read(track.media);
    if ("json" in outcome) read.push([track.file.path, outcome.json]);
    else refused.push(`ExifTool refused ${track.file.path}: ${outcome.refused}`);
  }
  const step = {
    step: "exiftool",
    status: read.length > 0 ? "captured" : "failed",
    reason: refused.join("; ") || "every original was read",
  } as const;
  if (read.length === 0) return { step };
  const path = "derived/exiftool.json";
  writeByOriginal(work, path, read);
  return { step, files: [{ kind: "exiftool", path }] };
}

async function deriveContentCredentials(work: Work): Promise<StepResult> {
  const present: [string, string][] = [];
  const problems: string[] = [];
  const states: string[] = [];
  for (const { media, file } of work.tracks) {
    const found = await readContentCredentials(media);
    if (found.outcome === "failed") problems.push(`${file.path}: ${found.reason}`);
    if (found.outcome !== "present") continue;
    present.push([
      file.path,
      JSON.stringify({
        validation_state: found.validationState,
        manifest_store: JSON.parse(found.manifestJson),
      }),
    ]);
    states.push(`${file.path}: ${found.validationState}`);
  }
  if (present.length === 0) {
    return problems.length > 0
      ? { step: { step: "content_credentials", status: "failed", reason: problems.join("; ") } }
      : {
          step: {
            step: "content_credentials",
            status: "not_present",
            reason: "no Content Credentials in the originals, which says nothing about them",
          },
        };
  }
  const path = "derived/content-credentials.json";
  writeByOriginal(work, path, present);
  return {
    step: {
      step: "content_credentials",
      status: "captured",
      reason: `present and checked without a trust list (${states.join("; ")}); who signed is not established`,
    },
    files: [{ kind: "content_credentials", path }],
  };
}

function collect(work: Work, results: readonly StepResult[]): Derivation {
  const files = results.flatMap((result) => result.files ?? []);
  const shown = work.tracks.filter(isReadable).find(({ probe }) => probe.video !== null)?.probe;
  const paths: (readonly [string, string])[] = [
    [work.object.folder, "<object>"],
    [work.content, "<content>"],
    [work.scratch, "<scratch>"],
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

/** A step's own failure is a result; an interrupt and a full disk are not. */
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
        reason: error instanceof Error ? error.message.slice(0, 500) : "unknown",
      },
    };
  }
}

type ReadableTrack = Track & { readonly probe: MediaProbe };

function isReadable(track: Track): track is ReadableTrack {
  return track.probe.ok;
}

function ffmpegRequest(work: Work, track: ReadableTrack, scratch: string) {
  return {
    ffmpeg: work.workshop.ffmpeg.path,
    media: track.media,
    probe: track.probe,
    scratch: makeScratch(work, scratch),
    signal: work.world.signal,
  };
}

function notApplicable(step: DerivationStep["step"], reason: string): DerivationStep {
  return { step, status: "not_applicable", reason };
}

function subjectOf(work: Work): { readonly subject: string } {
  return { subject: work.object.record.requested_url ?? work.object.record.capture };
}

function makeScratch(request: Pick<DerivationRequest, "scratch">, name: string): string {
  const folder = join(request.scratch, name);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return folder;
}

/** One JSON object whose keys are the originals' paths; each tool's own output stands in it as the tool printed it. */
function writeByOriginal(work: Work, path: string, parts: readonly (readonly [string, string])[]): void {
  const members = parts.map(([original, json]) => `${JSON.stringify(original)}: ${json.trim()}`);
  writeDerived(work, path, `{\n${members.join(",\n")}\n}\n`);
}

function writeDerived(work: Work, path: string, text: string): void {
  const file = join(work.content, path);
  writeFileSync(file, text, { flag: "wx" });
  chmodSync(file, 0o444);
}
