import { closeSync, readFileSync, statSync } from "node:fs";
import { companionsOf } from "../core/capture/companions.js";
import type { LeftOutFile, LeftOutWhy } from "../core/capture/left-out-files.js";
import { idInName, type ListedVideo, parseDownloadArchive } from "../core/lists/download-archive.js";
import { counted } from "../core/words/counted.js";
import { claimsFootage, type Seen } from "../tools/media/footage.js";
import { openRegular } from "../tools/media/read-start.js";
import { type FoundFile, walkFolder } from "./folder-walk.js";
import { below, bytesOf, type FoundPath, isWithin, namesIn, shownPath, splitPath } from "./found-path.js";
import { keptAround, type OwnPlaces, placeOf } from "./own-places.js";
import { startOf } from "./read-start.js";

/** A file that goes along with footage: where it was found, and where its bytes lie without a link in the way. */
export type Companion = Pick<FoundFile, "place" | "file">;

/** A file to import, and what lies beside it. */
export interface FoundFootage extends FoundFile {
  readonly companions: readonly Companion[];
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
 * taken. Notes the videos that a yt-dlp archive lists but the folder lacks. `own` is never entered.
 */
export async function footageIn(folder: FoundPath, own: OwnPlaces, look: Look): Promise<FolderContents> {
  const walk = walkFolder(folder, own);
  const root = placeOf(folder);
  const footage: FoundFile[] = [];
  const others: { readonly found: FoundFile; readonly why: LeftOutWhy }[] = [];
  const listed = new Map<string, ListedVideo>();
  const lists = new Map<FoundFile, readonly ListedVideo[]>();
  for (const found of walk.files) {
    const seen = await whyNotFootage(found, look);
    const why = seen !== null && leadsOut(found, root) ? "link-outside" : seen;
    const archive = why === "text" ? archiveIn(found) : null;
    if (why === null) footage.push(found);
    // What looks like yt-dlp's list may be a note of two words: it is read as the one and kept as the other.
    else others.push({ found, why: archive === null ? why : "download-list" });
    for (const video of archive ?? []) listed.set(video.id, video);
    if (archive !== null) lists.set(found, archive);
  }
  // A link may have a clip's name where the file that it leads to has not.
  const whys = new Map(others.map(({ found, why }) => [fileKey(found), why]));
  const linked = walk.alsoLinked.flatMap((found) => {
    const why = whys.get(fileKey(found));
    return why === undefined ? [] : [{ found, why }];
  });
  const beside = companions(footage, [...others, ...linked]);
  const outside = new Set(others.filter(({ why }) => why === "link-outside").map(({ found }) => found));
  const followed = walk.followed.filter((link) => !outside.has(link));
  const taken = new Set(beside.flatMap(([, companions]) => companions.map(fileKey)));
  const here = new Set(walk.files.flatMap(idOf));
  const missing = [...listed.values()].filter(({ id }) => !here.has(id));
  // A list that names what is here is one of yt-dlp's, and was read; any other may be a note of two words.
  const isRead = (found: FoundFile) => lists.get(found)?.some(({ id }) => here.has(id)) === true;
  return {
    files: beside.map(([found, companions]) => ({ ...found, companions })),
    listed,
    leftOut: [
      ...walk.leftOut,
      ...others
        .filter(({ found }) => !taken.has(fileKey(found)) && !isRead(found))
        .map(({ found, why }) => ({ name: found.shown, why })),
    ],
    notes: [
      ...noted(
        "link was followed",
        "links were followed",
        followed.map(({ shown, file }) => `${shown} -> ${shownPath(file)}`),
      ),
      ...noted(
        "link leads to what is taken anyway",
        "links lead to what is taken anyway",
        walk.alsoLinked.map(({ shown }) => shown),
      ),
      ...noted(
        "file or folder that a system keeps for itself was passed over",
        "files and folders that systems keep for themselves were passed over",
        walk.litter,
      ),
      ...(walk.ownVault.length === 0 ? [] : [`the vault in it was passed over: ${walk.ownVault.join(", ")}`]),
      ...noted(
        "video that the yt-dlp archive lists is not in the folder",
        "videos that the yt-dlp archive lists are not in the folder",
        missing.map(({ extractor, id }) => `${extractor} ${id}`),
      ),
    ],
  };
}

function fileKey({ file }: FoundFile): string {
  return bytesOf(file).toString("latin1");
}

/** What lies beside one named file by its name. */
export interface Beside {
  readonly companions: readonly Companion[];
  readonly leftOut: readonly LeftOutFile[];
}

/** What lies beside one named file and belongs to it, and the links there that lead elsewhere. */
export async function companionsBeside(place: FoundPath, own: OwnPlaces, look: Look): Promise<Beside> {
  const { folder, name } = splitPath(place);
  const root = placeOf(folder);
  const others = besideIn(folder).filter((other) => Buffer.compare(other, name) !== 0);
  const found = companionsOf(
    [name.toString("latin1")],
    others.map((other) => other.toString("latin1")),
  );
  const companions: Companion[] = [];
  const leftOut: LeftOutFile[] = [];
  for (const bytes of [...found.values()].flat().map((other) => Buffer.from(other, "latin1"))) {
    const place = below(folder, bytes);
    const one = { place, file: placeOf(below(root, bytes)), shown: shownPath(below("/", bytes)).slice(1) };
    const link = whyNotFollowed(one, root, own);
    if (link !== null) leftOut.push({ name: one.shown, why: link });
    else if (await goesAlong(one, look)) companions.push(one);
  }
  return { companions, leftOut };
}

async function goesAlong(found: FoundFile, look: Look): Promise<boolean> {
  const stats = statSync(found.file, { throwIfNoEntry: false });
  // What is no file is named in the record as left out.
  const why = stats?.isFile() === true ? await whyNotFootage(found, look) : "special";
  return why !== null && (mayGoAlong(why) || why === "unreadable");
}

/** Why what lies beside a named file is not taken; null for a file of that folder. */
function whyNotFollowed(found: FoundFile, folder: FoundPath, own: OwnPlaces): LeftOutWhy | null {
  const around = keptAround(found.file, own);
  if (around === "own-vault" || around === "own-config") return "link-to-own";
  return isWithin(found.file, folder) ? null : "link-outside";
}

/** Whether a link leads out of the folder that was named: what a stranger pointed at is no companion. */
function leadsOut({ place, file }: FoundFile, root: FoundPath): boolean {
  return !bytesOf(place).equals(bytesOf(file)) && !isWithin(file, root);
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
  return why !== "unfinished" && why !== "empty" && why !== "unreadable" && why !== "link-outside";
}

/** The videos that a list of yt-dlp's own names; null for any other file. */
function archiveIn({ file, place }: FoundFile): readonly ListedVideo[] | null {
  if (!/\.(txt|archive|list|log)$|\/[^./]+$/i.test(shownPath(place))) return null;
  try {
    return statSync(file).size > largestArchive ? null : parseDownloadArchive(textOf(file));
  } catch {
    return null;
  }
}

function textOf(file: FoundPath): string {
  const descriptor = openRegular(file);
  try {
    return readFileSync(descriptor, "utf8");
  } finally {
    closeSync(descriptor);
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
