import { closeSync, openSync, readSync } from "node:fs";

/** A file's kind according to its first bytes. `text` is a page, a manifest or prose: never media. */
export type MediaKind = "text" | "unknown" | (typeof containers)[number]["kind"];

const containers = [
  { kind: "mp4", extensions: ["mp4", "m4v", "m4a", "m4b", "mov", "qt", "3gp", "3g2", "lrv", "360", "insv"] },
  { kind: "matroska", extensions: ["mkv", "webm", "mka", "weba"] },
  { kind: "mpeg-ts", extensions: ["ts", "mts", "m2ts", "m2t", "tod"] },
  { kind: "mpeg-ps", extensions: ["mpg", "mpeg", "vob", "mod", "m2p"] },
  { kind: "avi", extensions: ["avi", "divx"] },
  { kind: "wav", extensions: ["wav"] },
  { kind: "wave64", extensions: ["w64"] },
  { kind: "flv", extensions: ["flv", "f4v"] },
  { kind: "ogg", extensions: ["ogg", "ogv", "oga", "opus", "spx"] },
  { kind: "flac", extensions: ["flac"] },
  { kind: "asf", extensions: ["wmv", "wma", "asf"] },
  { kind: "mp3", extensions: ["mp3", "mp2"] },
  { kind: "aac", extensions: ["aac"] },
  { kind: "ac3", extensions: ["ac3", "eac3", "ec3"] },
  { kind: "amr", extensions: ["amr"] },
  { kind: "aiff", extensions: ["aiff", "aif", "aifc"] },
  { kind: "caf", extensions: ["caf"] },
  { kind: "au", extensions: ["au", "snd"] },
  { kind: "mxf", extensions: ["mxf"] },
  { kind: "dv", extensions: ["dv", "dif"] },
  { kind: "realmedia", extensions: ["rm", "rmvb", "ra"] },
  { kind: "h264", extensions: ["h264", "264", "avc"] },
  { kind: "hevc", extensions: ["h265", "265", "hevc"] },
  { kind: "mpeg-video", extensions: ["m2v", "m1v", "mpv"] },
  { kind: "mpeg4-video", extensions: ["m4e"] },
  { kind: "motion-jpeg", extensions: ["mjpg", "mjpeg"] },
  { kind: "ivf", extensions: ["ivf"] },
  { kind: "dahua", extensions: ["dav"] },
  // What Hikvision's recorders export: an MPEG program stream behind a header of their own, called .mp4.
  { kind: "hikvision", extensions: ["mp4", "mpg", "h264", "264"] },
  { kind: "gif", extensions: ["gif"] },
  { kind: "jpeg", extensions: ["jpg", "jpeg"] },
  { kind: "png", extensions: ["png", "apng"] },
  { kind: "webp", extensions: ["webp"] },
  { kind: "heif", extensions: ["heic", "heif", "hif", "avif"] },
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
export function sniffFile(path: string | Buffer): MediaKind {
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

function readHead(path: string | Buffer): Buffer {
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

/** Brands of ISO files that hold pictures (HEIC, AVIF, Canon's CR3) and no film. */
const pictureBrands = ["heic", "heix", "heim", "heis", "mif1", "mif2", "avif", "crx "];

/** What a file of this kind begins with; `?` stands for any byte. */
const beginnings: readonly (readonly [MediaKind, string])[] = [
  ["matroska", "\x1a\x45\xdf\xa3"],
  ["avi", "RIFF????AVI "],
  ["wav", "RIFF????WAVE"],
  ["webp", "RIFF????WEBP"],
  ["wave64", "riff\x2e\x91\xcf\x11"],
  ["ogg", "OggS"],
  ["flac", "fLaC"],
  ["flv", "FLV"],
  ["amr", "#!AMR"],
  ["asf", "\x30\x26\xb2\x75"],
  ["mpeg-ps", "\0\0\x01\xba"],
  ["mpeg-ps", "\0\0\x01\xb3"],
  ["mp3", "ID3"],
  ["aiff", "FORM????AIFF"],
  ["aiff", "FORM????AIFC"],
  ["caf", "caff"],
  ["au", ".snd"],
  ["mxf", "\x06\x0e\x2b\x34\x02\x05\x01\x01\x0d\x01\x02"],
  ["dv", "\x1f\x07\0"],
  ["realmedia", ".RMF"],
  ["realmedia", ".ra\xfd"],
  ["ivf", "DKIF"],
  ["dahua", "DHAV"],
  ["dahua", "DAHUA"],
  ["hikvision", "IMKH"],
  ["gif", "GIF8"],
  ["jpeg", "\xff\xd8\xff"],
  ["png", "\x89PNG\r\n\x1a\n"],
];

function containerOf(head: Buffer): MediaKind | null {
  const text = head.toString("latin1");
  const box = text.slice(4, 8);
  if (box === "ftyp" && pictureBrands.includes(text.slice(8, 12))) return "heif";
  if (mp4Boxes.includes(box)) return "mp4";
  if (isTransportStream(head)) return "mpeg-ts";
  const found = beginnings.find(([, start]) => beginsWith(text, start));
  return found?.[0] ?? rawVideo(text) ?? mpegAudio(head);
}

function beginsWith(text: string, start: string): boolean {
  return [...start].every((byte, at) => byte === "?" || text[at] === byte);
}

/**
 * Packets of 188 bytes, of 192 on the cards of camcorders, of 204 with a checksum. A recording that was cut may begin in
 * the middle of one: then more of them have to follow.
 */
function isTransportStream(head: Buffer): boolean {
  return [188, 192, 204].some((size) => {
    for (let start = 0; start < size; start += 1) {
      const begins = start === 0 || (size === 192 && start === 4);
      let count = 0;
      for (let at = start; at < head.length && head[at] === 0x47; at += size) count += 1;
      const room = Math.ceil((head.length - start) / size);
      if (count === room && count >= (begins ? 2 : 8)) return true;
    }
    return false;
  });
}

/** A stream of H.264 or H.265 without a container begins with a parameter set or a delimiter. */
function rawVideo(text: string): MediaKind | null {
  const [, unit = "", next = ""] = /^\0?\0\0\x01(.)(.)/s.exec(text) ?? [];
  if (unit === "") return null;
  if (["\x67", "\x27", "\x47"].includes(unit) || (unit === "\x09" && next !== "\0")) return "h264";
  return ["\x40", "\x46"].includes(unit) && next === "\x01" ? "hevc" : null;
}

/** The head of an MPEG audio frame; fields that no frame has tell it from padding and from text with a byte order mark. */
function mpegAudio(head: Buffer): MediaKind | null {
  const [first = 0, second = 0, third = 0] = head;
  if (first !== 0xff || (second & 0xe0) !== 0xe0) return null;
  if ((second & 0xf6) === 0xf0) return "aac";
  const [version, layer] = [(second >> 3) & 3, (second >> 1) & 3];
  const [rate, frequency] = [third >> 4, (third >> 2) & 3];
  const isFrame =
    version !== 1 && (layer === 1 || layer === 2) && rate !== 0 && rate !== 15 && frequency !== 3;
  return isFrame ? "mp3" : null;
}

function looksLikeText(head: Buffer): boolean {
  if (head.length === 0) return false;
  if (isWideText(head)) return true;
  const text = head
    .toString("utf8")
    .replace(/^\ufeff/, "")
    .trimStart();
  if (/^(<!doctype|<html|<head|<body|<\?xml|<script|<mpd|<svg|#EXTM3U|WEBVTT)/i.test(text)) return true;
  // The head may end in the middle of a character.
  return !/[\u0000-\u0008\u000e-\u001f\ufffd]/.test(text.slice(0, -1));
}

/** Text in UTF-16, as Windows writes it: a byte order mark, and no control characters behind it. */
function isWideText(head: Buffer): boolean {
  const mark = head.toString("latin1", 0, 2);
  if (mark !== "\xff\xfe" && mark !== "\xfe\xff") return false;
  const text = new TextDecoder(mark === "\xff\xfe" ? "utf-16le" : "utf-16be").decode(head);
  return !/[\u0000-\u0008\u000e-\u001f]/.test(text);
}
