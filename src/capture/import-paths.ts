import { statSync } from "node:fs";
import type { Failure } from "../core/capture/failure-codes.js";
import { HoldfastError } from "../core/words/error.js";
import { lookAt } from "../tools/media/footage.js";
import { type FoundPath, resolvedPath, splitPath, typedPaths } from "./found-path.js";
import { type Beside, companionsBeside, type FolderContents, footageIn, type Look } from "./import-folder.js";
import { type FileToImport, refuseFile } from "./import-sidecars.js";
import type { OwnPlaces } from "./own-places.js";

type Expanded = Omit<FolderContents, "files"> & {
  readonly files: readonly FileToImport[];
  /** The folder below which things are named. */
  readonly folder: FoundPath;
};

/** Expands one given path. A folder without footage becomes a failed import, as a missing file does. */
export async function expand(place: FoundPath, own: OwnPlaces, look: Look): Promise<Expanded> {
  const found = statSync(place, { throwIfNoEntry: false });
  if (found?.isDirectory()) {
    const contents = { ...(await footageIn(place, own, look)), folder: place };
    if (contents.files.length > 0) return contents;
    return { ...contents, files: [{ place, file: place, companions: [] }] };
  }
  const nothingElse = { listed: new Map(), leftOut: [], notes: [], folder: splitPath(place).folder };
  if (!found?.isFile()) return { files: [{ place, file: place, companions: [] }], ...nothingElse };
  const file = resolvedPath(place);
  const { companions, leftOut } = await besideNamed(place, file, own, look);
  return { ...nothingElse, files: [{ place, file, companions }], leftOut };
}

/** Beside a link there is often nothing: then what lies beside the file itself. */
async function besideNamed(place: FoundPath, file: FoundPath, own: OwnPlaces, look: Look): Promise<Beside> {
  const besideIt = await companionsBeside(place, own, look);
  if (besideIt.companions.length > 0 || besideIt.leftOut.length > 0) return besideIt;
  return companionsBeside(file, own, look);
}

/** The paths that were typed. Of names that arrived with U+FFFD, each is found as often as one of them was typed. */
export function givenPaths(files: readonly string[]): readonly FoundPath[] {
  const odd = new Set<string>();
  return files.flatMap(typedPaths).filter((path) => {
    if (typeof path === "string") return true;
    const isNew = !odd.has(path.toString("latin1"));
    odd.add(path.toString("latin1"));
    return isNew;
  });
}

/** Throws `usage` where nothing could be taken at all: no vault is made for that. */
export async function refuseNothingToTake(
  files: readonly string[],
  own: OwnPlaces,
  signal: AbortSignal,
): Promise<void> {
  // Without a vault there is no room to let ffprobe look: what the first bytes leave open may be footage.
  const look: Look = (file, extension) =>
    lookAt({ ffprobe: null, file, extension, scratch: own.vault, signal });
  const refusals: (Failure | null)[] = [];
  for (const typed of givenPaths(files)) {
    const contents = await expand(typed, own, look);
    refusals.push(...contents.files.map(({ file }) => refuseFile(file)));
  }
  const [first] = refusals;
  if (first == null || refusals.includes(null)) return;
  const { reason, hint } = first;
  throw new HoldfastError("usage", `importing ${files[0]}: ${reason}; no vault was made for it`, hint);
}
