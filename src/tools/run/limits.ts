import type { Limits } from "./run-request.js";

const kib = 1024;
const mib = 1024 * kib;
const gib = 1024 * mib;
const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;

/** The largest info.json to read; a larger one counts as absent. */
export const maxInfoJsonBytes = 64 * mib;

/** A preview picture of this size is none. */
export const maxThumbnailBytes = 32 * mib;

/** The default limits of one download (SECURITY §4). */
export const fetchBounds: FetchBounds = {
  maxBytes: 4 * gib,
  wallMs: 6 * hour,
  lookUpMs: 2 * minute,
  stallMs: 2 * minute,
  stallBytesPerSecond: 10 * kib,
};

/** Comments come in many pages, so finding the media may take this many times longer. */
export const commentPatience = 5;

/** For a yt-dlp download. A 1 MB gzip page grew to 3 GiB (B-13); only the file size limit ends an endless body (B-15). */
export function ytDlpLimits(bounds: FetchBounds): Limits {
  return {
    wallMs: bounds.wallMs,
    // Python needs about one CPU second for every 20 MiB over TLS, and more for encrypted segments.
    cpuSeconds: 600 + Math.ceil(bounds.maxBytes / (8 * mib)),
    addressSpaceBytes: 2 * gib,
    // The limit also applies to info.json, which may be larger than a very small `maxBytes`.
    fileSizeBytes: Math.max(bounds.maxBytes, maxInfoJsonBytes),
    // Read as it arrives and not collected: the headers of every request and one progress line per second.
    stdoutBytes: 256 * mib,
  };
}

/** For the interpreter that keeps yt-dlp loaded. Each forked child sets the lower limits of its own run. */
export const keptYtDlpLimits: Limits = {
  wallMs: Number.MAX_SAFE_INTEGER,
  cpuSeconds: 30 * 24 * 3600,
  addressSpaceBytes: 2 * gib,
  fileSizeBytes: 2 ** 50,
  stdoutBytes: Number.MAX_SAFE_INTEGER,
};

/** For yt-dlp listing a playlist or channel: no media, one JSON object on stdout. */
export const ytDlpListLimits: Limits = {
  wallMs: 10 * minute,
  cpuSeconds: 600,
  addressSpaceBytes: 2 * gib,
  fileSizeBytes: maxInfoJsonBytes,
  stdoutBytes: maxInfoJsonBytes,
};

/** For asking a program for its version. */
export const versionLimits: Limits = {
  wallMs: 30 * second,
  cpuSeconds: 20,
  addressSpaceBytes: 2 * gib,
  fileSizeBytes: mib,
  stdoutBytes: mib,
};

/** For ffprobe reading a container: without a limit, a 14 KB file took 13.9 GiB (B-01). */
export const ffprobeLimits: Limits = {
  wallMs: minute,
  cpuSeconds: 30,
  addressSpaceBytes: 2 * gib,
  fileSizeBytes: 64 * mib,
  stdoutBytes: 64 * mib,
};

/** For ffmpeg picking keyframes (B-12). */
const keyframeLimits: Limits = {
  wallMs: 10 * minute,
  cpuSeconds: 300,
  addressSpaceBytes: 2 * gib,
  fileSizeBytes: 512 * mib,
  stdoutBytes: 64 * mib,
};

/** For ffmpeg reading every packet of a track of `bytes` bytes without decoding: stream hashes and the playable copy. */
export function remuxLimits(bytes: number): Limits {
  return { ...keyframeLimits, wallMs: hour, fileSizeBytes: 2 * bytes + 64 * mib };
}

/** For ffmpeg decoding everything: four times the clip's length plus a minute, at most an hour of CPU time. */
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

/** For the process that draws pictures. It draws a few frames at once, 100 MB each at 8K, and runs for a whole batch. */
export const pictureLimits: Limits = {
  wallMs: 60_000,
  cpuSeconds: 24 * 3600,
  addressSpaceBytes: 4 * gib,
  fileSizeBytes: 0,
  stdoutBytes: 0,
};

/**
 * For ffmpeg re-encoding every frame: twenty times the clip's length plus two minutes, at most six hours of CPU time; 8 MiB
 * of output per second of the clip.
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

/** The size and time limits of one fetch. Defaults: `fetchBounds`. */
export interface FetchBounds {
  /** For all tracks of one item in total. */
  readonly maxBytes: number;
  /** Hard limit for the whole run. */
  readonly wallMs: number;
  /** Time to find the media; ends with its first byte. */
  readonly lookUpMs: number;
  /** Ends the run if the average speed over `stallMs` stays below `stallBytesPerSecond`. */
  readonly stallMs: number;
  readonly stallBytesPerSecond: number;
}
