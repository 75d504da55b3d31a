import { createRequire } from "node:module";
import { basename, dirname } from "node:path";
import { ExifTool } from "exiftool-vendored";
import { isJsonObject, parseForeignJson } from "../../audit/canonical-json.js";
import { printable } from "../../core/words/printable.js";
import { startKeptJailed } from "../run/run.js";
import type { KeptProcess, Limits } from "../run/run-request.js";

export type ExifToolOutcome = { readonly json: string } | { readonly refused: string };

/** One ExifTool process kept open for a session. */
export interface ExifToolSession {
  /** The program's version, for instance `13.55`. Starts the process if need be. */
  version(): Promise<string>;
  /** Absolute path. The JSON is one object (not the one-element array), without facts of this machine. */
  read(path: string): Promise<ExifToolOutcome>;
  close(): Promise<void>;
}

/** It stays open for a whole batch, so its time is bounded per file and not in all. */
const exifToolLimits: Limits = {
  wallMs: 60_000,
  cpuSeconds: 24 * 3600,
  addressSpaceBytes: 2 * 1024 ** 3,
  fileSizeBytes: 1024 ** 2,
  stdoutBytes: 64 * 1024 ** 2,
};

/** Everything the file holds: all groups, duplicates and unknown tags included (EVIDENCE §7.1). */
const readArguments = ["-G1", "-a", "-u", "-struct", "-api", "largefilesupport=1"];

/**
 * `originals`: existing folder of all that will be read, also of files that come into it later. `scratch`: existing folder
 * of ours, the process's working folder and TMPDIR.
 */
export function openExifTool(originals: string, scratch: string): ExifToolSession {
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
        // Beside the program lie the modules it is made of.
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

/** A process that ends before it says a word would be started again and again, and whoever waits would wait for ever. */
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
    if (!isJsonObject(value)) return { refused: "its answer was not an object" };
    return { json: JSON.stringify(withoutMachineFacts(value), null, 1) };
  } catch (error) {
    const message = error instanceof Error ? error.message : "unknown";
    return { refused: printable(message.replaceAll(path, basename(path)), 500) };
  }
}

/** Where the file lies, its dates and its permissions are this machine's, not the file's. */
function withoutMachineFacts(tags: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const ours =
    /^(SourceFile|errors|warnings|tz|tzSource|System:(Directory|FileName|File\w*Date|FilePermissions|FileUserID|FileGroupID|FileDeviceNumber|FileInodeNumber|FileHardLinks|FileAttributes))$/;
  return Object.fromEntries(Object.entries(tags).filter(([name]) => !ours.test(name)));
}

function bundledProgram(): string {
  return createRequire(import.meta.url).resolve("exiftool-vendored.pl/bin/exiftool");
}
