import { closeSync, readSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ffprobeLimits } from "../run/limits.js";
import { ffprobeReadingOptions, mediaUrl, runMedia, whyUnusable } from "./input.js";
import { type MediaKind, sniff } from "./kind.js";
import { openRegular, readStart } from "./read-start.js";

/**
 * What a file is to somebody who looks for footage. `claimed`: nothing here reads it, but its name says that it is some.
 * `other` is a closed list of words, never the file's own.
 */
export type Seen =
  | { readonly is: "footage"; readonly kind: MediaKind }
  | { readonly is: "claimed"; readonly what: string }
  | { readonly is: "picture" }
  | { readonly is: "text"; readonly what: string }
  | { readonly is: "other"; readonly what: string };

export interface LookRequest {
  /** Absolute path of ffprobe; null to take what the first bytes leave open for footage. */
  readonly ffprobe: string | null;
  /** A path that is no UTF-8 is bytes. */
  readonly file: string | Buffer;
  /** The extension of its name, in lower case and without the dot. */
  readonly extension: string;
  /** An existing folder that the user of it removes. */
  readonly scratch: string;
  readonly signal: AbortSignal;
}

/** Kinds that are pictures unless they move. */
const pictures: readonly MediaKind[] = ["gif", "jpeg", "png", "webp", "heif"];

/**
 * Decides whether a file is footage: by its first bytes, and where they say nothing by ffprobe, which sees only the
 * beginning, under a name that says nothing either. Text never is footage, whatever ffprobe takes it for, and a picture
 * only if it moves or has a film behind it. Throws where the file cannot be read.
 */
export async function lookAt(request: LookRequest): Promise<Seen> {
  const head = readStart(request.file, headBytes);
  const kind = sniff(head.subarray(0, 4096));
  if (kind === "text") return { is: "text", what: textWords(head) };
  if (pictures.includes(kind)) return lookAtPicture(kind, head, request);
  if (kind !== "unknown") return { is: "footage", kind };
  const other = otherKinds.find(([, start]) => head.toString("latin1", 0, 16).startsWith(start));
  const probed = other === undefined ? await probedKind(request, head) : null;
  if (probed !== null) return { is: "footage", kind: probed };
  if (other === undefined && request.ffprobe === null) return { is: "claimed", what: "not known yet" };
  const what = other?.[0] ?? "no video or sound that a program here can read";
  return { is: claimsFootage(request.extension) ? "claimed" : "other", what };
}

function lookAtPicture(kind: MediaKind, head: Buffer, { file, extension }: LookRequest): Seen {
  if (moves(kind, head) || hasFilmBehind(kind, file)) return { is: "footage", kind };
  if (!claimsFootage(extension)) return { is: "picture" };
  // Cameras on a network write one JPEG behind the other.
  const isRun = kind === "jpeg" && head.toString("latin1").split("\xff\xd9\xff\xd8\xff").length > 1;
  return isRun ? { is: "footage", kind: "motion-jpeg" } : { is: "claimed", what: "a picture" };
}

/** Enough for ffprobe to know a container, and little enough to copy. */
const headBytes = 1024 * 1024;

/** Footage that none of the readers here takes, so that there is neither a length nor a picture of it. */
const unread: Partial<Readonly<Record<MediaKind, string>>> = {
  realmedia: "RealMedia",
  "motion-jpeg": "Motion JPEG without a container",
  jpeg: "the film in a motion photo",
  heif: "the film in a motion photo",
  png: "animated PNG",
  webp: "animated WebP",
};

/** What holdfast cannot do with footage of this kind, in a sentence; null if it can be read. */
export function noReader(kind: MediaKind): string | null {
  const what = unread[kind];
  return what === undefined
    ? null
    : `holdfast does not read ${what}: it is kept as it is, without length and pictures`;
}

const otherKinds: readonly (readonly [string, string])[] = [
  ["a ZIP archive or an Office document", "PK\x03\x04"],
  ["a RAR archive", "Rar!"],
  ["a 7z archive", "7z\xbc\xaf\x27\x1c"],
  ["a gzip archive", "\x1f\x8b"],
  ["a PDF document", "%PDF"],
  ["a database", "SQLite format 3"],
  ["an old Office document", "\xd0\xcf\x11\xe0"],
  ["a picture", "II*\0"],
  ["a picture", "MM\0*"],
  ["a picture", "BM"],
  ["a program", "\x7fELF"],
  ["a program", "MZ"],
];

function textWords(head: Buffer): string {
  const text = head
    .toString("utf8", 0, 4096)
    .replace(/^\ufeff/, "")
    .trimStart();
  if (text.startsWith("#EXTM3U")) return "a playlist";
  if (/^(<!doctype html|<html|<head|<body|<script)/i.test(text)) return "a web page";
  return "text";
}

/** Extensions that only footage has. A picture's says nothing: most pictures do not move. */
const footageNames = new RegExp(
  `^(?:${[
    "mp4|m4v|m4a|m4b|mov|qt|3gp|3g2|lrv|360|insv|mkv|webm|mka|weba|mts|m2ts|m2t|tod|mpg|mpeg|vob|mod|avi|divx",
    "wav|w64|flv|f4v|ogg|ogv|oga|opus|spx|flac|wmv|wma|asf|mp3|aac|ac3|eac3|amr|aiff|aif|aifc|caf|au|mxf|dv|dif",
    "rm|rmvb|ra|h264|264|avc|h265|265|hevc|m2v|m1v|mpv|mjpg|mjpeg|ivf|dav|wtv|dvr-ms|ts",
  ].join("|")})$`,
);

/** Whether a name with this extension says that the file is footage. */
export function claimsFootage(extension: string): boolean {
  return footageNames.test(extension);
}

function moves(kind: MediaKind, head: Buffer): boolean {
  const text = head.toString("latin1");
  switch (kind) {
    case "gif":
      return (
        text.split(/\x21\xf9\x04.{4}\0/s).length > 2 ||
        (head.length === headBytes && text.includes("NETSCAPE2.0"))
      );
    case "png":
      return text.slice(0, Math.max(0, text.indexOf("IDAT"))).includes("acTL");
    case "webp":
      return text.slice(12, 16) === "VP8X" && ((head[20] ?? 0) & 2) !== 0;
    default:
      return false;
  }
}

const filmAhead = /\0\0\0[\x08-\x80]ftyp(?:mp4|iso|qt {2}|avc|MSNV|3gp|M4V)|MotionPhoto_Data/;

/** The largest picture that is searched for a film behind it. */
const mostBehind = 256 * headBytes;

/**
 * Whether a photograph of a phone has its film with it ("motion photo"): an MP4 behind the picture, or a box of it. Marks
 * in the metadata say less: they stay when a messenger has cut the film off.
 */
function hasFilmBehind(kind: MediaKind, file: string | Buffer): boolean {
  if (kind !== "jpeg" && kind !== "heif") return false;
  const descriptor = openRegular(file);
  try {
    return (kind === "heif" && hasBox(descriptor, "mpvd")) || finds(descriptor, filmAhead);
  } finally {
    closeSync(descriptor);
  }
}

function finds(descriptor: number, mark: RegExp): boolean {
  const block = Buffer.alloc(headBytes);
  let kept = "";
  // An ISO file begins with such a mark itself.
  for (let at = 16; at < mostBehind; ) {
    const read = readSync(descriptor, block, 0, block.length, at);
    if (read === 0) return false;
    const text = kept + block.toString("latin1", 0, read);
    if (mark.test(text)) return true;
    kept = text.slice(-32);
    at += read;
  }
  return false;
}

/** Whether one of the outermost boxes of an ISO file is of this type. */
function hasBox(descriptor: number, type: string): boolean {
  const head = Buffer.alloc(8);
  for (let at = 0, boxes = 0; boxes < 1000; boxes += 1) {
    if (readSync(descriptor, head, 0, 8, at) < 8) return false;
    if (head.toString("latin1", 4, 8) === type) return true;
    const size = head.readUInt32BE(0);
    // 0 is the rest of the file, 1 a size beyond 4 GiB: no photograph.
    if (size < 8) return false;
    at += size;
  }
  return false;
}

/** The kinds of ffmpeg's demuxers that a first look does not always know. */
const kindOfDemuxer: Readonly<Record<string, MediaKind>> = {
  mpegts: "mpeg-ts",
  mpeg: "mpeg-ps",
  mpegvideo: "mpeg-video",
  m4v: "mpeg4-video",
  h264: "h264",
  hevc: "hevc",
  dv: "dv",
  mxf: "mxf",
  dhav: "dahua",
  mp3: "mp3",
  aac: "aac",
  ac3: "ac3",
  eac3: "ac3",
  avi: "avi",
  flv: "flv",
  ogg: "ogg",
  asf: "asf",
  "matroska,webm": "matroska",
  "mov,mp4,m4a,3gp,3g2,mj2": "mp4",
};

/** At or below this, ffmpeg itself asks for more bytes before it believes its guess. */
const guess = 25;

/** The command line that asks for the container alone: no decoder is opened. */
export function containerArgv(media: string): readonly string[] {
  return [
    ...ffprobeReadingOptions,
    "-nofind_stream_info",
    "-show_entries",
    "format=format_name,probe_score",
    "-of",
    "json=compact=1",
    mediaUrl(media),
  ];
}

async function probedKind(request: LookRequest, head: Buffer): Promise<MediaKind | null> {
  if (head.length === 0 || request.ffprobe === null) return null;
  const media = join(request.scratch, "first-bytes");
  writeFileSync(media, head);
  const run = await runMedia({
    program: "ffprobe",
    path: request.ffprobe,
    argv: containerArgv(media),
    media: [media],
    scratch: request.scratch,
    limits: ffprobeLimits,
    signal: request.signal,
  });
  request.signal.throwIfAborted();
  if (whyUnusable(run) !== null) return null;
  const [, name = "", score = "0"] =
    /"format_name":\s*"([a-z0-9_,]+)",\s*"probe_score":\s*(\d+)/.exec(run.result.stdout.toString("utf8")) ??
    [];
  return Number(score) > guess ? (kindOfDemuxer[name] ?? null) : null;
}
