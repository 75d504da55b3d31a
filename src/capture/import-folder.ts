import { closeSync, lstatSync, openSync, readdirSync, readFileSync, readSync } from "node:fs";
import { join } from "node:path";
import { idInName, type ListedVideo, parseDownloadArchive } from "../core/lists/download-archive.js";
import { HoldfastError } from "../core/words/error.js";
import { sniffFile } from "../tools/media/kind.js";
import { sidecarRole } from "./sidecar-roles.js";

/** What is to be imported of a folder. */
export interface FolderContents {
  /** Absolute paths of the media files in it and below it, in order. */
  readonly files: readonly string[];
  /** What a yt-dlp archive in it lists, by id. */
  readonly listed: ReadonlyMap<string, ListedVideo>;
  /** What a person should know, one sentence each. */
  readonly notes: readonly string[];
}

const mostFiles = 100_000;
const largestArchive = 64 * 1024 * 1024;
/** Names that are told in a note; the rest is counted. */
const namesTold = 5;

/**
 * The media files in a folder and below it. Hidden ones, links and unfinished downloads are passed over; what a yt-dlp
 * archive lists and is not here is noted. Throws `usage` for a folder that holds more files than can be meant.
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
      const hint = "name the folders inside it one by one";
      throw new HoldfastError("usage", `importing ${folder}: it holds more than ${mostFiles} files`, hint);
    }
  }
  return found.sort();
}

function looksLikeMedia(file: string): boolean {
  try {
    return !["text", "unknown"].includes(sniffFile(file));
  } catch {
    // Whatever cannot be looked at fails by itself when its turn comes.
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

/** The id that a file is known by: in its name, or, as yt-dlp writes it, at the beginning of its metadata. */
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
