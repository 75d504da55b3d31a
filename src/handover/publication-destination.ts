import { createReadStream, existsSync, lstatSync, realpathSync, rmSync, statSync } from "node:fs";
import { link, open, rename, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve, sep } from "node:path";
import { HoldfastError } from "../core/words/error.js";
import { syncFolder } from "../vault/durable.js";

/**
 * Looks at the place of a file that is to hold a copy, before anything is opened; returns it as an absolute path. Throws
 * `usage` for one that cannot be used or is not new.
 */
export function publicationDestination(to: string, vault: string): string {
  const path = resolve(to);
  const folder = dirname(path);
  if (!/\.mp4$/i.test(path))
    throw usage(path, "the copy is an MP4 file", "give --to a name that ends with .mp4");
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    throw usage(path, `there is no folder ${folder}`, "make it first, or give --to another place");
  if (isInside(folder, vault))
    throw usage(path, "that is inside the vault", "give --to a place outside of it");
  if (lstatSync(path, { throwIfNoEntry: false })) throw notNew(path);
  return path;
}

/**
 * Copies a stored publication copy to its place: bytes alone, under a name of its own until they are on disk, and never
 * over anything. Throws `usage` where something came to stand there, and what the disk throws.
 */
export async function writeOut(stored: string, to: string): Promise<void> {
  const growing = join(dirname(to), `.${basename(to)}.unfinished`);
  rmSync(growing, { force: true });
  try {
    const handle = await open(growing, "wx", 0o644);
    try {
      await writeFile(handle, createReadStream(stored));
      await handle.sync();
    } finally {
      await handle.close();
    }
    await place(growing, to);
    syncFolder(dirname(to));
  } finally {
    rmSync(growing, { force: true });
  }
}

/** A second name never takes the place of another file. Memory sticks have no second names: there the place is looked at first. */
async function place(growing: string, to: string): Promise<void> {
  try {
    await link(growing, to);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    if (code === "EEXIST") throw notNew(to);
    if (!["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"].includes(code)) throw error;
    if (lstatSync(to, { throwIfNoEntry: false })) throw notNew(to);
    await rename(growing, to);
  }
}

function isInside(folder: string, vault: string): boolean {
  return existsSync(vault) && `${realpathSync(folder)}${sep}`.startsWith(`${realpathSync(vault)}${sep}`);
}

function notNew(to: string): HoldfastError {
  return usage(to, "there is something of that name already", "give --to a new name");
}

function usage(to: string, problem: string, hint: string): HoldfastError {
  return new HoldfastError("usage", `writing the copy to ${to}: ${problem}`, hint);
}
