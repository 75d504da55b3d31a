import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { textKindOf } from "../media/kind.js";
import type { FetchedFile, FetchedSidecar } from "./fetch-types.js";
import { listName, mediaName, thumbnailName } from "./yt-dlp-args.js";

/** One media file of the downloader and its segments. */
export interface ReceivedMedia extends FetchedFile {
  /** The downloader's name for it, without `.part`. */
  readonly name: string;
  /** Whether it was left unfinished, as `.part`. */
  readonly unfinished: boolean;
  /** Finished segments in order; empty if the track arrived as one file. */
  readonly segments: readonly FetchedFile[];
}

/** Everything a download left in its folder. */
export interface Received {
  readonly media: readonly ReceivedMedia[];
  readonly infoJson: FetchedFile | null;
  readonly listJson: FetchedFile | null;
  readonly pages: readonly FetchedSidecar[];
  readonly subtitles: readonly FetchedSidecar[];
  readonly thumbnails: readonly FetchedSidecar[];
  /** Whether the downloader left files of an unfinished download (`.part`, `.ytdl`). */
  readonly leftovers: boolean;
}

interface Listed extends FetchedFile {
  readonly name: string;
  readonly writtenAt: bigint;
}

const subtitleExtensions = [
  "vtt",
  "srt",
  "ass",
  "ssa",
  "ttml",
  "dfxp",
  "lrc",
  "sbv",
  "scc",
  "srv1",
  "srv2",
  "srv3",
  "json3",
  "json",
];

/**
 * Sorts the files that a download left in `folder`. Only plain files with a single name count; a link, a pipe or a folder
 * is not evidence, whoever put it there (SECURITY §1.9). `pictures` has the names
 * under which yt-dlp wrote preview pictures: it moves them away from the clip's name once the clip is there.
 */
export function readReceived(folder: string, pictures: ReadonlySet<string>): Received {
  const files = listFiles(folder);
  const named = (name: string) => files.filter((file) => file.name === name).map(plainFile)[0] ?? null;
  const pages = files.filter((file) => file.name.endsWith(".dump")).sort(byTime);
  const own = files.filter((file) => file.name.startsWith(`${mediaName}.`));
  const subtitles = own.filter((file) => isSubtitle(file.name));
  const thumbnails = files.filter((file) => file.name.startsWith(`${thumbnailName}.`) && file.bytes > 0);
  const tracks = own.filter(({ name }) => !isSubtitle(name) && !isState(name) && !pictures.has(name));
  return {
    media: readMedia(tracks),
    infoJson: named(`${mediaName}.info.json`),
    listJson: named(`${listName}.info.json`),
    pages: pages.map(toPage),
    subtitles: subtitles.filter((file) => !file.name.endsWith(".part")).map(toSubtitle),
    thumbnails: thumbnails.map(toThumbnail),
    leftovers: own.some((file) => /\.(part|ytdl)$/.test(file.name)),
  };
}

function listFiles(folder: string): Listed[] {
  const files: Listed[] = [];
  for (const name of readdirSync(folder).sort()) {
    const path = join(folder, name);
    const stat = lstatSync(path, { bigint: true });
    if (!stat.isFile() || stat.nlink !== 1n) continue;
    files.push({ name, path, bytes: Number(stat.size), writtenAt: stat.mtimeNs });
  }
  return files;
}

function plainFile({ path, bytes }: Listed): FetchedFile {
  return { path, bytes };
}

function byTime(a: Listed, b: Listed): number {
  if (a.writtenAt === b.writtenAt) return a.name < b.name ? -1 : 1;
  return a.writtenAt < b.writtenAt ? -1 : 1;
}

function isState(name: string): boolean {
  return name === `${mediaName}.info.json` || /\.ytdl$|\.part-Frag\d+\.part$/.test(name);
}

/** Whether a file of the downloader's folder is a subtitle, by its ending. */
export function isSubtitle(name: string): boolean {
  if (name === `${mediaName}.info.json`) return false;
  const extension = /\.([^.]+?)(\.part)?$/.exec(name)?.[1] ?? "";
  return subtitleExtensions.includes(extension.toLowerCase());
}

function readMedia(files: readonly Listed[]): ReceivedMedia[] {
  const segments = new Map<string, { readonly index: number; readonly file: Listed }[]>();
  for (const file of files) {
    const [, owner, index] = /^(.*)\.part-Frag(\d+)$/.exec(file.name) ?? [];
    if (owner === undefined) continue;
    const known = segments.get(owner) ?? [];
    known.push({ index: Number(index), file });
    segments.set(owner, known);
  }
  const joined = files.filter((file) => !/\.part-Frag\d+$/.test(file.name));
  return joined.map((file) => {
    const name = file.name.replace(/\.part$/, "");
    const pieces = (segments.get(name) ?? []).sort((a, b) => a.index - b.index);
    return {
      name,
      path: file.path,
      bytes: file.bytes,
      unfinished: file.name !== name,
      segments: pieces.map((piece) => plainFile(piece.file)),
    };
  });
}

const pageKinds = {
  hls: { extension: "m3u8", role: "manifest" },
  dash: { extension: "mpd", role: "manifest" },
  json: { extension: "json", role: "sidecar" },
  xml: { extension: "xml", role: "sidecar" },
  page: { extension: "html", role: "html_source" },
} as const;

function toPage(file: Listed, index: number): FetchedSidecar {
  const { extension, role } = pageKinds[textKindOf(file.path)];
  return { path: file.path, bytes: file.bytes, name: `page-${index + 1}.${extension}`, role };
}

function toSubtitle(file: Listed, index: number): FetchedSidecar {
  const claimed = /\.([^.]+?)(\.part)?$/.exec(file.name)?.[1]?.toLowerCase() ?? "";
  // The server controls the language in the name; only characters that BCP 47 allows are kept.
  const language = /^media\.([A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,2})\.[^.]+$/.exec(file.name)?.[1];
  const name = `subtitle-${index + 1}${language === undefined ? "" : `.${language}`}.${claimed}`;
  return { path: file.path, bytes: file.bytes, name, role: "subtitle" };
}

function toThumbnail(file: Listed, index: number): FetchedSidecar {
  // The server controls the ending, which yt-dlp takes from the picture's address.
  const claimed = /\.([a-z0-9]{1,5})$/.exec(file.name.toLowerCase())?.[1] ?? "bin";
  const name = `${thumbnailName}${index === 0 ? "" : `-${index + 1}`}.${claimed}`;
  return { path: file.path, bytes: file.bytes, name, role: "thumbnail" };
}
