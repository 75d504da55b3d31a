import { createRequire, syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";

/** A call that changes a disk, about to be made by the program. */
export interface DiskCall {
  /** The function, or the first words of the statement for SQLite. */
  readonly name: string;
  /** What it is about, absolute; for a rename what is moved, then where it goes. */
  readonly paths: readonly string[];
  /** The functions of the program that lead to it, the nearest first: which step this is. */
  readonly step: string;
}

/** Faults that a disk has, by the codes of the system. */
export type DiskFault = "EIO" | "ENOSPC" | "EROFS" | "EMFILE" | "EDQUOT" | "EACCES" | "ENOENT";

/**
 * Shows `onCall` every call by which `work` would change something below `root` or in a temporary folder, before it is made: files
 * and the statements and commits of SQLite. What `onCall` throws is what the call ends with, undone. Only one at a time
 * in a process, and nothing of it is left behind.
 */
export async function withWatchedDisk<T>(
  root: string,
  onCall: (call: DiskCall) => void,
  work: () => Promise<T>,
): Promise<T> {
  let told = false;
  // What `onCall` itself does to the disk is no call of the program.
  const tell = (call: DiskCall) => {
    if (told) return;
    told = true;
    try {
      onCall(call);
    } finally {
      told = false;
    }
  };
  const isOurs = (path: unknown) =>
    typeof path === "string" && [root, join(tmpdir(), "holdfast-")].some((start) => path.startsWith(start));
  const open: OpenFiles = new Map();
  const restore = [
    watchFiles(isOurs, open, tell),
    await watchHandles(open, tell),
    watchStatements(isOurs, tell),
  ];
  syncBuiltinESMExports();
  try {
    return await work();
  } finally {
    for (const undo of restore) undo();
    syncBuiltinESMExports();
  }
}

/** What the system, or SQLite on it, says of a fault. */
export function diskError(fault: DiskFault, call: DiskCall): Error {
  if (call.name.startsWith("SQL ")) {
    const [message, code] = sqliteFaults[fault];
    return new Database.SqliteError(message, code);
  }
  const words = `${fault}: ${systemFaults[fault]}, ${call.name.replace("Sync", "")}`;
  return Object.assign(new Error(words), { code: fault, syscall: call.name.replace("Sync", "") });
}

const systemFaults: Readonly<Record<DiskFault, string>> = {
  EIO: "i/o error",
  ENOSPC: "no space left on device",
  EROFS: "read-only file system",
  EMFILE: "too many open files",
  EDQUOT: "disk quota exceeded",
  EACCES: "permission denied",
  ENOENT: "no such file or directory",
};

const sqliteFaults: Readonly<Record<DiskFault, readonly [message: string, code: string]>> = {
  EIO: ["disk I/O error", "SQLITE_IOERR_WRITE"],
  ENOSPC: ["database or disk is full", "SQLITE_FULL"],
  EROFS: ["attempt to write a readonly database", "SQLITE_READONLY"],
  EMFILE: ["unable to open database file", "SQLITE_CANTOPEN"],
  EDQUOT: ["disk I/O error", "SQLITE_IOERR_WRITE"],
  EACCES: ["attempt to write a readonly database", "SQLITE_READONLY"],
  ENOENT: ["unable to open database file", "SQLITE_CANTOPEN"],
};

type Callable = (...given: unknown[]) => unknown;
type Functions = Record<string, Callable>;

/** The functions of node:fs by which anything is changed, by how they hand back an error. */
const thrown = [
  ...["openSync", "writeSync", "fsyncSync", "fdatasyncSync", "ftruncateSync", "renameSync", "mkdirSync"],
  ...["rmSync", "unlinkSync", "writeFileSync", "appendFileSync", "chmodSync", "linkSync", "symlinkSync"],
  ...["mkdtempSync", "copyFileSync", "utimesSync"],
];
const calledBack = ["open", "write", "writev", "fsync"];
const rejected = ["open", "mkdir", "mkdtemp", "rm", "rename", "writeFile"];
const ofHandles = ["write", "writeFile", "sync", "datasync", "truncate"];

type IsOurs = (path: unknown) => boolean;
/** Paths of ours by descriptor. */
type OpenFiles = Map<number, string>;

function watchFiles(isOurs: IsOurs, open: OpenFiles, onCall: (call: DiskCall) => void): () => void {
  const fs = createRequire(import.meta.url)("node:fs") as Functions & { promises: Functions };
  let inside = false;
  const learn = (path: unknown, descriptor: unknown) => {
    if (typeof descriptor !== "number") return;
    if (typeof path === "string" && isOurs(path)) open.set(descriptor, path);
    else open.delete(descriptor);
  };
  const tell = (name: string, given: readonly unknown[]) => {
    const [target, second] = given;
    const path = typeof target === "number" ? open.get(target) : target;
    if (inside || typeof path !== "string" || !isOurs(path)) return;
    if (/^open/.test(name) && !writes(second)) return;
    const paths = /^(rename|link|symlink|copyFile)/.test(name) ? [path, String(second)] : [path];
    onCall(callOf(name, paths));
  };
  const sync = replaced(fs, thrown, (name, real) => (...given) => {
    tell(name, given);
    const outer = inside;
    inside = true;
    try {
      const result = real(...given);
      if (name === "openSync") learn(given[0], result);
      return result;
    } finally {
      inside = outer;
    }
  });
  const back = replaced(fs, calledBack, (name, real) => (...given) => {
    const done = given.at(-1);
    if (typeof done !== "function") return real(...given);
    try {
      tell(name, given);
    } catch (error) {
      return void process.nextTick(() => done(error));
    }
    if (name !== "open") return real(...given);
    return real(...given.slice(0, -1), (error: unknown, descriptor: unknown) => {
      learn(given[0], descriptor);
      done(error, descriptor);
    });
  });
  const promises = replaced(fs.promises, rejected, (name, real) => async (...given) => {
    tell(name, given);
    const result = await real(...given);
    if (name === "open") learn(given[0], (result as { readonly fd: number }).fd);
    return result;
  });
  return () => {
    for (const undo of [sync, back, promises]) undo();
  };
}

async function watchHandles(open: OpenFiles, onCall: (call: DiskCall) => void): Promise<() => void> {
  const fs = createRequire(import.meta.url)("node:fs") as typeof import("node:fs");
  const handle = await fs.promises.open(import.meta.filename, "r");
  await handle.close();
  const prototype = Object.getPrototypeOf(handle) as Functions;
  return replaced(
    prototype,
    ofHandles,
    (name, real) =>
      async function (this: { readonly fd: number }, ...given: unknown[]) {
        const path = open.get(this.fd);
        if (path !== undefined) onCall(callOf(name, [path]));
        return real.apply(this, given);
      },
  );
}

function watchStatements(isOurs: IsOurs, onCall: (call: DiskCall) => void): () => void {
  const sample = new Database(":memory:");
  const prototype = Object.getPrototypeOf(sample.prepare("SELECT 1")) as Functions;
  sample.close();
  return replaced(
    prototype,
    ["run"],
    (_name, real) =>
      function (this: Database.Statement, ...given: unknown[]) {
        const changes = !this.readonly || /^COMMIT/.test(this.source);
        if (changes && isOurs(this.database.name))
          onCall(
            callOf(`SQL ${this.source.trim().split(/\s+/).slice(0, 3).join(" ")}`, [this.database.name]),
          );
        return real.apply(this, given);
      },
  );
}

function replaced(
  on: Functions,
  names: readonly string[],
  by: (name: string, real: Callable) => Callable,
): () => void {
  const before = names.map((name) => [name, on[name] as Callable] as const);
  for (const [name, real] of before) on[name] = by(name, real);
  return () => {
    for (const [name, real] of before) on[name] = real;
  };
}

function writes(flags: unknown): boolean {
  return typeof flags === "number" ? (flags & 3) !== 0 : typeof flags === "string" && !/^r(s|)$/.test(flags);
}

function callOf(name: string, paths: readonly string[]): DiskCall {
  return { name, paths, step: `${name} in ${callers().join(" for ")}` };
}

/** Names of the program's functions on the stack; those of streams have none of them. */
function callers(): readonly string[] {
  const { prepareStackTrace, stackTraceLimit } = Error;
  Error.stackTraceLimit = 40;
  Error.prepareStackTrace = (_error, sites) => sites;
  const { stack } = new Error() as unknown as { readonly stack: readonly NodeJS.CallSite[] };
  Object.assign(Error, { prepareStackTrace, stackTraceLimit });
  const names = stack.flatMap((site) => {
    const file = /\/(?:src|dist)\/(.*)\.[jt]s$/.exec(site.getFileName() ?? "")?.[1];
    return file === undefined ? [] : [`${file}:${site.getFunctionName() ?? ""}`];
  });
  return names.length === 0 ? ["a stream"] : names.slice(0, 4);
}
