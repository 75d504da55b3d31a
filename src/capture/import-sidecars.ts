import { createWriteStream, readFileSync, type Stats, statSync } from "node:fs";
import { open } from "node:fs/promises";
import { basename, extname, join, sep } from "node:path";
import { pipeline } from "node:stream/promises";
import type { Failure } from "../core/capture/failure-codes.js";
import type { FileRole, SourceFacts } from "../core/capture/record.js";
import type { ListedVideo } from "../core/lists/download-archive.js";
import type { LocalPlace } from "../core/words/local-paths.js";
import { wellFormed } from "../core/words/printable.js";
import { maxInfoJsonBytes } from "../tools/run/limits.js";
import { type WithoutNames, withoutNames } from "./companion-names.js";
import { withoutLinks } from "./earlier-import.js";
import { concernsAll, storageFailure, unforeseenFailure } from "./failed-capture.js";
import { type FoundPath, shownPath } from "./found-path.js";
import { type Evidence, joinEvidence, takeInfoJson } from "./gather-evidence.js";
import { type StagingArea, writeOwn } from "./hash-received.js";
import type { Companion, FoundFootage } from "./import-folder.js";
import { filePlaces, type NameInRecord, namesToHide, wholeName } from "./import-names.js";
import { sidecarRole } from "./sidecar-roles.js";
import { type HashedFile, hashFile } from "./store-capture.js";

/** Where the copies for one import are made. */
export type ImportArea = StagingArea & {
  readonly signal: AbortSignal;
  readonly places: readonly LocalPlace[];
  readonly nameInRecord: NameInRecord;
};

/**
 * Copies a regular file in blocks, so that other work continues and an abort can end it; then throws the signal's reason.
 * The path is one without links: a link that was put in its place meanwhile is not followed, and no pipe is waited for.
 */
export async function copyInBlocks(from: FoundPath, to: string, signal: AbortSignal): Promise<void> {
  const blocks = { highWaterMark: 1024 * 1024 };
  const handle = await open(from, withoutLinks);
  if (!(await handle.stat()).isFile()) {
    await handle.close();
    throw new Error("it is not a regular file");
  }
  // The stream closes the handle.
  await pipeline(handle.createReadStream(blocks), createWriteStream(to, { ...blocks, flags: "wx" }), {
    signal,
  });
}

/** A file on disk with what lies beside it. */
export type FileToImport = Pick<FoundFootage, "place" | "file" | "companions">;

/**
 * Takes in the hashed copy of a media file and the files beside it that belong to it. One that is not regular, too large or
 * unreadable is left out with a warning; the media is imported all the same.
 */
export async function takeImported(
  found: FileToImport,
  media: HashedFile,
  listed: ListedVideo | null,
  area: ImportArea,
): Promise<Evidence> {
  const parts: Partial<Evidence>[] = [{ files: [media] }];
  const beside = found.companions.flatMap(({ place, file }) => [place, file]);
  const names = namesToHide([found.place, found.file, ...beside], area.nameInRecord);
  const info = found.companions.find(({ place }) => shownPath(place).endsWith(".info.json"));
  if (info !== undefined) parts.push(await guarded(info, area, takeInfo));
  for (const [index, companion] of found.companions.filter((one) => one !== info).entries()) {
    const take = (from: Companion) => takeSidecar(from, index + 1, names, area);
    parts.push(await guarded(companion, area, take));
  }
  const stated = parts.find((part) => part.source !== undefined)?.source;
  const title = area.nameInRecord === wholeName ? media.receivedAs : null;
  const source = stated ?? (await takeInfoJson(null, area)).source;
  return joinEvidence(withListed(importedClaims(source, title), listed), parts);
}

/** Fills in claims from the file's name and a yt-dlp archive beside it, if no metadata makes them. */
function withListed(claims: SourceFacts, listed: ListedVideo | null): SourceFacts {
  if (listed === null || claims.platform_item_id !== null) return claims;
  const claim = (value: string) => ({
    value,
    basis: "file_claim" as const,
    from: "the name of the imported file and a yt-dlp archive beside it",
  });
  return { ...claims, extractor: claim(listed.extractor), platform_item_id: claim(listed.id) };
}

async function guarded(
  companion: Companion,
  area: ImportArea,
  take: (companion: Companion, area: ImportArea, found: Stats) => Promise<Partial<Evidence>>,
): Promise<Partial<Evidence>> {
  const name = area.nameInRecord(basename(shownPath(companion.place)));
  try {
    const found = statSync(companion.file);
    if (!found.isFile())
      return { warnings: [`${name} beside the file was left out: it is not a regular file`] };
    return await take(companion, area, found);
  } catch (error) {
    if (area.signal.aborted || concernsAll(error) || storageFailure(error) !== null) throw error;
    const { place, file } = companion;
    const places = [...[place, file].flatMap((path) => filePlaces(path, area.nameInRecord)), ...area.places];
    const { reason } = unforeseenFailure(error, "cut-short", "copying it", places);
    return { warnings: [`${name} beside the file was left out: ${reason}`] };
  }
}

async function takeInfo({ file }: Companion, area: ImportArea, found: Stats): Promise<Evidence> {
  if (found.size > maxInfoJsonBytes) return takeInfoJson({ path: shownPath(file), bytes: found.size }, area);
  const copy = join(area.folder, "media.info.json");
  await copyInBlocks(file, copy, area.signal);
  return takeInfoJson({ path: copy, bytes: found.size }, area);
}

async function takeSidecar(
  { place, file }: Companion,
  number: number,
  names: readonly string[],
  area: ImportArea,
): Promise<Partial<Evidence>> {
  const name = basename(shownPath(place));
  const known = sidecarRole(name);
  const role = known ?? "sidecar";
  const as = {
    // An ending that nobody knows could be part of a name.
    logicalPath: `source/${role}-${number}${known === null ? ".bin" : extname(name).toLowerCase()}`,
    role,
    receivedAs: wellFormed(name),
    asReceived: true,
  };
  const copy = join(area.folder, `sidecar-${number}`);
  await copyInBlocks(file, copy, area.signal);
  const left = leftOf(copy, role, names);
  if (left.leaves === "as-it-is") return { files: [await hashFile(copy, as, area.now, area.signal)] };
  const raw = { path: copy, name: basename(as.logicalPath) };
  if (left.leaves === "nothing") {
    const why = "it may say the file's name, which cannot be cut from it";
    return {
      raw: [{ ...raw, receivedAs: as.receivedAs }],
      warnings: [`${area.nameInRecord(name)} beside the file is in the private annex alone: ${why}`],
    };
  }
  const own = await writeOwn(area, as.logicalPath, role, left.bytes);
  return {
    files: [{ ...own, receivedAs: as.receivedAs }],
    redactions: [{ path: as.logicalPath, raw_sha256: null, cut: left.cut }],
    raw: [raw],
  };
}

/** What is searched for names; a longer text is no note beside a clip, and a longer picture no thumbnail. */
const longestSearched = 16 * 1024 * 1024;

function leftOf(copy: string, role: FileRole, names: readonly string[]): WithoutNames {
  if (statSync(copy).size > longestSearched) return { leaves: "nothing" };
  return withoutNames(readFileSync(copy), names, role === "thumbnail");
}

/** A metadata file beside an imported file makes claims of its own: holdfast did not see the platform make them. */
function importedClaims(source: SourceFacts, fileName: string | null): SourceFacts {
  const entries = Object.entries(source).map(([key, claim]) => [
    key,
    claim === null ? null : { ...claim, basis: "file_claim", from: `${claim.from} beside the imported file` },
  ]);
  const claims: SourceFacts = { ...source, ...Object.fromEntries(entries) };
  if (claims.title !== null || fileName === null) return claims;
  return { ...claims, title: { value: fileName, basis: "file_claim", from: "name of the imported file" } };
}

/** Why a path cannot be imported, or null. Follows links. */
export function refuseFile(file: FoundPath): Failure | null {
  const found = statSync(file, { throwIfNoEntry: false });
  if (!found) return noSuchFile;
  if (found.isDirectory()) return nothingInside;
  if (!found.isFile())
    return {
      code: "not-media",
      reason: "it is not a regular file",
      hint: "give the path of a file",
      retry: false,
    };
  if (found.size > 0) return null;
  return { code: "empty", reason: "the file is empty", hint: "copy it from its source again", retry: false };
}

const nothingInside: Failure = {
  code: "not-media",
  reason: "the folder contains no video or sound",
  hint: "give the folder that contains the media files",
  retry: false,
};

const noSuchFile: Failure = {
  code: "not-found",
  reason: "the file does not exist",
  hint: "check the path",
  retry: false,
};

export const changedWhileRead: Failure = {
  code: "cut-short",
  reason: "the file changed while it was read",
  hint: "wait until no program writes to it, then import it again",
  retry: true,
};

/** Turns an error into one file's failure. Its text must not name `places`, the file among them. */
export function importFailure(error: unknown, places: readonly LocalPlace[]): Failure {
  const storage = storageFailure(error);
  if (storage !== null) return storage;
  if (error instanceof Error && error.message === "it changed while it was read") return changedWhileRead;
  const code = error instanceof Error && "code" in error ? error.code : null;
  if (code === "ENOENT") return noSuchFile;
  if ((code === "EACCES" || code === "EPERM") && !isInVault(places, error))
    return {
      code: "forbidden",
      reason: "permission to read it was denied",
      hint: "check the file's permissions",
      retry: true,
    };
  return unforeseenFailure(error, "cut-short", "importing it", places);
}

/** Whether a system error is about a path in the vault rather than the file. */
function isInVault(places: readonly LocalPlace[], error: unknown): boolean {
  const path = error instanceof Error && "path" in error ? String(error.path) : "";
  return places.some(([place, mark]) => mark === "<vault>" && path.startsWith(`${place}${sep}`));
}
