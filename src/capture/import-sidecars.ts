import { createReadStream, createWriteStream, lstatSync, readdirSync, type Stats, statSync } from "node:fs";
import { basename, dirname, extname, join, sep } from "node:path";
import { pipeline } from "node:stream/promises";
import type { Failure } from "../core/capture/failure.js";
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

/** Where the copies of one import are made. */
export type ImportArea = StagingArea & {
  readonly signal: AbortSignal;
  readonly places: readonly LocalPlace[];
  readonly nameInRecord: NameInRecord;
};

/** Copies a file block by block, so that other work goes on and an abort ends it; throws the signal's reason then. */
export async function copyInBlocks(from: string, to: string, signal: AbortSignal): Promise<void> {
  const blocks = { highWaterMark: 1024 * 1024 };
  await pipeline(createReadStream(from, blocks), createWriteStream(to, { ...blocks, flags: "wx" }), {
    signal,
  });
}

/**
 * The hashed copy of a media file and of everything that lies beside it under the same name. What beside it is no
 * regular file, too large or cannot be read is left out and named in a warning: it never keeps the media out.
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

/** What the name of a file and a yt-dlp archive beside it say together, where no metadata says it. */
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
    const { reason } = unforeseenFailure(error, "cut-short", "taking it in", places);
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

/** What a metadata file beside an imported file says is that file's claim: holdfast did not see the platform say it. */
function importedClaims(source: SourceFacts, fileName: string | null): SourceFacts {
  const entries = Object.entries(source).map(([key, claim]) => [
    key,
    claim === null ? null : { ...claim, basis: "file_claim", from: `${claim.from} beside the imported file` },
  ]);
  const claims: SourceFacts = { ...source, ...Object.fromEntries(entries) };
  if (claims.title !== null || fileName === null) return claims;
  return { ...claims, title: { value: fileName, basis: "file_claim", from: "name of the imported file" } };
}

/** Why a path cannot be imported at all, or null; a link stands for what it leads to. */
export function refuseFile(file: string): Failure | null {
  const found = statSync(file, { throwIfNoEntry: false });
  if (!found) return noSuchFile;
  if (found.isDirectory()) return nothingInside;
  if (!found.isFile())
    return { code: "not-media", reason: "it is not a regular file", hint: "name a file", retry: false };
  if (found.size > 0) return null;
  return { code: "empty", reason: "the file is empty", hint: "copy it from its source again", retry: false };
}

const nothingInside: Failure = {
  code: "not-media",
  reason: "there is no video or sound in this folder",
  hint: "name the folder that holds the files",
  retry: false,
};

const noSuchFile: Failure = {
  code: "not-found",
  reason: "there is no such file",
  hint: "check the path",
  retry: false,
};

export const changedWhileRead: Failure = {
  code: "cut-short",
  reason: "the file changed while it was read",
  hint: "wait until nothing writes to it, then import it again",
  retry: true,
};

/** The failure that an error is for one file; `places` are what its text may not name, the file among them. */
export function importFailure(error: unknown, places: readonly LocalPlace[]): Failure {
  const storage = storageFailure(error);
  if (storage !== null) return storage;
  if (error instanceof Error && error.message === "it changed while it was read") return changedWhileRead;
  const code = error instanceof Error && "code" in error ? error.code : null;
  if (code === "ENOENT") return noSuchFile;
  if ((code === "EACCES" || code === "EPERM") && !isInVault(places, error))
    return { code: "forbidden", reason: "it may not be read", hint: "check who may read it", retry: true };
  return unforeseenFailure(error, "cut-short", "importing it", places);
}

/** Whether an error of the system is about a path in the vault, and not about the file. */
function isInVault(places: readonly LocalPlace[], error: unknown): boolean {
  const path = error instanceof Error && "path" in error ? String(error.path) : "";
  return places.some(([place, mark]) => mark === "<vault>" && path.startsWith(`${place}${sep}`));
}
