import { Worker } from "node:worker_threads";
import type Database from "better-sqlite3";
import type { Finding } from "../../audit/finding.js";
import { GrowingTree } from "../../audit/merkle.js";
import { lineBytesFrom } from "../database.js";
import type { VaultLayout } from "../layout.js";
import type { LogSegment } from "../log-folder.js";
import { answerOf } from "./measure.js";
import { ofDatabase, unreadBySqlite } from "./opened.js";
import { SegmentAudit } from "./segments.js";

/** What to compare with the lines of the log. */
export interface LinesTask {
  readonly segments: readonly LogSegment[];
  /** Sizes at which the root over the lines so far is wanted. */
  readonly rootsAt: readonly number[];
  /** Size of the newest checkpoint, or 0. */
  readonly newest: number;
  /**
   * Whether SQLite's own check skips comparing its look-up structures with its tables. For a log that does not fit into
   * memory, that takes as long as everything else together, and nothing that is judged is looked up through them.
   */
  readonly lightCheck: boolean;
}

/**
 * Compares what else was made from the log with its lines, in the same pass. It decides none of the four answers, so
 * the caller of a check passes it in, and it is not part of the check.
 */
export interface IndexAudit {
  /** Takes one more line of the log, without its LF, in order from line 1. */
  line(bytes: Uint8Array): void;
  /** Takes one more node of the tree over the lines, in the order in which subtrees are completed. */
  node(level: number, number: number, digest: Uint8Array): void;
  /** Everything that is wrong, once the log has ended. */
  findings(): readonly Finding[];
  close(): void;
}

export interface IndexCheck {
  readonly openIndexAudit: (layout: VaultLayout, database: Database.Database) => IndexAudit;
  /** The compiled module that exports this as `indexCheck`, for a thread. */
  readonly module: URL;
}

/** The result of a pass over the lines. */
export interface LinesAudit {
  /** What SQLite's own check says. If it says anything, nothing else is compared. */
  readonly damage: readonly Finding[];
  readonly segmentFindings: readonly Finding[];
  /** The requested roots, as far as the log goes. */
  readonly roots: ReadonlyMap<number, Uint8Array>;
  readonly indexFindings: readonly Finding[];
}

/**
 * Checks the database itself, then goes through the lines of the log once and compares segments and tree with them.
 * Does not judge what the lines themselves say.
 */
export function auditLines(
  layout: VaultLayout,
  database: Database.Database,
  task: LinesTask,
  openIndexAudit: IndexCheck["openIndexAudit"],
): LinesAudit {
  const roots = new Map<number, Uint8Array>();
  const damage = integrityFindings(database, task.lightCheck);
  if (damage.length > 0) return { damage, segmentFindings: [], roots, indexFindings: [] };
  const segments = new SegmentAudit(layout.root, task.segments);
  const index = openIndexAudit(layout, database);
  const tree = new GrowingTree((level, number, digest) => index.node(level, number, digest));
  const wanted = new Set(task.rootsAt);
  try {
    for (const line of lineBytesFrom(database, 1)) {
      tree.add(line);
      if (wanted.has(tree.size)) roots.set(tree.size, tree.root());
      segments.line(line);
      index.line(line);
    }
    const segmentFindings = segments.findings(task.newest, (first) => lineBytesFrom(database, first));
    return { damage, segmentFindings, roots, indexFindings: index.findings() };
  } finally {
    segments.close();
    index.close();
  }
}

function integrityFindings(database: Database.Database, light: boolean): readonly Finding[] {
  try {
    const answer = database.pragma(light ? "quick_check" : "integrity_check", { simple: true });
    if (answer === "ok") return [];
    return [ofDatabase("database-damaged", `SQLite's own check says: ${String(answer)}`)];
  } catch (error) {
    return [unreadBySqlite(error)];
  }
}

/** What the thread is asked: the vault, the file in which its database was opened, the task and `IndexCheck.module`. */
export type LinesInThread = readonly [root: string, file: string, lines: LinesTask, indexModule: string];

// The compiled worker, even when the tests run the TypeScript sources: a thread cannot load those.
const workerFile = new URL("../../../dist/vault/check/lines-worker.js", import.meta.url);

/**
 * Audits the lines of a large database in a separate thread, with a separate connection, while the log is read here. It
 * may see the database at a later instant than the caller, who notices that by the state of the database.
 */
export async function auditLinesApart(task: LinesInThread, signal: AbortSignal): Promise<LinesAudit> {
  const worker = new Worker(workerFile);
  try {
    return await answerOf<LinesAudit>(worker, task, signal);
  } finally {
    await worker.terminate();
  }
}
