import { lstatSync, type Stats, statSync } from "node:fs";
import { join } from "node:path";
import type { LeftOutFile, LeftOutWhy } from "../core/capture/left-out-files.js";
import { isLitterFile, isMachineFolder } from "../core/capture/litter.js";
import { HoldfastError } from "../core/words/error.js";
import { below, bytesOf, type FoundPath, namesIn, resolvedPath, shownPath } from "./found-path.js";
import { type Kept, keptAround, keptBy, type OwnPlaces, placeOf } from "./own-places.js";
import { startOf } from "./read-start.js";

/** A file where somebody sees it, and where its bytes lie. */
export interface FoundFile {
  /** Where it was found: a link, or the file itself. */
  readonly place: FoundPath;
  /** Where its bytes lie, without a link in the way. */
  readonly file: FoundPath;
  /** Its place below the folder, for a person. */
  readonly shown: string;
}

/** Everything that was seen in a folder and below it. */
export interface Walk {
  /** Sorted by place. */
  readonly files: readonly FoundFile[];
  readonly leftOut: readonly LeftOutFile[];
  /** Passed over without a loss: what file managers and other programs keep for themselves. */
  readonly litter: readonly string[];
  /** Links to what is taken by its own name anyway. */
  readonly alsoLinked: readonly FoundFile[];
  /** Links that were followed. */
  readonly followed: readonly FoundFile[];
  /** Where the vault that is written to, or a part of it, lies in the folder or is linked to. */
  readonly ownVault: readonly string[];
}

const mostFiles = 100_000;

/**
 * Goes through a folder and everything below it, hidden or not. Links are followed; what cannot be taken is named with a
 * reason, and stops nothing. Vaults and packages are not entered: what is in them was taken in before, or was made of it.
 * Throws `usage` for a folder with more files than anyone can intend.
 */
export function walkFolder(folder: FoundPath, own: OwnPlaces, most = mostFiles): Walk {
  const walk = new FolderWalk(own, most);
  try {
    walk.enter(folder, "");
  } catch (error) {
    throw error instanceof TooManyFiles ? tooMany(folder, most) : error;
  }
  return walk.result();
}

/** Ends a walk that would go on for too long. */
class TooManyFiles extends Error {}

class FolderWalk {
  private readonly files = new Map<string, FoundFile>();
  private readonly links: FoundFile[] = [];
  private readonly folderLinks: FoundFile[] = [];
  private readonly entered = new Set<string>();
  private readonly leftOut: LeftOutFile[] = [];
  private readonly litter: string[] = [];
  private readonly alsoLinked: FoundFile[] = [];
  private readonly followed: FoundFile[] = [];
  private readonly ownVault: string[] = [];
  private readonly own: OwnPlaces;
  private readonly most: number;

  constructor(own: OwnPlaces, most: number) {
    this.own = own;
    this.most = most;
  }

  /** Works through a stack, so that no depth of folders is too deep. */
  enter(folder: FoundPath, shown: string): void {
    const open = [{ folder, shown }];
    for (let next = open.pop(); next !== undefined; next = open.pop()) open.push(...this.look(next));
    // Only now is it known what is taken by its own name.
    for (const link of this.links.splice(0)) this.takeLink(link);
    for (const link of this.folderLinks.splice(0)) this.enterLink(link);
  }

  result(): Walk {
    const files = [...this.files.values()].sort((a, b) => Buffer.compare(bytesOf(a.place), bytesOf(b.place)));
    const { leftOut, litter, alsoLinked, followed, ownVault } = this;
    return { files, leftOut, litter, alsoLinked, followed, ownVault };
  }

  /** Sorts what is in one folder; returns the folders in it. */
  private look(at: { readonly folder: FoundPath; readonly shown: string }) {
    const within: { folder: FoundPath; shown: string }[] = [];
    const why = this.whyNotEntered(at.folder, at.shown);
    if (why !== null) return within;
    const withoutLinks = placeOf(at.folder);
    for (const name of this.namesOf(at.folder, at.shown)) {
      const place = below(at.folder, name);
      const shown = join(at.shown, shownPath(below("/", name)).slice(1));
      const found = this.statOf(place, shown);
      if (found === undefined) continue;
      if (found.isDirectory()) within.push({ folder: place, shown });
      else this.sort({ place, file: below(withoutLinks, name), shown }, found);
    }
    if (this.files.size > this.most) throw new TooManyFiles();
    return within;
  }

  private whyNotEntered(folder: FoundPath, shown: string): string | null {
    const key = keyOf(placeOf(folder));
    if (this.entered.has(key)) return "entered";
    this.entered.add(key);
    const name = shown.split("/").at(-1) ?? "";
    if (isMachineFolder(name)) {
      this.litter.push(`${shown}/`);
      return "litter";
    }
    const kept = keptBy(folder, this.own);
    if (kept !== null) this.passOver(shown === "" ? "." : shown, kept);
    return kept;
  }

  /** A folder that holdfast made: what is in it was taken in before, or is no evidence. */
  private passOver(shown: string, kept: Kept): void {
    if (kept === "own-vault") this.ownVault.push(shown);
    else if (kept === "own-config") this.litter.push(`${shown}/ (the keys and settings of holdfast)`);
    else this.leave(shown, kept);
  }

  private namesOf(folder: FoundPath, shown: string): readonly Buffer[] {
    try {
      return namesIn(folder);
    } catch {
      // fsck's folder belongs to root on every disk, and is empty on nearly all of them.
      if (shown.split("/").at(-1) === "lost+found") this.litter.push(`${shown}/ (may not be read)`);
      else this.leave(shown === "" ? "." : shown, "folder-unreadable");
      return [];
    }
  }

  private statOf(place: FoundPath, shown: string): Stats | undefined {
    try {
      return lstatSync(place, { throwIfNoEntry: false });
    } catch {
      this.leave(shown, "unreadable");
      return undefined;
    }
  }

  private sort(found: FoundFile, stats: Stats): void {
    if (stats.isSymbolicLink()) this.sortLink(found);
    else if (!stats.isFile()) this.leave(found.shown, "special");
    else if (isLitterFile(found.shown.split("/").at(-1) ?? "", () => startOf(found.file)))
      this.litter.push(found.shown);
    else this.files.set(keyOf(found.file), found);
  }

  private sortLink(found: FoundFile): void {
    try {
      const target = statSync(found.place);
      const file = resolvedPath(found.place);
      if (target.isDirectory()) this.folderLinks.push({ ...found, file });
      else if (target.isFile()) this.links.push({ ...found, file });
      else this.leave(found.shown, "special");
    } catch (error) {
      this.leave(found.shown, linkProblem(error));
    }
  }

  private takeLink(link: FoundFile): void {
    const key = keyOf(link.file);
    if (this.files.has(key)) {
      this.alsoLinked.push(link);
      return;
    }
    const kept = keptAround(link.file, this.own);
    if (kept !== null) {
      this.leave(link.shown, kept === "own-vault" || kept === "own-config" ? "link-to-own" : kept);
      return;
    }
    this.files.set(key, link);
    this.followed.push(link);
  }

  private enterLink(link: FoundFile): void {
    const [inside, around] = [`${keyOf(link.file)}/`, keyOf(resolvedPath(parentOf(link.place)))];
    if (`${around}/`.startsWith(inside)) this.leave(link.shown, "link-in-circle");
    else if (this.entered.has(keyOf(link.file))) this.alsoLinked.push(link);
    else {
      const kept = keptAround(link.file, this.own);
      if (kept === null) this.follow(link);
      else this.passOver(link.shown, kept);
    }
  }

  /** A link may lead to a whole disk: then it is left alone, and what else the folder holds is taken all the same. */
  private follow(link: FoundFile): void {
    const before = [...this.files];
    try {
      this.enter(link.file, link.shown);
      this.followed.push(link);
    } catch (error) {
      if (!(error instanceof TooManyFiles)) throw error;
      this.files.clear();
      for (const [key, file] of before) this.files.set(key, file);
      this.links.length = 0;
      this.folderLinks.length = 0;
      this.leave(link.shown, "link-too-large");
    }
  }

  private leave(name: string, why: LeftOutWhy): void {
    this.leftOut.push({ name, why });
  }
}

/** Paths as map keys: one character a byte, so that no two are alike. */
function keyOf(path: FoundPath): string {
  return bytesOf(path).toString("latin1");
}

function parentOf(path: FoundPath): FoundPath {
  const bytes = bytesOf(path);
  return bytes.subarray(0, Math.max(1, bytes.lastIndexOf("/")));
}

function linkProblem(error: unknown): LeftOutWhy {
  const code = error instanceof Error && "code" in error ? error.code : null;
  if (code === "ELOOP") return "link-in-circle";
  return code === "EACCES" || code === "EPERM" ? "unreadable" : "dead-link";
}

function tooMany(folder: FoundPath, most: number): HoldfastError {
  return new HoldfastError(
    "usage",
    `importing ${shownPath(folder)}: the folder holds more than ${most} files`,
    "import its subfolders one by one",
  );
}
