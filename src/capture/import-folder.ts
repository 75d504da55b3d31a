import { closeSync, lstatSync, openSync, readdirSync, readFileSync, readSync } from "node:fs";
import { join } from "node:path";
import { idInName, type ListedVideo, parseDownloadArchive } from "../core/lists/download-archive.js";
import { HoldfastError } from "../core/words/error.js";
import { sniffFile } from "../tools/media/kind.js";
import { sidecarRole } from "./sidecar-roles.js";

/** What to import from a folder. */
export interface FolderContents {
  /** Absolute paths of the media files in the folder and its subfolders, sorted. */
  readonly files: readonly string[];
  /** The videos that a yt-dlp archive in the folder lists, by id. */
  readonly listed: ReadonlyMap<string, ListedVideo>;
  /** Notes for the user, one sentence each. */
  readonly notes: readonly string[];
}

const mostFiles = 100_000;
const largestArchive = 64 * 1024 * 1024;
/** The most names to print in a note; the rest are counted. */
const namesTold = 5;

/**
 * The media files in a folder and its subfolders, without hidden files, links and unfinished downloads. Notes the videos
 * that a yt-dlp archive lists but the folder lacks. Throws `usage` for a folder with more files than anyone can intend.
 */
export function mediaIn(folder: string): FolderContents {
  const all = filesBelow(folder);
  const unfinished = all.filter((path) => /\.(part(-Frag\d+)?|ytdl)$/.test(path));
  const listed = new Map(all.flatMap(archiveIn).map((video) => [video.id, video]));
  const here = new Set(all.flatMap(idOf));
  const missing = [...listed.values()].filter(({ id }) => !here.has(id));
  return {
    files: all.filter(
      (path) => !unfinished.includes(path) && sidecarRole(path) === null && looksLikeMedia(path),
    ),
    listed,
    notes: [
      ...noted(
        "unfinished downloads were left out",
        unfinished.map((path) => path.slice(folder.length + 1)),
      ),
      ...noted(
        "videos that the yt-dlp archive lists are not in the folder",
        missing.map(({ extractor, id }) => `${extractor} ${id}`),
      ),
    ],
  };
}

function filesBelow(folder: string): readonly string[] {
  const found: string[] = [];
  const open = [folder];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const entries = readdirSync(next, { withFileTypes: true }).filter(({ name }) => !name.startsWith("."));
    for (const entry of entries) {
      if (entry.isDirectory()) open.push(join(next, entry.name));
      else if (entry.isFile()) found.push(join(next, entry.name));
    }
    if (found.length > mostFiles) {
      const hint = "import its subfolders one by one";
      throw new HoldfastError(
        "usage",
        `importing ${folder}: the folder holds more than ${mostFiles} files`,
        hint,
      );
    }
  }
  return found.sort();
}

function looksLikeMedia(file: string): boolean {
  try {
    return !["text", "unknown"].includes(sniffFile(file));
  } catch {
    // A file that cannot be read here fails with its own error later.
    return true;
  }
}

function archiveIn(path: string): readonly ListedVideo[] {
  if (!/\.(txt|archive|list|log)$|\/[^./]+$/i.test(path) || lstatSync(path).size > largestArchive) return [];
  try {
    return parseDownloadArchive(readFileSync(path, "utf8")) ?? [];
  } catch {
    return [];
  }
}

/** The video id in a file's name, or at the beginning of the metadata that yt-dlp wrote. */
function idOf(path: string): readonly string[] {
  const named = idInName(path);
  if (named !== null) return [named];
  if (!path.endsWith(".info.json")) return [];
  const id = /^\s*\{\s*"id":\s*"([^"\\]+)"/.exec(headOf(path))?.[1];
  return id === undefined ? [] : [id];
}

function headOf(path: string): string {
  try {
    const file = openSync(path, "r");
    try {
      const head = Buffer.alloc(4096);
      return head.toString("utf8", 0, readSync(file, head, 0, head.length, 0));
    } finally {
      closeSync(file);
    }
  } catch {
    return "";
  }
}

function noted(what: string, names: readonly string[]): readonly string[] {
  if (names.length === 0) return [];
  const more = names.length > namesTold ? ` and ${names.length - namesTold} more` : "";
  return [`${names.length} ${what}: ${names.slice(0, namesTold).join(", ")}${more}`];
}
