import type { Limits } from "./run-request.js";

const kib = 1024;
const mib = 1024 * kib;
const gib = 1024 * mib;
const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;

/** The largest info.json that is read; above it the metadata counts as absent. */
export const maxInfoJsonBytes = 64 * mib;

/** What one download may take unless the user says otherwise (SECURITY §4). */
export const fetchBounds: FetchBounds = {
  maxBytes: 4 * gib,
  wallMs: 6 * hour,
  lookUpMs: 2 * minute,
  stallMs: 2 * minute,
  stallBytesPerSecond: 10 * kib,
};

/** Comments come in many pages: looking up takes this many times longer. */
export const commentPatience = 5;

/** yt-dlp downloading. A gzip page of 1 MB grew to 3 GiB (B-13), an endless body has no other end than its file size (B-15). */
export function ytDlpLimits(bounds: FetchBounds): Limits {
  return {
    wallMs: bounds.wallMs,
    // Python takes about a second for every 20 MiB that come over TLS, more when segments are encrypted.
    cpuSeconds: 600 + Math.ceil(bounds.maxBytes / (8 * mib)),
    addressSpaceBytes: 2 * gib,
    // The same limit holds for info.json, which may be larger than a very small `maxBytes`.
    fileSizeBytes: Math.max(bounds.maxBytes, maxInfoJsonBytes),
    // Read as it comes and never collected: headers of every request and one progress line a second.
    stdoutBytes: 256 * mib,
  };
}

/** The interpreter that keeps yt-dlp loaded: it forks, and each child takes the limits of its own run, lower than these. */
export const keptYtDlpLimits: Limits = {
  wallMs: Number.MAX_SAFE_INTEGER,
  cpuSeconds: 30 * 24 * 3600,
  addressSpaceBytes: 2 * gib,
  fileSizeBytes: 2 ** 50,
  stdoutBytes: Number.MAX_SAFE_INTEGER,
};

/** yt-dlp listing a playlist or channel: no media, one JSON object on stdout. */
export const ytDlpListLimits: Limits = {
  wallMs: 10 * minute,
  cpuSeconds: 600,
  addressSpaceBytes: 2 * gib,
  fileSizeBytes: maxInfoJsonBytes,
  stdoutBytes: maxInfoJsonBytes,
};

/** A program asked for its version. */
export const versionLimits: Limits = {
  wallMs: 30 * second,
  cpuSeconds: 20,
  addressSpaceBytes: 2 * gib,
  fileSizeBytes: mib,
  stdoutBytes: mib,
};

/** ffprobe reading a container: a 14 KB file took 13.9 GiB without a limit (B-01). */
export const ffprobeLimits: Limits = {
  wallMs: minute,
  cpuSeconds: 30,
  addressSpaceBytes: 2 * gib,
  fileSizeBytes: 64 * mib,
  stdoutBytes: 64 * mib,
};

/** ffmpeg picking keyframes (B-12). */
const keyframeLimits: Limits = {
  wallMs: 10 * minute,
  cpuSeconds: 300,
  addressSpaceBytes: 2 * gib,
  fileSizeBytes: 512 * mib,
  stdoutBytes: 64 * mib,
};

/** ffmpeg reading every packet without decoding, for stream hashes and for the playable copy of a track of `bytes`. */
export function remuxLimits(bytes: number): Limits {
  return { ...keyframeLimits, wallMs: hour, fileSizeBytes: 2 * bytes + 64 * mib };
}

/** ffmpeg decoding everything: four times the clip's length and a minute, at most an hour of CPU. */
export function decodeLimits(durationSeconds: number): Limits {
  const cpuSeconds = Math.min(3600, Math.ceil(4 * durationSeconds) + 60);
  return {
    wallMs: Math.min(2 * hour, 2 * cpuSeconds * second),
    cpuSeconds,
    addressSpaceBytes: 2 * gib,
    fileSizeBytes: 512 * mib,
    stdoutBytes: 64 * mib,
  };
}

/** ffmpeg reading a short clip for several steps at once: two minutes of any frame rate print far less than this. */
export function shortPassLimits(durationSeconds: number): Limits {
  return { ...decodeLimits(durationSeconds), fileSizeBytes: 16 * mib, stdoutBytes: 16 * mib };
}

/** The process that draws pictures. A frame of 8K is 100 MB, and a few are drawn at once; it stays open for a whole batch. */
export const pictureLimits: Limits = {
  wallMs: 60_000,
  cpuSeconds: 24 * 3600,
  addressSpaceBytes: 4 * gib,
  fileSizeBytes: 0,
  stdoutBytes: 0,
};

/**
 * ffmpeg encoding every frame anew: twenty times the clip's length and two minutes, at most six hours of CPU; 8 MiB for each
 * second of it.
 */
export function copyLimits(durationSeconds: number): Limits {
  const cpuSeconds = Math.min(6 * 3600, Math.ceil(20 * durationSeconds) + 120);
  return {
    wallMs: 2 * cpuSeconds * second,
    cpuSeconds,
    addressSpaceBytes: 4 * gib,
    fileSizeBytes: Math.min(64 * gib, Math.ceil(durationSeconds) * 8 * mib + 64 * mib),
    stdoutBytes: 64 * mib,
  };
}

/** How much and how long one fetch may take. Defaults: `fetchBounds` of `limits.ts`. */
export interface FetchBounds {
  /** For all tracks of one item together. */
  readonly maxBytes: number;
  /** Hard end of the whole run. */
  readonly wallMs: number;
  /** Time to find the media; ends with the first byte of it. */
  readonly lookUpMs: number;
  /** Ends the run when the average over `stallMs` stays below `stallBytesPerSecond`. */
  readonly stallMs: number;
  readonly stallBytesPerSecond: number;
}
