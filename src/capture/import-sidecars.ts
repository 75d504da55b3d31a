import { createReadStream, createWriteStream, lstatSync, readdirSync, type Stats, statSync } from "node:fs";
import { basename, dirname, extname, join, sep } from "node:path";
import { pipeline } from "node:stream/promises";
import type { Failure } from "../core/capture/failure-codes.js";
import type { SourceFacts } from "../core/capture/record.js";
import type { ListedVideo } from "../core/lists/download-archive.js";
import type { LocalPlace } from "../core/words/local-paths.js";
import { wellFormed } from "../core/words/printable.js";
import { maxInfoJsonBytes } from "../tools/run/limits.js";
import { concernsAll, storageFailure, unforeseenFailure } from "./failed-capture.js";
import { type Evidence, joinEvidence, takeInfoJson } from "./gather-evidence.js";
import type { StagingArea } from "./hash-received.js";
import { filePlaces, type NameInRecord, wholeName } from "./import-names.js";
import { sidecarRole } from "./sidecar-roles.js";
import { type HashedFile, hashFile } from "./store-capture.js";

/** Where the copies for one import are made. */
export type ImportArea = StagingArea & {
  readonly signal: AbortSignal;
  readonly places: readonly LocalPlace[];
  readonly nameInRecord: NameInRecord;
};

/** Copies a file in blocks, so that other work continues and an abort can end it. Then throws the signal's reason. */
export async function copyInBlocks(from: string, to: string, signal: AbortSignal): Promise<void> {
  const blocks = { highWaterMark: 1024 * 1024 };
  await pipeline(createReadStream(from, blocks), createWriteStream(to, { ...blocks, flags: "wx" }), {
    signal,
  });
}

/**
 * Takes in the hashed copy of a media file and the files beside it with the same name. A file beside it that is not
 * regular, too large or unreadable is left out with a warning; the media is imported all the same.
 */
export async function takeImported(
  file: string,
  media: HashedFile,
  listed: ListedVideo | null,
  area: ImportArea,
): Promise<Evidence> {
  const stem = basename(file, extname(file));
  const names = readdirSync(dirname(file)).filter((name) => name.startsWith(`${stem}.`));
  const parts: Partial<Evidence>[] = [{ files: [media] }];
  if (names.includes(`${stem}.info.json`))
    parts.push(await guarded(join(dirname(file), `${stem}.info.json`), area, takeInfo));
  for (const [index, name] of names
    .filter((name) => sidecarRole(name) !== null)
    .sort()
    .entries()) {
    const take = (path: string) => takeSidecar(path, index + 1, area);
    parts.push(await guarded(join(dirname(file), name), area, take));
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
  path: string,
  area: ImportArea,
  take: (path: string, area: ImportArea, found: Stats) => Promise<Partial<Evidence>>,
): Promise<Partial<Evidence>> {
  const name = area.nameInRecord(basename(path));
  try {
    const found = lstatSync(path);
    if (!found.isFile())
      return { warnings: [`${name} beside the file was left out: it is not a regular file`] };
    return await take(path, area, found);
  } catch (error) {
    if (area.signal.aborted || concernsAll(error) || storageFailure(error) !== null) throw error;
    const places = [...filePlaces(path, area.nameInRecord), ...area.places];
    const { reason } = unforeseenFailure(error, "cut-short", "copying it", places);
    return { warnings: [`${name} beside the file was left out: ${reason}`] };
  }
}

async function takeInfo(path: string, area: ImportArea, found: Stats): Promise<Evidence> {
  if (found.size > maxInfoJsonBytes) return takeInfoJson({ path, bytes: found.size }, area);
  const copy = join(area.folder, "media.info.json");
  await copyInBlocks(path, copy, area.signal);
  return takeInfoJson({ path: copy, bytes: found.size }, area);
}

async function takeSidecar(file: string, number: number, area: ImportArea): Promise<Partial<Evidence>> {
  const extension = extname(file).toLowerCase();
  const role = sidecarRole(file) ?? "sidecar";
  const copy = join(area.folder, `sidecar-${number}`);
  await copyInBlocks(file, copy, area.signal);
  const as = {
    logicalPath: `source/${role}-${number}${extension}`,
    role,
    receivedAs: wellFormed(basename(file)),
    asReceived: true,
  };
  return { files: [await hashFile(copy, as, area.now, area.signal)] };
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
export function refuseFile(file: string): Failure | null {
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
