import { readFileSync, statSync } from "node:fs";
import { companionsOf } from "../core/capture/companions.js";
import type { LeftOutFile, LeftOutWhy } from "../core/capture/left-out-files.js";
import { idInName, type ListedVideo, parseDownloadArchive } from "../core/lists/download-archive.js";
import { counted } from "../core/words/counted.js";
import { claimsFootage, type Seen } from "../tools/media/footage.js";
import { type FoundFile, startOf, walkFolder } from "./folder-walk.js";
import { below, bytesOf, type FoundPath, namesIn, shownPath, splitPath } from "./found-path.js";

/** A file to import, and what lies beside it. */
export interface FoundFootage extends FoundFile {
  /** Where each companion was found: a link, or the file itself. */
  readonly companions: readonly FoundPath[];
}

/** What to import from a folder. */
export interface FolderContents {
  /** The footage in the folder and its subfolders, sorted. */
  readonly files: readonly FoundFootage[];
  /** The videos that a yt-dlp archive in the folder lists, by id. */
  readonly listed: ReadonlyMap<string, ListedVideo>;
  /** What was seen and not taken. */
  readonly leftOut: readonly LeftOutFile[];
  /** Notes for the user, one sentence each. */
  readonly notes: readonly string[];
}

/** Says what a file is. `extension` is in lower case, without the dot. Throws where the file cannot be read. */
export type Look = (file: FoundPath, extension: string) => Promise<Seen>;

const largestArchive = 64 * 1024 * 1024;
/** The most names to print in a note; the rest are counted. */
const namesTold = 5;

/**
 * The footage in a folder and below it, each with what lies beside it, and everything else with the reason why it is not
 * taken. Notes the videos that a yt-dlp archive lists but the folder lacks. `vault` is never entered.
 */
export async function footageIn(folder: FoundPath, vault: string, look: Look): Promise<FolderContents> {
  const walk = walkFolder(folder, vault);
  const footage: FoundFile[] = [];
  const others: { readonly found: FoundFile; readonly why: LeftOutWhy }[] = [];
  const listed = new Map<string, ListedVideo>();
  for (const found of walk.files) {
    const why = await whyNotFootage(found, look);
    const archive = why === "text" ? archiveIn(found) : null;
    if (why === null) footage.push(found);
    else if (archive === null) others.push({ found, why });
    for (const video of archive ?? []) listed.set(video.id, video);
  }
  const beside = companions(footage, others);
  const taken = new Set(beside.flatMap(([, companions]) => companions));
  const here = new Set(walk.files.flatMap(idOf));
  const missing = [...listed.values()].filter(({ id }) => !here.has(id));
  return {
    files: beside.map(([found, companions]) => ({
      ...found,
      companions: companions.map(({ place }) => place),
    })),
    listed,
    leftOut: [
      ...walk.leftOut,
      ...others
        .filter(({ found }) => !taken.has(found))
        .map(({ found, why }) => ({ name: found.shown, why })),
    ],
    notes: [
      ...noted("link was followed", "links were followed", walk.followed),
      ...noted("link leads to what is taken anyway", "links lead to what is taken anyway", walk.alsoLinked),
      ...noted(
        "file or folder that a system keeps for itself was passed over",
        "files and folders that systems keep for themselves were passed over",
        walk.litter,
      ),
      ...(walk.ownVault === null ? [] : [`the vault in it was passed over: ${walk.ownVault}`]),
      ...noted(
        "video that the yt-dlp archive lists is not in the folder",
        "videos that the yt-dlp archive lists are not in the folder",
        missing.map(({ extractor, id }) => `${extractor} ${id}`),
      ),
    ],
  };
}

/** What lies beside one named file and belongs to it. */
export async function companionsBeside(place: FoundPath, look: Look): Promise<readonly FoundPath[]> {
  const { folder, name } = splitPath(place);
  const others = besideIn(folder).filter((other) => Buffer.compare(other, name) !== 0);
  const found = companionsOf(
    [name.toString("latin1")],
    others.map((other) => other.toString("latin1")),
  );
  const companions: FoundPath[] = [];
  for (const other of [...found.values()].flat()) {
    const companion = below(folder, Buffer.from(other, "latin1"));
    const file: FoundFile = { place: companion, file: companion, shown: shownPath(companion) };
    const stats = statSync(companion, { throwIfNoEntry: false });
    // What is no file is named in the record as left out.
    const why = stats?.isFile() === true ? await whyNotFootage(file, look) : "special";
    if (why !== null && (mayGoAlong(why) || why === "unreadable")) companions.push(companion);
  }
  return companions;
}

function besideIn(folder: FoundPath): readonly Buffer[] {
  try {
    return namesIn(folder);
  } catch {
    // A folder that may be passed through and not listed: the file in it can be read all the same.
    return [];
  }
}

const unfinished = /\.(?:part(?:-Frag\d+)?|ytdl|crdownload|opdownload|download|partial|aria2|!ut|!qb)$/i;

/** Why a file is not imported as footage; null if it is to be. */
async function whyNotFootage({ file, place }: FoundFile, look: Look): Promise<LeftOutWhy | null> {
  const name = shownPath(place);
  if (unfinished.test(name)) return "unfinished";
  const extension = /\.([^./]+)$/.exec(name)?.[1]?.toLowerCase() ?? "";
  const claims = claimsFootage(extension);
  try {
    if (statSync(file).size === 0) return claims ? null : "empty";
    return whyOf(await look(file, extension));
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    // What should be footage fails with its own error later, which is logged.
    return claims ? null : "unreadable";
  }
}

function whyOf(seen: Seen): LeftOutWhy | null {
  switch (seen.is) {
    case "footage":
    case "claimed":
      return null;
    case "picture":
      return "picture";
    case "text":
      return seen.what === "a web page" ? "web-page" : seen.what === "a playlist" ? "playlist" : "text";
    case "other":
      return "no-footage";
  }
}

type Other = { readonly found: FoundFile; readonly why: LeftOutWhy };

/** Each footage with the other files of its folder that belong to it. */
function companions(
  footage: readonly FoundFile[],
  others: readonly Other[],
): readonly (readonly [FoundFile, readonly FoundFile[]])[] {
  const folders = new Map<
    string,
    { readonly footage: Map<string, FoundFile>; readonly others: Map<string, FoundFile> }
  >();
  const put = (kind: "footage" | "others", found: FoundFile) => {
    const { folder, name } = splitPath(found.place);
    const key = bytesOf(folder).toString("latin1");
    const here = folders.get(key) ?? { footage: new Map(), others: new Map() };
    here[kind].set(name.toString("latin1"), found);
    folders.set(key, here);
  };
  for (const found of footage) put("footage", found);
  for (const { found, why } of others) if (mayGoAlong(why)) put("others", found);
  const beside = new Map<FoundFile, readonly FoundFile[]>();
  for (const here of folders.values()) {
    const named = companionsOf([...here.footage.keys()], [...here.others.keys()]);
    for (const [name, companions] of named) {
      const found = here.footage.get(name);
      const files = companions.flatMap((companion) => here.others.get(companion) ?? []);
      if (found) beside.set(found, files);
    }
  }
  return footage.map((found) => [found, beside.get(found) ?? []]);
}

function mayGoAlong(why: LeftOutWhy): boolean {
  return why !== "unfinished" && why !== "empty" && why !== "unreadable";
}

/** The videos that a list of yt-dlp's own names; null for any other file. */
function archiveIn({ file, place }: FoundFile): readonly ListedVideo[] | null {
  if (!/\.(txt|archive|list|log)$|\/[^./]+$/i.test(shownPath(place))) return null;
  try {
    return statSync(file).size > largestArchive ? null : parseDownloadArchive(readFileSync(file, "utf8"));
  } catch {
    return null;
  }
}

/** The video id in a file's name, or at the beginning of the metadata that yt-dlp wrote. */
function idOf({ place, file }: FoundFile): readonly string[] {
  const name = shownPath(place);
  const named = idInName(name);
  if (named !== null) return [named];
  if (!name.endsWith(".info.json")) return [];
  const id = /^\s*\{\s*"id":\s*"([^"\\]+)"/.exec(startOf(file).toString("utf8"))?.[1];
  return id === undefined ? [] : [id];
}

function noted(one: string, many: string, names: readonly string[]): readonly string[] {
  if (names.length === 0) return [];
  const more = names.length > namesTold ? ` and ${names.length - namesTold} more` : "";
  return [`${counted(names.length, one, many)}: ${names.slice(0, namesTold).join(", ")}${more}`];
}
