import { createRequire } from "node:module";
import { basename, dirname } from "node:path";
import { isJsonObject, parseForeignJson } from "../../audit/canonical-json.js";
import { printable } from "../../core/words/printable.js";
import { startKeptJailed } from "../run/run.js";
import type { KeptProcess, Limits } from "../run/run-request.js";

export type ExifToolOutcome = { readonly json: string } | { readonly refused: string };

/** One ExifTool process kept open for a session. */
export interface ExifToolSession {
  /** The program's version, for instance `13.55`. Starts the process if necessary. */
  version(): Promise<string>;
  /**
   * Takes an absolute path. The JSON is one object (not ExifTool's one-element array), without facts about this
   * machine.
   */
  read(path: string): Promise<ExifToolOutcome>;
  close(): Promise<void>;
}

/** The process stays open for a whole batch, so its time is limited per file, not in total. */
const exifToolLimits: Limits = {
  wallMs: 60_000,
  cpuSeconds: 24 * 3600,
  addressSpaceBytes: 2 * 1024 ** 3,
  fileSizeBytes: 1024 ** 2,
  stdoutBytes: 64 * 1024 ** 2,
};

/** Everything in the file: all groups, including duplicates and unknown tags (EVIDENCE §7.1). */
const readArguments = ["-G1", "-a", "-u", "-struct", "-api", "largefilesupport=1"];

/**
 * `originals`: an existing folder that contains every file to read, now or later. `scratch`: an existing folder, the
 * process's working folder and TMPDIR. The package is loaded and the process started when the first question comes.
 */
export function openExifTool(originals: string, scratch: string): ExifToolSession {
  let begun: Promise<ExifToolSession> | null = null;
  const session = () => {
    begun ??= begin(originals, scratch);
    return begun;
  };
  return {
    version: async () => (await session()).version(),
    read: async (path) => (await session()).read(path),
    close: async () => (await begun)?.close(),
  };
}

async function begin(originals: string, scratch: string): Promise<ExifToolSession> {
  // Loading it takes as long as starting Node.js, and a download is to begin before that.
  const { ExifTool } = await import("exiftool-vendored");
  const program = bundledProgram();
  const failure = new StartFailure();
  const tool = new ExifTool({
    maxProcs: 1,
    taskRetries: 0,
    taskTimeoutMillis: exifToolLimits.wallMs,
    processFactory: async () => {
      const { child } = await startKeptJailed({
        program: perl,
        argv: [program, "-stay_open", "True", "-@", "-"],
        cwd: scratch,
        limits: exifToolLimits,
        // The program's modules are beside it.
        jail: { reads: [dirname(program), originals], writes: [] },
      });
      failure.watch(child);
      return child;
    },
  });
  return {
    version: () => failure.before(tool.version()),
    read: (path) => readWith(failure.before(tool.readRaw(path, { readArgs: readArguments })), path),
    close: () => tool.end(),
  };
}

/**
 * Without this, a process that ends before its first output would be restarted again and again, and callers would wait
 * for ever.
 */
class StartFailure {
  private fail: (error: Error) => void = () => undefined;
  private readonly failed = new Promise<never>((_resolve, reject) => {
    this.fail = reject;
  });

  constructor() {
    this.failed.catch(() => undefined);
  }

  watch(child: KeptProcess["child"]): void {
    let spoke = false;
    child.stdout?.once("data", () => {
      spoke = true;
    });
    child.once("close", () => {
      if (!spoke) this.fail(new Error("it did not start"));
    });
  }

  before<T>(answer: Promise<T>): Promise<T> {
    return Promise.race([answer, this.failed]);
  }
}

const perl = "/usr/bin/perl";

async function readWith(answer: Promise<unknown>, path: string): Promise<ExifToolOutcome> {
  try {
    const value = parseForeignJson(JSON.stringify(await answer));
    if (!isJsonObject(value)) return { refused: "its answer was not a JSON object" };
    return { json: JSON.stringify(withoutMachineFacts(value), null, 1) };
  } catch (error) {
    const message = error instanceof Error ? error.message : "unknown";
    return { refused: printable(message.replaceAll(path, basename(path)), 500) };
  }
}

/** Drops the file's place, dates and permissions, which describe this machine, not the file. */
function withoutMachineFacts(tags: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const ours =
    /^(SourceFile|errors|warnings|tz|tzSource|System:(Directory|FileName|File\w*Date|FilePermissions|FileUserID|FileGroupID|FileDeviceNumber|FileInodeNumber|FileHardLinks|FileAttributes))$/;
  return Object.fromEntries(Object.entries(tags).filter(([name]) => !ours.test(name)));
}

function bundledProgram(): string {
  return createRequire(import.meta.url).resolve("exiftool-vendored.pl/bin/exiftool");
}
