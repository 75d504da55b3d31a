import { closeSync, openSync, readSync } from "node:fs";
import { isExecutable } from "../run/jail-state.js";

/** How to load yt-dlp without starting its file. */
export interface YtDlpModule {
  /** Absolute path of the Python that loads it. */
  readonly python: string;
  /** The file itself if it contains the package; null if Python finds the package among its own. */
  readonly zip: string | null;
}

/**
 * Reads from the first bytes of a yt-dlp file whether and how it can be loaded: pip's console script, or a zipapp. Null
 * for anything else, such as a standalone binary or a shell script: it is unknown what those would run.
 */
export function readYtDlpFile(path: string): YtDlpModule | null {
  const head = readHead(path);
  const firstLine = /^#!\s*(\S+)(?:[ \t]+(\S+))?[ \t]*\n/.exec(head);
  if (!firstLine) return null;
  const python = findPython(firstLine[1] ?? "", firstLine[2]);
  if (python === null) return null;
  if (head.startsWith("PK\x03\x04", firstLine[0].length)) return { python, zip: path };
  return /^from yt_dlp import main$/m.test(head) ? { python, zip: null } : null;
}

const pythonName = /^python3?(\.\d+)?$/;

function findPython(program: string, argument: string | undefined): string | null {
  if (argument === undefined) return pythonName.test(program.split("/").at(-1) ?? "") ? program : null;
  if (program !== "/usr/bin/env" || !pythonName.test(argument)) return null;
  // The PATH of every program that holdfast starts.
  const places = ["/usr/bin", "/bin"].map((folder) => `${folder}/${argument}`);
  return places.find(isExecutable) ?? null;
}

const headBytes = 4096;

function readHead(path: string): string {
  try {
    const file = openSync(path, "r");
    try {
      const head = Buffer.alloc(headBytes);
      return head.toString("latin1", 0, readSync(file, head, 0, headBytes, 0));
    } finally {
      closeSync(file);
    }
  } catch {
    return "";
  }
}
