import { closeSync, openSync, readSync } from "node:fs";

/** A file's kind according to its first bytes. `text` is a page, a manifest or prose: never media. */
export type MediaKind = "text" | "unknown" | (typeof containers)[number]["kind"];

const containers = [
  { kind: "mp4", extensions: ["mp4", "m4v", "m4a", "mov", "3gp", "3g2"] },
  { kind: "matroska", extensions: ["mkv", "webm", "mka", "weba"] },
  { kind: "mpeg-ts", extensions: ["ts"] },
  { kind: "mpeg-ps", extensions: ["mpg", "mpeg", "vob"] },
  { kind: "avi", extensions: ["avi"] },
  { kind: "wav", extensions: ["wav"] },
  { kind: "flv", extensions: ["flv"] },
  { kind: "ogg", extensions: ["ogg", "ogv", "oga", "opus"] },
  { kind: "flac", extensions: ["flac"] },
  { kind: "asf", extensions: ["wmv", "wma", "asf"] },
  { kind: "mp3", extensions: ["mp3"] },
  { kind: "aac", extensions: ["aac"] },
  { kind: "amr", extensions: ["amr"] },
] as const;

/**
 * A track's extension in the record: the downloader's if it fits the bytes, else the usual one for their kind, else
 * `bin`. No text from a server reaches a name (SECURITY YT-07).
 */
export function trackExtension(kind: MediaKind, claimed: string): string {
  const container = containers.find((one) => one.kind === kind);
  if (container === undefined) return "bin";
  const allowed: readonly string[] = container.extensions;
  return allowed.includes(claimed) ? claimed : (allowed[0] ?? "bin");
}

/** Whether this is an extension of media files (lower case, without the dot). */
export function isMediaExtension(extension: string): boolean {
  return containers.some(({ extensions }) => extensions.some((one) => one === extension));
}

const headLength = 4096;

/** Determines the kind of the file at `path` from its first bytes. */
export function sniffFile(path: string): MediaKind {
  return sniff(readHead(path));
}

/** The kind of text that the extractor read. Anything that is neither a manifest nor data counts as a page. */
export function textKindOf(path: string): TextKind {
  return textKindIn(readHead(path).toString("utf8"));
}

export type TextKind = "hls" | "dash" | "json" | "xml" | "page";

/** The kind of a text, from its beginning, which the server controls. */
export function textKindIn(head: string): TextKind {
  const text = head.replace(/^\ufeff/, "").trimStart();
  if (text.startsWith("#EXTM3U")) return "hls";
  if (/^<MPD[\s>]/.test(text.slice(startOfXml(text)))) return "dash";
  if (/^[{[]/.test(text)) return "json";
  return text.startsWith("<?xml") && !/<html[\s>]/i.test(text) ? "xml" : "page";
}

/** Where the first element of an XML text begins, after its declaration and comments, in linear time. */
function startOfXml(text: string): number {
  const between = /<!--[\s\S]*?-->\s*/y;
  between.lastIndex = /^<\?xml[^>]*>\s*/.exec(text)?.[0].length ?? 0;
  let start = between.lastIndex;
  while (between.test(text)) start = between.lastIndex;
  return start;
}

function readHead(path: string): Buffer {
  const head = Buffer.alloc(headLength);
  const file = openSync(path, "r");
  try {
    return head.subarray(0, readSync(file, head, 0, headLength, 0));
  } finally {
    closeSync(file);
  }
}

/** Determines a file's kind from its first bytes, at most 4,096. */
export function sniff(head: Buffer): MediaKind {
  return containerOf(head) ?? (looksLikeText(head) ? "text" : "unknown");
}

const mp4Boxes = ["ftyp", "styp", "moov", "moof", "mdat", "sidx", "free", "skip", "wide", "pnot"];

function containerOf(head: Buffer): MediaKind | null {
  const ascii = (start: number, end: number) => head.toString("latin1", start, end);
  if (mp4Boxes.includes(ascii(4, 8))) return "mp4";
  if (head.length >= 4 && head.readUInt32BE(0) === 0x1a45dfa3) return "matroska";
  if (isTransportStream(head)) return "mpeg-ts";
  if (ascii(0, 4) === "RIFF" && ascii(8, 12) === "AVI ") return "avi";
  if (ascii(0, 4) === "RIFF" && ascii(8, 12) === "WAVE") return "wav";
  if (ascii(0, 4) === "OggS") return "ogg";
  if (ascii(0, 4) === "fLaC") return "flac";
  if (ascii(0, 3) === "FLV") return "flv";
  if (ascii(0, 5) === "#!AMR") return "amr";
  if (ascii(0, 4) === "\x30\x26\xb2\x75") return "asf";
  if (["\0\0\x01\xba", "\0\0\x01\xb3"].includes(ascii(0, 4))) return "mpeg-ps";
  if (ascii(0, 3) === "ID3") return "mp3";
  return mpegAudio(head);
}

function isTransportStream(head: Buffer): boolean {
  const packets = [0, 188, 376].filter((at) => at < head.length);
  return packets.length > 1 && packets.every((at) => head[at] === 0x47);
}

function mpegAudio(head: Buffer): MediaKind | null {
  const [first = 0, second = 0] = head;
  if (first !== 0xff || (second & 0xe0) !== 0xe0) return null;
  return (second & 0x06) === 0 ? "aac" : "mp3";
}

function looksLikeText(head: Buffer): boolean {
  if (head.length === 0) return false;
  const text = head
    .toString("utf8")
    .replace(/^\ufeff/, "")
    .trimStart();
  if (/^(<!doctype|<html|<head|<body|<\?xml|<script|<mpd|<svg|#EXTM3U|WEBVTT)/i.test(text)) return true;
  // The head may end in the middle of a character.
  return !/[\u0000-\u0008\u000e-\u001f\ufffd]/.test(text.slice(0, -1));
}
