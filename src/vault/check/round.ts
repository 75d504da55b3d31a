import { join } from "node:path";
import { isCaptureId } from "../../audit/digest.js";
import type { Finding } from "../../audit/finding.js";
import { grouped } from "../../audit/grouped.js";
import type { LoggedCapture } from "../../audit/log-captures.js";
import type { MeasuredFile } from "../../audit/object.js";
import type { VaultLayout } from "../layout.js";
import { captureFindings, isReadAsText, type MeasuredFolders } from "./capture.js";
import { measureFiles } from "./measure.js";
import type { Snapshot } from "./snapshot.js";
import {
  type FoundPath,
  folderOf,
  looseOriginals,
  oversizedTexts,
  ownFileFindings,
  strayFindings,
  vaultFiles,
} from "./vault-files.js";

/** How files are measured. */
export interface RoundOptions {
  readonly quick: boolean;
  /** Only the files of `log/` are examined. */
  readonly logAlone: boolean;
  readonly onProgress: (files: number, total: number) => void;
  readonly signal: AbortSignal;
}

/** One look at everything outside the captures and at some captures, by what the database said just before it. */
export interface Round {
  readonly snapshot: Snapshot;
  /** Findings about the vault as a whole. */
  readonly vault: readonly Finding[];
  readonly captures: ReadonlyMap<string, readonly Finding[]>;
  /** Measured files → bytes. */
  readonly files: ReadonlyMap<string, number>;
  /** Paths of folders, and of files in `log/`, that could not be read. */
  readonly unread: readonly string[];
}

export async function auditRound(
  layout: VaultLayout,
  snapshot: Snapshot,
  scope: ReadonlySet<string> | null,
  options: RoundOptions,
): Promise<Round> {
  // Nobody asked about files, so only the log is audited.
  if (scope?.size === 0 && options.logAlone) {
    return { snapshot, vault: [], captures: new Map(), files: new Map(), unread: snapshot.folder.unread };
  }
  const onDisk = vaultFiles(layout);
  const wanted = ({ id }: LoggedCapture) => scope === null || scope.has(id);
  const chosen = [...snapshot.captures.values()].filter(wanted);
  const ids = new Set(chosen.map(({ id }) => id));
  const files = [...onDisk.objects, ...onDisk.annexes].filter(
    ({ path, kind }) => kind === "file" && ids.has(captureIn(path) ?? ""),
  );
  const measured = await measureAll(layout, files, options);
  const texts = files.filter(({ path }) => isReadAsText(path));
  const onFiles = grouped([...oversizedTexts(texts), ...looseOriginals(files)], ({ where }) =>
    captureIn(where),
  );
  const captures = chosen.map((capture) => {
    const found = captureFindings(layout, capture, measured, snapshot.intents.get(capture.id) ?? null);
    return [capture.id, [...found, ...(onFiles.get(capture.id) ?? [])]] as const;
  });
  return {
    snapshot,
    vault: [
      ...ownFileFindings(layout, snapshot.log),
      ...strayFindings(onDisk, snapshot.captures, new Set(snapshot.folder.strays)),
    ],
    captures: new Map(captures),
    files: new Map(files.map(({ path, bytes }) => [path, bytes])),
    unread: [
      ...[...onDisk.objects, ...onDisk.annexes, ...onDisk.elsewhere].flatMap(({ path, kind }) =>
        kind === "unreadable" ? [path] : [],
      ),
      ...snapshot.folder.unread,
    ],
  };
}

async function measureAll(
  layout: VaultLayout,
  files: readonly FoundPath[],
  { quick, onProgress, signal }: RoundOptions,
): Promise<MeasuredFolders> {
  const largestFirst = [...files].sort((a, b) => b.bytes - a.bytes);
  const paths = largestFirst.map(({ path }) => join(layout.root, path));
  const measured = await measureFiles(paths, quick, (done) => onProgress(done, files.length), signal);
  const folders = new Map<string, Map<string, MeasuredFile>>();
  for (const [index, { path }] of largestFirst.entries()) {
    const folder = folderOf(path);
    const inside = folders.get(folder) ?? new Map<string, MeasuredFile>();
    inside.set(path.slice(folder.length), measured[index] ?? { problem: "not measured" });
    folders.set(folder, inside);
  }
  return folders;
}

/** The capture in whose object or annex a path lies. */
export function captureIn(path: string): string | null {
  const parts = path.split("/");
  const id = parts[0] === "objects" ? parts[2] : parts[0] === "private" ? parts[1] : undefined;
  return id !== undefined && isCaptureId(id) ? id : null;
}
