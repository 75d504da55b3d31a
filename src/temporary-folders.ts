import { lstatSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What a command that was killed left in the temporary folder: copies of a database, sockets, scratch. */
export interface TemporaryFolder {
  /** Absolute. */
  readonly path: string;
  readonly why: string;
}

/** What holdfast calls its temporary folders, and what is in them. */
const contents: Readonly<Record<string, string>> = {
  audit: "a copy of a vault.db that was being checked",
  clock: "scratch of a look at the clock",
  kept: "a socket of a yt-dlp that was kept loaded",
  key: "a message that was being signed",
  version: "scratch of a look at a program",
};

const name = new RegExp(`^holdfast-(${Object.keys(contents).join("|")})-[A-Za-z0-9]{6}$`);

/** No command keeps one this long without writing to it or holding what is in it open. */
const oldAfterMs = 24 * 60 * 60 * 1000;

/** Temporary folders of this account that nobody has written to for a day. */
export function leftTemporaryFolders(now: Date): readonly TemporaryFolder[] {
  const folder = tmpdir();
  return readdirSync(folder)
    .sort()
    .flatMap((item) => {
      const kind = name.exec(item)?.[1];
      const path = join(folder, item);
      return kind !== undefined && isLeft(path, now) ? [{ path, why: contents[kind] ?? "" }] : [];
    });
}

/** Links in it are removed, never followed. */
export function removeTemporaryFolder({ path }: TemporaryFolder): void {
  rmSync(path, { recursive: true, force: true });
}

/** Anybody may make a folder of such a name where everybody's temporary files lie: only our own count. */
function isLeft(path: string, now: Date): boolean {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (!found?.isDirectory() || found.uid !== process.getuid?.()) return false;
  return newestIn(path, found.mtimeMs) < now.getTime() - oldAfterMs;
}

function newestIn(path: string, own: number): number {
  const inside = readdirSync(path).map((item) => lstatSync(join(path, item), { throwIfNoEntry: false }));
  return Math.max(own, ...inside.map((found) => found?.mtimeMs ?? 0));
}
