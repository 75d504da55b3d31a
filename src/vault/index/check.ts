import type Database from "better-sqlite3";
import { exactText } from "../../audit/bytes.js";
import type { Entry } from "../../audit/entry.js";
import type { Finding } from "../../audit/finding.js";
import { isOwnPlace } from "../../audit/log-captures.js";
import type { IndexAudit, IndexCheck } from "../check/lines.js";
import { olderVersion } from "../database.js";
import type { VaultLayout } from "../layout.js";
import { openNodeAudit } from "./merkle-nodes.js";
import { recordReader } from "./record-reader.js";
import { openReplay, type Replay } from "./replay.js";

/**
 * Compares the index with what the log and the records give (FORMAT.md §4.6). The index is a cache: nothing that is
 * found here decides any of the four answers.
 */
function openIndexAudit(layout: VaultLayout, database: Database.Database): IndexAudit {
  let hasUnread = false;
  const reader = recordReader(layout, () => {
    hasUnread = true;
  });
  const replay = openReplay(reader);
  const nodes = olderVersion(database) === null ? openNodeAudit(database) : null;
  const ofLines: Finding[] = [];
  const compared = () => {
    if (nodes === null) return [olderIndex];
    return [...(hasUnread ? [unreadRecords] : replay.compare(database)), ...nodes.findings()];
  };
  return {
    line: (bytes) => ofLines.push(...replayLine(replay, bytes)),
    node: (level, number, digest) => nodes?.node(level, number, digest),
    // What the log itself does not allow counts whatever the index is; only an index of this version is compared with
    // it.
    findings: () => [...ofLines, ...compared()],
    close: () => replay.close(),
  };
}

/** The check of the index, for callers that check a vault. */
export const indexCheck: IndexCheck = {
  openIndexAudit,
  // The compiled module, even when the tests run the TypeScript sources: a thread cannot load those.
  module: new URL("../../../dist/vault/index/check.js", import.meta.url),
};

/** A vault of an earlier version is read as it is: its log counts, and its index is made again before it is used. */
const olderIndex: Finding = {
  code: "index-older",
  severity: "note",
  where: "vault.db",
  message:
    "its index is from an earlier version and was not compared; the next command that writes makes it again",
};

/** Titles in the index come from the records, so without one of them nothing can be said about the index. */
const unreadRecords: Finding = {
  code: "index-unchecked",
  severity: "note",
  where: "vault.db",
  message: "its index was not compared with the records: one of them cannot be read",
};

/** Events of which the index holds something. Lines that are not in canonical form are not entries anyway. */
const indexed = /"event":"(?:capture|derive|redact|page|token|annotate|withdraw)/;

function replayLine(replay: Replay, bytes: Uint8Array): readonly Finding[] {
  const line = exactText(bytes);
  const entry = line !== null && indexed.test(line) ? readEntry(line) : null;
  // A place outside the entry's own object is not looked up.
  return entry && isOwnPlace(entry.body) ? replay.add(entry) : [];
}

/**
 * An entry as far as the index needs it; null for a line without even that form. The audit of the log says whether it
 * is an entry in every respect.
 */
function readEntry(line: string): Entry | null {
  try {
    const value: unknown = JSON.parse(line);
    return isEntryLike(value) ? value : null;
  } catch {
    return null;
  }
}

function isEntryLike(value: unknown): value is Entry {
  if (typeof value !== "object" || value === null) return false;
  if (!("seq" in value && "at" in value && "event" in value && "body" in value)) return false;
  const { seq, at, event, body } = value;
  const named = typeof seq === "number" && typeof at === "string" && typeof event === "string";
  return named && typeof body === "object" && body !== null && !Array.isArray(body);
}
