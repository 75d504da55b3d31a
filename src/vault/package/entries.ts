import type { Finding } from "../../audit/finding.js";

/** Where a file of a package lies. Nothing but its place and size is known of it. */
export interface PackageIndexFile {
  /** Inside the package, as FORMAT.md §17 allows it. */
  readonly path: string;
  readonly bytes: number;
  /** The file itself, or the tar file that it is in. */
  readonly container: string;
  /** First byte in the tar file; null for a file of its own. */
  readonly offset: number | null;
}

export interface PackageIndex {
  readonly form: "folder" | "tar";
  readonly files: readonly PackageIndexFile[];
  /** Folders that are there by themselves; those of the files need not be among them. */
  readonly folders: readonly string[];
  readonly findings: readonly Finding[];
  /** Why it cannot be read to its end, or is no package at all; null when it can. */
  readonly unreadable: string | null;
}

/** How much of a package is looked at. Whoever made it decides how much there is. */
export interface PackageLimits {
  /** Files and folders. */
  readonly files: number;
  /** Folders under `proof/`: each is a checkpoint with a proof of every entry that it covers. */
  readonly checkpoints: number;
  /** Bytes of one file that is read as a text. */
  readonly text: number;
  /** Bytes of `proof/entries.jsonl`, and of one line of it. */
  readonly entries: number;
  readonly line: number;
  /** Bytes of all texts that are kept in memory at a time. */
  readonly kept: number;
}

const mebibyte = 1024 * 1024;

export const packageLimits: PackageLimits = {
  files: 1_000_000,
  checkpoints: 10_000,
  text: 64 * mebibyte,
  entries: 256 * mebibyte,
  line: 16 * mebibyte,
  kept: 512 * mebibyte,
};
