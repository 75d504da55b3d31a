import { createReadStream, existsSync, lstatSync, realpathSync, rmSync, statSync } from "node:fs";
import { open, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve, sep } from "node:path";
import { HoldfastError } from "../core/words/error.js";
import { nameAnew, syncFolder, syncHandle } from "../vault/disk-niceties.js";

/** What is written, by the ending of its name. */
const kinds = { mp4: "the copy is an MP4 file", png: "the preview is a PNG file" } as const;

/**
 * Checks the target of a copy or preview before anything is opened, and returns it as an absolute path. Throws `usage` for
 * a target that is unusable or already exists.
 */
export function publicationDestination(
  to: string,
  vault: string,
  ending: keyof typeof kinds = "mp4",
): string {
  const path = resolve(to);
  const folder = dirname(path);
  if (!path.toLowerCase().endsWith(`.${ending}`))
    throw usage(path, kinds[ending], `choose a name for --to that ends with .${ending}`);
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    throw usage(
      path,
      `the folder ${folder} does not exist`,
      "create it first, or choose another place with --to",
    );
  if (isInside(folder, vault))
    throw usage(path, "this is inside the vault", "choose a place outside it with --to");
  if (lstatSync(path, { throwIfNoEntry: false })) throw notNew(path);
  return path;
}

/**
 * Copies the bytes of a stored publication copy to the target, under a temporary name until they are on disk. Never
 * overwrites anything. Throws `usage` if the target has come to exist meanwhile, and whatever the disk throws.
 */
export async function writeOut(stored: string, to: string): Promise<void> {
  const growing = join(dirname(to), `.${basename(to)}.unfinished`);
  rmSync(growing, { force: true });
  try {
    const handle = await open(growing, "wx", 0o644);
    try {
      await writeFile(handle, createReadStream(stored));
      await syncHandle(handle);
    } finally {
      await handle.close();
    }
    place(growing, to);
    syncFolder(dirname(to));
  } finally {
    rmSync(growing, { force: true });
  }
}

function place(growing: string, to: string): void {
  try {
    nameAnew(growing, to);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") throw notNew(to);
    throw error;
  }
}

function isInside(folder: string, vault: string): boolean {
  return existsSync(vault) && `${realpathSync(folder)}${sep}`.startsWith(`${realpathSync(vault)}${sep}`);
}

function notNew(to: string): HoldfastError {
  return usage(to, "a file or folder with this name already exists", "choose a new name with --to");
}

function usage(to: string, problem: string, hint: string): HoldfastError {
  return new HoldfastError("usage", `writing ${to}: ${problem}`, hint);
}
