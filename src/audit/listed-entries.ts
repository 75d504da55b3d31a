import type { BagInfo } from "./bag.js";
import { type EntryList, listProblem } from "./entry-list.js";
import { errorAt, type Finding, noteAt } from "./finding.js";
import type { PackagedEntries } from "./package-entries.js";

/** The version of FORMAT.md whose logs do not promise an `export-begun` entry. */
const versionWithoutLists = "1";

const entriesPath = "proof/entries.jsonl";

/**
 * Whether a package has every entry of its captures that its `export-begun` entry lists, and no other (FORMAT.md §17).
 * `newest` is the size of its newest checkpoint; `entries` must be all of them.
 */
export function auditEntryList(
  entries: PackagedEntries,
  info: Pick<BagInfo, "captures">,
  newest: number | null,
): readonly Finding[] {
  const last = entries.lists.at(-1);
  if (last === undefined) return [withoutList(entries.schema)];
  const older = entries.lists.slice(0, -1).map(({ list }) => {
    return errorAt("entry-foreign", `entry:${list.entry}`, "it belongs to an older package");
  });
  const malformed = listProblem(last.list, last.bytes);
  const problem = malformed ?? placeProblem(last.list, info, newest);
  const wrong = problem === null ? [] : [errorAt("export-begun-wrong", `entry:${last.list.entry}`, problem)];
  return [...older, ...wrong, ...(malformed === null ? compared(last.list, entries) : [])];
}

/** The list with which a package is compared; null if there is none. */
export function listInForce({ lists }: Pick<PackagedEntries, "lists">): EntryList | null {
  return lists.at(-1)?.list ?? null;
}

function withoutList(schema: string | null): Finding {
  if (schema === versionWithoutLists) {
    const message =
      "the log follows version 1 of the format, which lists nowhere which entries belong here: a middleman can have left some out";
    return noteAt("entries-uncommitted", entriesPath, message);
  }
  const message = "the entry that lists which entries belong here was left out";
  return errorAt("export-begun-missing", entriesPath, message);
}

/** Why a list is not this package's; null if it is. */
function placeProblem(
  list: EntryList,
  { captures }: Pick<BagInfo, "captures">,
  newest: number | null,
): string | null {
  const listed = list.captures.map(({ capture }) => capture);
  if (listed.length !== captures.length || listed.some((capture, at) => capture !== captures[at]))
    return "it lists the entries of other captures than those in bag-info.txt";
  if (list.entry !== newest)
    return "it is not the last entry that the newest checkpoint covers: what was logged between the two may be missing";
  return null;
}

function compared(list: EntryList, { captureOf }: PackagedEntries): readonly Finding[] {
  const listed = new Set<number>();
  const findings: Finding[] = [];
  for (const { capture, entries } of list.captures) {
    for (const seq of entries) {
      listed.add(seq);
      if (captureOf.get(seq) === capture) continue;
      const message = `entry ${list.entry} lists it as one of ${capture}, but it was left out`;
      findings.push(errorAt("entry-missing", `entry:${seq}`, message));
    }
  }
  for (const seq of captureOf.keys()) {
    if (listed.has(seq)) continue;
    const message = `entry ${list.entry} does not list it among those that belong in this package`;
    findings.push(errorAt("entry-unlisted", `entry:${seq}`, message));
  }
  return findings;
}
