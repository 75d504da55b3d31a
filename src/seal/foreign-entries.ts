import type { Entry } from "../audit/entry.js";
import type { SshPublicKey } from "../audit/ssh-key.js";
import { HoldfastError } from "../core/words/error.js";
import type { Vault } from "../vault/vault.js";
import type { World } from "../world.js";
import { isStoredHere } from "./own-log.js";

/**
 * Throws `foreign-entries` where there are any: entries that no holdfast of this machine wrote and no key of it signed are
 * never signed unasked (FORMAT.md §14.1).
 */
export function refuseForeign(foreign: readonly Entry[]): void {
  if (foreign.length === 0) return;
  throw new HoldfastError(
    "foreign-entries",
    `signing the log: ${rangeWords(foreign)} (${eventWords(foreign)}; the first: ${entryWords(foreign[0])}): no holdfast on this machine wrote that, and no key of yours signed it`,
    "nothing was signed: look at what others wrote with 'holdfast list' and 'holdfast verify', then take it with: holdfast checkpoint --accept-tail; or put the right copy of the vault back",
  );
}

/**
 * Throws `foreign-entries` for a rotation to a key that this machine neither made nor was given: the old key's word for it
 * would make a stranger the vault's signer (FORMAT.md §13).
 */
export function refuseStrangeKey(vault: Vault, world: World, seq: number, key: SshPublicKey | null): void {
  if (key !== null && isStoredHere(world, vault.settings.vault_id, key)) return;
  throw new HoldfastError(
    "foreign-entries",
    `signing the log: entry ${seq} makes ${key?.fingerprint ?? "a key that cannot be read"} the signing key, and this machine neither made that key nor was given it`,
    "nothing was signed: put the right copy of the vault back; a key of yours that another machine made is given with: holdfast key rotate --key FILE",
  );
}

/** Which entries, as far apart as they are: `entries 5 to 9 and 12`. */
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

/** Number, time, event and capture of an entry. */
export function entryWords(entry: Entry | undefined): string {
  if (entry === undefined) return "none";
  const { seq, at, event, body } = entry;
  return `${seq}  ${at}  ${event}${typeof body.capture === "string" ? ` ${body.capture}` : ""}`;
}

/** How many of which event: `2 capture, 1 annotate`. */
export function eventWords(entries: readonly Pick<Entry, "event">[]): string {
  const counts = new Map<string, number>();
  for (const { event } of entries) counts.set(event, (counts.get(event) ?? 0) + 1);
  return [...counts].map(([event, count]) => `${count} ${event}`).join(", ");
}
