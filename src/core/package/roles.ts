import type { DerivedFile, FileRole } from "../capture/record.js";
import type { CaptureFacts, PackagedFile } from "./facts.js";

/** Where a file of a package comes from. */
export type FileGroup = "received" | "page" | "derived" | "annex";

/** A file of one capture with its description. */
export interface DescribedFile extends PackagedFile {
  /** Relative to the capture's folder, such as `original/track-1.mp4`. */
  readonly logicalPath: string;
  readonly group: FileGroup;
  /** Its description, in a few words. */
  readonly role: string;
  /** False for a redacted copy or a list made by holdfast; null if the record does not say. */
  readonly asReceived: boolean | null;
}

const received: Readonly<Record<FileRole, string>> = {
  media_track: "media track",
  media_segment: "media segment",
  segment_map: "list of the media segments",
  info_json: "the platform's data about the clip",
  html_source: "source code of the page",
  manifest: "list of streams from the server",
  thumbnail: "preview picture from the platform",
  subtitle: "subtitles",
  comments: "comments",
  sidecar: "file that came with the clip",
  page_view: "picture of the page as it came into view",
  page_tile: "picture of a part of the whole page",
  page_mhtml: "the page in one file",
  page_dom: "document of the page as its scripts left it",
  page_warc: "requests and answers of the page",
  page_record: "record of the page",
};

const derived: Readonly<Record<DerivedFile["kind"], string>> = {
  ffprobe: "streams and format, read with ffprobe",
  exiftool: "metadata of the file, read with ExifTool",
  content_credentials: "Content Credentials found in the file",
  stream_hashes: "digests of the streams",
  keyframe: "keyframe",
  contact_sheet: "contact sheet",
  playable: "playable copy",
  derivation: "record of how these files were made",
};

/** The files of a capture with what each of them is by the record and the derivation. */
export function describedFiles({
  id,
  record,
  derivation,
  pages,
  files,
}: CaptureFacts): readonly DescribedFile[] {
  const ofPages = pages.flatMap((page) => page.files);
  const roles = new Map([
    ...ofPages.map(({ path, kind }) => [path, received[kind]] as const),
    ...record.files.map(({ path, role }) => [path, received[role]] as const),
  ]);
  const kinds = new Map(derivation?.files.map(({ path, kind }) => [path, derived[kind]]) ?? []);
  const asReceived = new Map([...ofPages, ...record.files].map((file) => [file.path, file.as_received]));
  const ofCapture = new Set(record.files.map(({ path }) => path));
  return files.map((file) => {
    const logicalPath = file.path.startsWith(`${id}/`) ? file.path.slice(id.length + 1) : file.path;
    const role = roles.get(logicalPath) ?? kinds.get(logicalPath) ?? ownRole(logicalPath);
    return {
      ...file,
      logicalPath,
      group: ofCapture.has(logicalPath) ? "received" : groupOf(logicalPath),
      role,
      asReceived: asReceived.get(logicalPath) ?? null,
    };
  });
}

function groupOf(logicalPath: string): FileGroup {
  if (logicalPath.startsWith("page/")) return "page";
  if (logicalPath.startsWith("derived/")) return "derived";
  return logicalPath.startsWith("annex/") ? "annex" : "received";
}

function ownRole(logicalPath: string): string {
  if (logicalPath === "record.json") return "record of the capture";
  if (/^page\/v\d+\/page\.json$/.test(logicalPath)) return received.page_record;
  if (logicalPath === "derived/derivation.json") return derived.derivation;
  return logicalPath.startsWith("annex/") ? "private annex" : "file";
}

const mediaTypes: Readonly<Record<string, string>> = {
  "3gp": "video/3gpp",
  aac: "audio/aac",
  avi: "video/vnd.avi",
  flac: "audio/flac",
  flv: "video/x-flv",
  gif: "image/gif",
  gz: "application/gzip",
  html: "text/html",
  jpg: "image/jpeg",
  json: "application/json",
  m3u8: "application/vnd.apple.mpegurl",
  m4a: "audio/mp4",
  m4v: "video/mp4",
  mhtml: "multipart/related",
  mkv: "video/matroska",
  mov: "video/quicktime",
  mp3: "audio/mpeg",
  mp4: "video/mp4",
  mpd: "application/dash+xml",
  mpg: "video/mpeg",
  ogg: "audio/ogg",
  opus: "audio/ogg",
  png: "image/png",
  srt: "application/x-subrip",
  ts: "video/mp2t",
  txt: "text/plain",
  vtt: "text/vtt",
  wav: "audio/vnd.wave",
  webm: "video/webm",
  webp: "image/webp",
  xml: "application/xml",
};

/** The media type that the extension of a name stands for; nobody looked into the file. */
export function mediaType(path: string): string {
  const extension = /\.([A-Za-z0-9]+)$/.exec(path)?.[1]?.toLowerCase() ?? "";
  return Object.hasOwn(mediaTypes, extension)
    ? (mediaTypes[extension] ?? "application/octet-stream")
    : "application/octet-stream";
}
