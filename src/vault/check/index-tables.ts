import type Database from "better-sqlite3";
import { exactText } from "../../audit/bytes.js";
import { isCaptureId } from "../../audit/digest.js";
import type { Entry } from "../../audit/entry.js";
import type { Finding } from "../../audit/finding.js";
import { GrowingTree } from "../../audit/merkle.js";
import { isMachineFault, olderVersion } from "../database.js";
import { openNodeAudit } from "../index/merkle-nodes.js";
import { recordReader } from "../index/record-reader.js";
import { openReplay, type Replay } from "../index/replay.js";
import { objectPath, type VaultLayout } from "../layout.js";
import { lineBytesFrom } from "../log.js";
import { unreadDatabase } from "../reader.js";
import { type FoundSegment, openSegmentAudit } from "./segments.js";

/** What is to be compared with the lines besides the index. */
export interface LinesTask {
  readonly segments: readonly FoundSegment[];
  /** Sizes at which the root over the lines so far is wanted. */
  readonly rootsAt: readonly number[];
  /** Size of the newest checkpoint, or 0. */
  readonly newest: number;
  /**
   * Whether SQLite's own check leaves out if its look-up structures agree with its tables. For a log that does not fit
   * into memory that takes as long as everything else together, and nothing that is judged is looked up through them.
   */
  readonly lightCheck: boolean;
}

/** What is wrong with the database beside the log in it, and with what was made from the log. */
export interface IndexAudit {
  /** What SQLite's own check says; nothing else is compared then. */
  readonly damage: readonly Finding[];
  /** How the index differs from what the log and the records give (FORMAT.md §4.6). */
  readonly findings: readonly Finding[];
  readonly segmentFindings: readonly Finding[];
  /** The roots that were asked for, as far as the log goes. */
  readonly roots: ReadonlyMap<number, Uint8Array>;
}

/**
 * Checks the database itself, then goes through the lines of the log once and compares everything that was made from
 * them: index, tree and segments. What the lines themselves say is not judged here.
 */
export function auditIndex(layout: VaultLayout, database: Database.Database, task: LinesTask): IndexAudit {
  const damage = integrityFindings(database, task.lightCheck);
  if (damage.length > 0) return { damage, findings: [], segmentFindings: [], roots: new Map() };
  let hasUnread = false;
  const reader = recordReader(layout, () => {
    hasUnread = true;
  });
  const replay = openReplay(reader);
  const segments = openSegmentAudit(layout.root, task.segments, (first) => lineBytesFrom(database, first));
  const older = olderVersion(database) !== null;
  const nodes = older ? null : openNodeAudit(database);
  const tree = new GrowingTree((level, number, digest) => nodes?.node(level, number, digest));
  const wanted = new Set(task.rootsAt);
  const roots = new Map<number, Uint8Array>();
  const findings: Finding[] = [];
  try {
    for (const line of lineBytesFrom(database, 1)) {
      tree.add(line);
      if (wanted.has(tree.size)) roots.set(tree.size, tree.root());
      segments.line(line);
      for (const finding of replayLine(replay, line)) findings.push(finding);
    }
    // What the log itself does not allow counts whatever the index is; only the index of this version is held against it.
    const ofRecords = () => (hasUnread ? [unreadRecords] : replay.compare(database));
    const compared = nodes ? [...ofRecords(), ...nodes.findings()] : [olderIndex];
    return {
      damage,
      findings: [...findings, ...compared],
      segmentFindings: segments.findings(task.newest),
      roots,
    };
  } finally {
    segments.close();
    replay.close();
  }
}

/** A vault of an earlier version is read as it is: the log in it counts, its index is made again before it is used. */
const olderIndex: Finding = {
  code: "index-older",
  severity: "note",
  where: "vault.db",
  message:
    "its index is that of an earlier version and was not compared: the next command that writes makes it anew",
};

/** Titles in the index come from the records: without one of them nothing can be said of it. */
const unreadRecords: Finding = {
  code: "index-unchecked",
  severity: "note",
  where: "vault.db",
  message: "its index was not compared with the records: one of them cannot be read",
};

/** An entry names an object only by the one path that follows from the capture's id, and versions only by number. */
export function placeFindings({ seq, body }: Entry): readonly Finding[] {
  const { capture, object, version } = body;
  if (object === undefined && version === undefined) return [];
  const own = typeof capture === "string" && isCaptureId(capture) ? objectPath(capture) : null;
  const fits = own !== null && object === own && typeof version === "string" && /^v[1-9]\d*$/.test(version);
  if (fits) return [];
  const message = "the object or version it names is not where that capture's would lie";
  return [{ code: "log-object", severity: "error", where: `entry:${seq}`, message }];
}

function integrityFindings(database: Database.Database, light: boolean): readonly Finding[] {
  const damaged = (message: string): Finding => {
    return { code: "database-damaged", severity: "error", where: "vault.db", message };
  };
  try {
    const answer = database.pragma(light ? "quick_check" : "integrity_check", { simple: true });
    return answer === "ok" ? [] : [damaged(`SQLite's own check says: ${String(answer)}`)];
  } catch (error) {
    const words = `SQLite cannot read it: ${error instanceof Error ? error.message : "unknown"}`;
    return [isMachineFault(error) ? unreadDatabase(words) : damaged(words)];
  }
}

/** Events of which the index holds something. Lines in another form than the canonical one are no entries anyway. */
const indexed = /"event":"(?:capture|derive|redact|token|annotate)/;

function replayLine(replay: Replay, bytes: Uint8Array): readonly Finding[] {
  const line = exactText(bytes);
  const entry = line !== null && indexed.test(line) ? readEntry(line) : null;
  // What names a place outside its own object is not looked up.
  return entry && placeFindings(entry).length === 0 ? replay.add(entry) : [];
}

/**
 * An entry as far as the index needs it; null for what has not even that form. Whether it is one in every respect is for
 * the audit of the log to say, and it does.
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
