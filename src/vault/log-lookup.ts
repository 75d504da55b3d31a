import { checkpointName } from "../audit/checkpoint.js";
import type { FoundCheckpoint } from "../audit/log-facts.js";
import type { VaultLayout } from "./layout.js";
import { checkpointOf, kindOf, type LogSegment, names, numberOf, partOf, segmentOf } from "./log-folder.js";

/** What lies under the newest checkpoint's number; null if there is no checkpoint. Reads no older one. */
export function newestCheckpoint(layout: VaultLayout): FoundCheckpoint | null {
  const size = checkpointSizes(layout).at(-1);
  return size === undefined ? null : readCheckpoint(layout, size);
}

/** The numbers under which checkpoints lie, ascending; no file is opened. */
export function checkpointSizes(layout: VaultLayout): readonly number[] {
  return names(layout.log)
    .flatMap((name) => numberOf(/^(\d{6,16})\.checkpoint$/.exec(name)?.[1] ?? "") ?? [])
    .sort((a, b) => a - b);
}

/** What lies under one checkpoint's number. */
export function readCheckpoint(layout: VaultLayout, size: number): FoundCheckpoint {
  const start = `${checkpointName(size)}.`;
  const mine = names(layout.log).filter((name) => name.startsWith(start));
  return checkpointOf(
    size,
    mine.flatMap((name) => partOf(layout, `log/${name}`) ?? []),
  );
}

/** A token or a witness's signature by its name; the file is not opened. */
export interface NamedPart {
  /** Relative to the vault. */
  readonly path: string;
  /** Size of the checkpoint. */
  readonly size: number;
}

/** Every token and witness's signature, by name, ascending. */
export function listTokensAndWitnesses(layout: VaultLayout): readonly NamedPart[] {
  return names(layout.log).flatMap((name) => {
    const [, digits = "", rest = ""] = /^(\d{6,16})\.(.+)$/.exec(name) ?? [];
    const size = numberOf(digits);
    const is = size === null ? undefined : kindOf(rest)?.is;
    return size !== null && (is === "token" || is === "witness") ? [{ path: `log/${name}`, size }] : [];
  });
}

/** Segments by name, ascending; no file is opened. */
export function listSegments(layout: VaultLayout): readonly LogSegment[] {
  return names(layout.log)
    .flatMap((name) => segmentOf(layout, `log/${name}`) ?? [])
    .sort((a, b) => a.first - b.first || a.last - b.last);
}
