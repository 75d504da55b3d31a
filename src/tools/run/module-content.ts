import { createHash } from "node:crypto";
import { type Dirent, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/**
 * The content digest of an installed Python package (FORMAT.md §5.5): the SHA-256 over the lines
 * `<SHA-256 of a file>  <path>\n` of its files, in ascending order of path. `base` is the folder that contains the
 * package, and `own` names the package's folders and files in it. The digest does not depend on the place of installation:
 * it leaves out what pip writes about that place (console scripts, `RECORD`) and what Python compiles. Null if nothing in
 * `own` exists, or if any of it is a link, a device or unreadable.
 */
export function contentDigest(base: string, own: readonly string[]): string | null {
  try {
    const paths = ownFiles(base, "", (name) => own.includes(name));
    if (paths === null || paths.length === 0) return null;
    const lines = [...paths].sort(byBytes).map((path) => `${sha256Of(join(base, path))}  ${path}\n`);
    return createHash("sha256").update(lines.join("")).digest("hex");
  } catch (error) {
    if (error instanceof Error && "code" in error) return null;
    throw error;
  }
}

/** Paths relative to `base` with forward slashes; null if anything is neither a file nor a folder. */
function ownFiles(base: string, folder: string, isOwn: (name: string) => boolean): readonly string[] | null {
  const entries = readdirSync(join(base, folder), { withFileTypes: true });
  const paths: string[] = [];
  for (const entry of entries.filter(({ name }) => isOwn(name))) {
    const found = filesOf(base, `${folder}${entry.name}`, entry);
    if (found === null) return null;
    paths.push(...found);
  }
  return paths;
}

function filesOf(base: string, path: string, entry: Dirent): readonly string[] | null {
  if (entry.isDirectory()) return ownFiles(base, `${path}/`, isNotCompiled);
  return entry.isFile() ? [path] : null;
}

/** Python writes the source's path into its compiled files, and creates them at any time. */
function isNotCompiled(name: string): boolean {
  return name !== "__pycache__" && !name.endsWith(".pyc");
}

function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

interface ReadFile {
  /** Which file it was, and when it was last written or renamed, as the system saw it. */
  readonly state: string;
  readonly sha256: string;
}

/** By path, the files this process has read: a command asks about the same thousand files up to four times. */
const filesRead = new Map<string, ReadFile>();

/** A file changed less than this ago may change once more within one tick of the system's clock, and is read again. */
const settledMs = 2_000;

function sha256Of(path: string): string {
  const { dev, ino, size, mtimeNs, ctimeNs, ctimeMs } = statSync(path, { bigint: true });
  const state = [dev, ino, size, mtimeNs, ctimeNs].join(" ");
  const before = filesRead.get(path);
  if (before?.state === state) return before.sha256;
  const sha256 = createHash("sha256").update(readFileSync(path)).digest("hex");
  if (Date.now() - Number(ctimeMs) > settledMs) filesRead.set(path, { state, sha256 });
  return sha256;
}
