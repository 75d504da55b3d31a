import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { checkpointName } from "../audit/checkpoint.js";
import type { FoundCheckpoint, FoundFile, FoundToken } from "../audit/log-facts.js";
import { isRefusal, readQuietly, refusesToOpen } from "./digest-file.js";
import type { VaultLayout } from "./layout.js";

/** A segment by its name (FORMAT.md §14): lines `first` to `last` of the log. */
export interface LogSegment {
  /** Relative to the vault. */
  readonly path: string;
  readonly first: number;
  readonly last: number;
  readonly bytes: number;
}

/** What lies in `log/`, by name alone. */
export interface LogFolder {
  readonly segments: readonly LogSegment[];
  /** In ascending order of size. */
  readonly checkpoints: readonly FoundCheckpoint[];
  /** Paths of everything whose name is not in FORMAT.md §14, or that is not a regular file. */
  readonly strays: readonly string[];
  /** Paths that the system would not let us read, `log` itself among them. */
  readonly unread: readonly string[];
}

type Part = PartKind & { readonly size: number; readonly file: FoundFile };

/** Reads names and small files; judges nothing, and never throws. */
export function readLogFolder(layout: VaultLayout): LogFolder {
  const segments: LogSegment[] = [];
  const strays: string[] = [];
  const unread: string[] = [];
  const parts = new Map<number, Part[]>();
  for (const name of names(layout.log, () => unread.push("log"))) {
    const path = `log/${name}`;
    const segment = segmentOf(layout, path);
    const part = segment ? null : partOf(layout, path, () => unread.push(path));
    // A segment is read later, block by block.
    if (segment && refusesToOpen(join(layout.root, path))) unread.push(path);
    if (segment) segments.push(segment);
    else if (part) parts.set(part.size, [...(parts.get(part.size) ?? []), part]);
    else if (!unread.includes(path)) strays.push(path);
  }
  const sizes = [...parts.keys()].sort((a, b) => a - b);
  return {
    segments: segments.sort((a, b) => a.first - b.first || a.last - b.last),
    checkpoints: sizes.map((size) => checkpointOf(size, parts.get(size) ?? [])),
    strays,
    unread,
  };
}

/** The names in a folder, sorted; none if it is not there or the system refuses. */
export function names(folder: string, onRefusal?: () => void): readonly string[] {
  try {
    return readdirSync(folder).sort();
  } catch (error) {
    if (isRefusal(error)) onRefusal?.();
    return [];
  }
}

/** The segment at a path in `log/`, if its name is that of one and a regular file lies there. */
export function segmentOf(layout: VaultLayout, path: string): LogSegment | null {
  const [, first, last] = /^log\/(\d{6,16})-(\d{6,16})\.jsonl$/.exec(path) ?? [];
  if (first === undefined || last === undefined) return null;
  const found = lstatSync(join(layout.root, path), { throwIfNoEntry: false });
  const range = { first: numberOf(first), last: numberOf(last) };
  if (!found?.isFile() || range.first === null || range.last === null || range.first > range.last)
    return null;
  return { path, first: range.first, last: range.last, bytes: found.size };
}

const authorityName = "[a-z0-9][a-z0-9-]{0,31}";

/** What lies under a checkpoint's number by the name of its path in `log/`; null for anything else. */
export function partOf(layout: VaultLayout, path: string, onRefusal?: () => void): Part | null {
  const [, digits = "", rest = ""] = /^log\/(\d{6,16})\.(.+)$/.exec(path) ?? [];
  const size = numberOf(digits);
  const kind = size === null ? null : kindOf(rest);
  if (size === null || kind === null) return null;
  try {
    const full = join(layout.root, path);
    if (lstatSync(full).size > largestPart) return null;
    return { ...kind, size, file: { path, bytes: readQuietly(full) } };
  } catch (error) {
    if (isRefusal(error)) onRefusal?.();
    return null;
  }
}

/** No file under a checkpoint's number is larger; an RFC 3161 response has a few thousand bytes. */
const largestPart = 1024 * 1024;

type PartKind =
  | { readonly is: "body" | "signature" | "witness" }
  | { readonly is: "token"; readonly token: Pick<FoundToken, "authority" | "kind"> };

/** What a name in `log/` says after the checkpoint's number; null for a name that is not in FORMAT.md §14. */
export function kindOf(rest: string): PartKind | null {
  if (rest === "checkpoint") return { is: "body" };
  if (rest === "checkpoint.sig") return { is: "signature" };
  if (/^witness-[0-9a-f]{16}\.sig$/.test(rest)) return { is: "witness" };
  const [, authority, end] = new RegExp(`^(${authorityName})\\.(tsr|ots|complete\\.ots)$`).exec(rest) ?? [];
  if (authority === undefined) return null;
  return { is: "token", token: { authority, kind: end === "tsr" ? "rfc3161" : "opentimestamps" } };
}

/** A number as names of checkpoints have it: no zero too many. */
export function numberOf(digits: string): number | null {
  const value = Number(digits);
  return Number.isSafeInteger(value) && value >= 1 && checkpointName(value) === digits ? value : null;
}

/** The parts under one number put together. */
export function checkpointOf(size: number, parts: readonly Part[]): FoundCheckpoint {
  const one = (is: Part["is"]) => parts.find((part) => part.is === is)?.file ?? null;
  return {
    size,
    path: `log/${checkpointName(size)}.checkpoint`,
    body: one("body")?.bytes ?? null,
    signature: one("signature"),
    signed: null,
    tokens: parts.flatMap((part) => (part.is === "token" ? [{ ...part.file, ...part.token }] : [])),
    witnesses: parts.flatMap((part) => (part.is === "witness" ? [part.file] : [])),
  };
}
