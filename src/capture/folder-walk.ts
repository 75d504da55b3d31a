import { closeSync, existsSync, lstatSync, openSync, readSync, type Stats, statSync } from "node:fs";
import { join } from "node:path";
import type { LeftOutFile, LeftOutWhy } from "../core/capture/left-out-files.js";
import { isLitterFile, isMachineFolder } from "../core/capture/litter.js";
import { HoldfastError } from "../core/words/error.js";
import { below, bytesOf, type FoundPath, namesIn, resolvedPath, shownPath } from "./found-path.js";

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
  readonly alsoLinked: readonly string[];
  /** Links that were followed. */
  readonly followed: readonly string[];
  /** Whether the vault that is written to lies in the folder. */
  readonly ownVault: string | null;
}

const mostFiles = 100_000;

/**
 * Goes through a folder and everything below it, hidden or not. Links are followed; what cannot be taken is named with a
 * reason, and stops nothing. Vaults and packages are not entered: what is in them was taken in before, or was made of it.
 * Throws `usage` for a folder with more files than anyone can intend.
 */
export function walkFolder(folder: FoundPath, vault: string, most = mostFiles): Walk {
  const walk = new FolderWalk(vault, most);
  try {
    walk.enter(folder, "");
  } catch (error) {
    throw error instanceof TooManyFiles ? tooMany(folder, most) : error;
  }
  return walk.result();
}

/** Ends a walk that would go on for too long. */
class TooManyFiles extends Error {}

/** Where a folder lies without links; the folder as it is where that cannot be told any more. */
function placeOf(folder: FoundPath): FoundPath {
  try {
    return resolvedPath(folder);
  } catch {
    return folder;
  }
}

class FolderWalk {
  private readonly files = new Map<string, FoundFile>();
  private readonly links: FoundFile[] = [];
  private readonly folderLinks: FoundFile[] = [];
  private readonly entered = new Set<string>();
  private readonly leftOut: LeftOutFile[] = [];
  private readonly litter: string[] = [];
  private readonly alsoLinked: string[] = [];
  private readonly followed: string[] = [];
  private ownVault: string | null = null;
  private readonly vault: string;
  private readonly most: number;

  constructor(vault: string, most: number) {
    this.vault = vault;
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
    for (const name of this.namesOf(at.folder, at.shown)) {
      const place = below(at.folder, name);
      const shown = join(at.shown, shownPath(below("/", name)).slice(1));
      const found = this.statOf(place, shown);
      if (found === undefined) continue;
      if (found.isDirectory()) within.push({ folder: place, shown });
      else this.sort({ place, file: place, shown }, found);
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
    const kept = keptBy(folder, this.vault);
    if (kept === "own-vault") this.ownVault = shown === "" ? "." : shown;
    else if (kept !== null) this.leave(shown === "" ? "." : shown, kept);
    return kept;
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
      this.alsoLinked.push(link.shown);
      return;
    }
    this.files.set(key, link);
    this.followed.push(`${link.shown} -> ${shownPath(link.file)}`);
  }

  private enterLink(link: FoundFile): void {
    const [inside, around] = [`${keyOf(link.file)}/`, keyOf(resolvedPath(parentOf(link.place)))];
    if (`${around}/`.startsWith(inside)) this.leave(link.shown, "link-in-circle");
    else if (this.entered.has(keyOf(link.file))) this.alsoLinked.push(link.shown);
    else {
      this.follow(link);
    }
  }

  /** A link may lead to a whole disk: then it is left alone, and what else the folder holds is taken all the same. */
  private follow(link: FoundFile): void {
    const before = [...this.files];
    try {
      this.enter(link.file, link.shown);
      this.followed.push(`${link.shown} -> ${shownPath(link.file)}`);
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

/** Whether holdfast made what is in a folder. */
function keptBy(folder: FoundPath, vault: string): "own-vault" | "vault" | "package" | null {
  const within = (name: string) => below(folder, Buffer.from(name));
  if (existsSync(vault) && keyOf(resolvedPath(vault)) === keyOf(resolvedPath(folder))) return "own-vault";
  if (existsSync(within("holdfast.json")) && existsSync(within("vault.db"))) return "vault";
  return startOf(within("bag-info.txt")).includes("Holdfast-Package") ? "package" : null;
}

/** The beginning of a file; nothing of one that cannot be read. */
export function startOf(path: FoundPath): Buffer {
  try {
    const file = openSync(path, "r");
    try {
      const head = Buffer.alloc(4096);
      return head.subarray(0, readSync(file, head, 0, head.length, 0));
    } finally {
      closeSync(file);
    }
  } catch {
    return Buffer.alloc(0);
  }
}

function tooMany(folder: FoundPath, most: number): HoldfastError {
  return new HoldfastError(
    "usage",
    `importing ${shownPath(folder)}: the folder holds more than ${most} files`,
    "import its subfolders one by one",
  );
}
