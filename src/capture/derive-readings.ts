import type { DecodeCheck, StreamHash } from "../core/capture/record.js";
import { readContentCredentials } from "../tools/media/content-credentials.js";
import { streamHashes, strictDecode } from "../tools/media/ffmpeg.js";
import type { MediaRun } from "../tools/media/input.js";
import {
  ffmpegRequest,
  isReadable,
  notApplicable,
  type StepResult,
  type Work,
  writeByOriginal,
  writeDerived,
} from "./derivation-work.js";

/** Reports the probe, with its runs, on which the other steps build. */
export function reportProbe(work: Work): StepResult {
  const readable = work.tracks.filter(isReadable);
  const refused = work.tracks.flatMap(({ file, probe }) =>
    probe.ok ? [] : [`ffprobe refused ${file.path}: ${probe.reason}`],
  );
  const runs = work.tracks.flatMap(({ probe, tried }) => [probe.run, ...(tried ? [tried.run] : [])]);
  const status = refused.length > 0 ? "failed" : readable.length > 0 ? "captured" : "not_applicable";
  const step = {
    step: "ffprobe",
    status,
    reason: refused.join("; ") || "ffprobe read every original",
  } as const;
  if (readable.length === 0) return { step, runs };
  const path = "derived/ffprobe.json";
  writeByOriginal(
    work,
    path,
    readable.map(({ file, probe }) => [file.path, probe.json]),
  );
  return { step, runs, files: [{ kind: "ffprobe", path }] };
}

export async function deriveDecode(work: Work): Promise<StepResult> {
  const decode: DecodeCheck[] = [];
  const runs: MediaRun[] = [];
  let decoded = 0;
  for (const [index, track] of work.tracks.entries()) {
    const { probe } = track;
    if (!probe.ok) {
      decode.push({
        original: track.file.path,
        verdict: "unknown",
        grounds: [`nothing was decoded: ${probe.reason}`],
      });
      continue;
    }
    const pass = track.tried?.pass;
    const outcome = pass
      ? { ...pass.decode, runs: [] }
      : await strictDecode(ffmpegRequest(work, { ...track, probe }, `decode-${index}`));
    decode.push({ original: track.file.path, verdict: outcome.verdict, grounds: outcome.grounds });
    runs.push(...outcome.runs);
    if (pass || outcome.runs.length > 0) decoded += 1;
  }
  const damaged = decode.filter(({ verdict }) => verdict === "damaged" || verdict === "short").length;
  const reason =
    damaged > 0
      ? `${damaged} of ${decode.length} originals do not decode cleanly`
      : work.tracks.some(isReadable)
        ? "every readable original was decoded strictly"
        : "no original could be read";
  return {
    step: { step: "decode", status: decoded > 0 ? "captured" : "not_applicable", reason },
    decode,
    runs,
  };
}

export async function deriveStreamHashes(work: Work): Promise<StepResult> {
  const hashes: StreamHash[] = [];
  const runs: MediaRun[] = [];
  const problems: string[] = [];
  const readable = work.tracks.filter(isReadable);
  for (const [index, track] of readable.entries()) {
    const pass = track.tried?.pass;
    const outcome = pass
      ? ({ ok: true, streams: pass.streams, notes: [], runs: [] } as const)
      : await streamHashes({ ...ffmpegRequest(work, track, `hashes-${index}`), deep: work.deep });
    runs.push(...outcome.runs);
    if (outcome.ok) {
      hashes.push(...outcome.streams.map((stream) => ({ original: track.file.path, ...stream })));
      problems.push(...outcome.notes);
    } else problems.push(`${track.file.path}: ${outcome.reason}`);
  }
  if (readable.length === 0) return { step: notApplicable("stream_hashes", "no original could be read") };
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

export async function deriveExifTool(work: Work): Promise<StepResult> {
  const read: [string, string][] = [];
  const refused: string[] = [];
  for (const track of work.tracks) {
    const outcome = await work.resources.exiftool.read(track.media);
    if ("json" in outcome) read.push([track.file.path, outcome.json]);
    else refused.push(`ExifTool refused ${track.file.path}: ${outcome.refused}`);
  }
  const step = {
    step: "exiftool",
    status: read.length > 0 ? "captured" : "failed",
    reason: refused.join("; ") || "ExifTool read every original",
  } as const;
  if (read.length === 0) return { step };
  const path = "derived/exiftool.json";
  writeByOriginal(work, path, read);
  return { step, files: [{ kind: "exiftool", path }] };
}

export async function deriveContentCredentials(work: Work): Promise<StepResult> {
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
