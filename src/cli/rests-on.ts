import type { RestsOn } from "../audit/log-facts.js";
import { counted } from "../core/words/counted.js";
import { printable } from "../core/words/printable.js";
import { labelled } from "./text-layout.js";
import { formatTime } from "./units.js";

/**
 * What a result depends on, so that a person can compare it with information from elsewhere: each key, each authority with
 * its oldest and newest time, each witness. Empty if the result depends on none of these.
 */
export function restsOnLines(restsOn: RestsOn, columns: number): readonly string[] {
  const rows: (readonly [label: string, ...values: readonly string[]])[] = [
    ...restsOn.keys.map((key) => ["key", key.fingerprint, keyWords(key)] as const),
    ...grouped(restsOn.authorities, (token) => [token.signer_sha256, token.root, token.trusted]).map(
      (tokens) => ["authority", ...authorityWords(tokens)] as const,
    ),
    ...grouped(restsOn.witnesses, ({ fingerprint }) => [fingerprint]).map(
      (seen) => ["witness", seen[0]?.fingerprint ?? "", witnessWords(seen)] as const,
    ),
  ];
  return rows.length === 0 ? [] : ["rests on", ...labelled(rows, columns)];
}

function keyWords({ from, until, source }: RestsOn["keys"][number]): string {
  const dates = [
    from === null ? null : `since ${formatTime(from)}`,
    until === null ? null : `until ${formatTime(until)}`,
  ].filter((words) => words !== null);
  const word = source === "signers" ? "among the signers you named" : "named only by the log";
  return [...dates, word].join(", ");
}

function authorityWords(tokens: RestsOn["authorities"]): readonly string[] {
  const [first] = tokens;
  if (first === undefined) return [];
  const times = tokens.map(({ gen_time }) => gen_time).sort();
  const [oldest = "", newest = ""] = [times[0], times.at(-1)];
  const when = oldest === newest ? formatTime(oldest) : `${formatTime(oldest)} to ${formatTime(newest)}`;
  const stamps = counted(tokens.length, "time-stamp");
  const files = [...new Set(tokens.map(({ authority }) => authority))].sort().join(", ");
  const root =
    first.root === null
      ? "no root certificate known"
      : `root ${printable(first.root, 200)}, ${first.trusted ? "which you named or this machine trusts" : "which you did not name"}`;
  return [
    printable(first.signer, 200),
    first.trusted ? `${stamps}, ${when}` : `${stamps} stating ${when}, which counts for nothing`,
    `certificate SHA-256 ${first.signer_sha256}`,
    root,
    `in files named ${printable(files, 200)}`,
  ];
}

function witnessWords(seen: RestsOn["witnesses"]): string {
  const largest = seen.reduce((most, { checkpoint }) => Math.max(most, checkpoint), 0);
  return `signed ${counted(seen.length, "checkpoint")}, the newest of ${counted(largest, "entry", "entries")}; who holds this key is testimony`;
}

/** Groups items with the same marks, in the order of each group's first item. */
function grouped<Item>(
  items: readonly Item[],
  marks: (item: Item) => readonly unknown[],
): readonly (readonly Item[])[] {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const mark = JSON.stringify(marks(item));
    groups.set(mark, [...(groups.get(mark) ?? []), item]);
  }
  return [...groups.values()];
}
