import { base64, bytesOfBase64, latin1 } from "./bytes.js";
import { FormatError, readOrNull } from "./finding.js";

/** The head of a log at one size (FORMAT.md §14): what a signature, a time-stamp and a witness are about. */
export interface Checkpoint {
  /** `holdfast/` and the vault's id. */
  readonly origin: string;
  /** Number of entries, from 1. */
  readonly size: number;
  /** RFC 6962 root over the first `size` lines, 32 bytes. */
  readonly root: Uint8Array;
}

/** The namespace of every signature over a checkpoint (FORMAT.md §13). */
export const checkpointNamespace = "holdfast-checkpoint@v1";

const isOrigin = /^holdfast\/[0-9a-f]{32}$/;

export function originOf(vaultId: string): string {
  return `holdfast/${vaultId}`;
}

/** The number in the names of a checkpoint's files: six digits or more. */
export function checkpointName(size: number): string {
  return String(size).padStart(6, "0");
}

/** The three lines of C2SP tlog-checkpoint, each with its LF and without extension lines. */
export function encodeCheckpoint({ origin, size, root }: Checkpoint): string {
  return `${origin}\n${size}\n${base64(root)}\n`;
}

/**
 * Reads a checkpoint strictly: exactly the bytes that `encodeCheckpoint` writes. The text may come from anybody.
 * Throws FormatError `checkpoint-malformed`.
 */
export function parseCheckpoint(text: string): Checkpoint {
  const [origin = "", size = "", root = "", ...rest] = text.split("\n");
  const checkpoint = { origin, size: Number(size), root: bytesOfBase64(root) ?? new Uint8Array() };
  const fits =
    rest.length === 1 &&
    isOrigin.test(origin) &&
    /^[1-9]\d{0,15}$/.test(size) &&
    Number.isSafeInteger(checkpoint.size) &&
    checkpoint.root.length === 32 &&
    encodeCheckpoint(checkpoint) === text;
  if (!fits) throw new FormatError("checkpoint-malformed", "these are not the three lines of a checkpoint");
  return checkpoint;
}

/**
 * Finds the three lines of a checkpoint in a text that somebody kept: a mail, a printed page typed in again, a file.
 * Lines may be quoted with `>`, indented, or end with CR LF; what stands around them does not count. Throws FormatError
 * `checkpoint-malformed` if there is none, or if there are several that differ.
 */
export function findCheckpoint(text: string): Checkpoint {
  const lines = text.split("\n").map((line) => line.replace(/^[\s>]+/, "").trimEnd());
  const found = lines.flatMap((line, at) => {
    // Nearly all lines of a large file end here: refusing each with an error would cost more than everything else.
    if (!isOrigin.test(line)) return [];
    const checkpoint = readOrNull(() => parseCheckpoint(`${lines.slice(at, at + 3).join("\n")}\n`));
    return checkpoint === null ? [] : [encodeCheckpoint(checkpoint)];
  });
  const [first, ...others] = new Set(found);
  if (first !== undefined && others.length === 0) return parseCheckpoint(first);
  throw new FormatError(
    "checkpoint-malformed",
    first === undefined ? "it does not hold the three lines of a checkpoint" : "it holds several checkpoints",
  );
}

/** The checkpoint stored in these bytes; null if they are not a checkpoint. */
export function checkpointIn(bytes: Uint8Array | null): Checkpoint | null {
  return bytes && readOrNull(() => parseCheckpoint(latin1(bytes)));
}
