import type { Entry } from "../audit/entry.js";
import type { SshPublicKey } from "../audit/ssh-key.js";
import { HoldfastError } from "../core/words/error.js";
import type { Vault } from "../vault/vault.js";
import type { World } from "../world.js";
import { isStoredHere } from "./own-log.js";

/**
 * Throws `foreign-entries` if there are any. Entries that this machine neither wrote nor signed are never signed unasked
 * (FORMAT.md §14.1).
 */
export function refuseForeign(foreign: readonly Entry[]): void {
  if (foreign.length === 0) return;
  throw new HoldfastError(
    "foreign-entries",
    `signing the log: ${rangeWords(foreign)} (${eventWords(foreign)}; the first: ${entryWords(foreign[0])}): holdfast on this machine did not write them, and none of your keys signed them`,
    "nothing was signed; see what others wrote with 'holdfast list' and 'holdfast verify', then accept it with 'holdfast checkpoint --accept-tail' or restore the right copy of the vault",
  );
}

/**
 * Throws `foreign-entries` for a rotation to a key that this machine neither made nor was given: endorsing it with the
 * old key would make a stranger the vault's signer (FORMAT.md §13).
 */
export function refuseStrangeKey(vault: Vault, world: World, seq: number, key: SshPublicKey | null): void {
  if (key !== null && isStoredHere(world, vault.settings.vault_id, key)) return;
  throw new HoldfastError(
    "foreign-entries",
    `signing the log: entry ${seq} makes ${key?.fingerprint ?? "an unreadable key"} the signing key, but this machine neither made that key nor was given it`,
    "nothing was signed; restore the right copy of the vault; if the key is yours and another machine made it, add it with: holdfast key rotate --key FILE",
  );
}

/** Names entries by their ranges: `entries 5 to 9 and 12`. */
export function rangeWords(entries: readonly Pick<Entry, "seq">[]): string {
  const ranges: [first: number, last: number][] = [];
  for (const { seq } of entries) {
    const open = ranges.at(-1);
    if (open !== undefined && open[1] === seq - 1) open[1] = seq;
    else ranges.push([seq, seq]);
  }
  const shown = ranges
    .slice(0, mostRanges)
    .map(([first, last]) => (first === last ? `${first}` : `${first} to ${last}`));
  const rest = ranges.length > mostRanges ? [`${ranges.length - mostRanges} other places`] : [];
  const words = [...shown, ...rest];
  const noun = entries.length === 1 ? "entry" : "entries";
  return words.length === 1
    ? `${noun} ${words[0]}`
    : `${noun} ${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

const mostRanges = 10;

/** An entry's number, time, event and capture. */
export function entryWords(entry: Entry | undefined): string {
  if (entry === undefined) return "none";
  const { seq, at, event, body } = entry;
  return `${seq}  ${at}  ${event}${typeof body.capture === "string" ? ` ${body.capture}` : ""}`;
}

/** The number of entries per event: `2 capture, 1 annotate`. */
export function eventWords(entries: readonly Pick<Entry, "event">[]): string {
  const counts = new Map<string, number>();
  for (const { event } of entries) counts.set(event, (counts.get(event) ?? 0) + 1);
  return [...counts].map(([event, count]) => `${count} ${event}`).join(", ");
}
