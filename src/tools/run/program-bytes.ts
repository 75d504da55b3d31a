import { closeSync, openSync, readSync } from "node:fs";

/** The first bytes of a compiled program: ELF; Mach-O in its byte orders and fat; PE. */
const compiled = ["7f454c46", "cffaedfe", "cefaedfe", "feedfacf", "feedface", "cafebabe", "4d5a"];

/** A zip after a first line that is the same on every machine: a yt-dlp release. */
const zipapp = /^#!\/usr\/bin\/(?:env )?python3?(?:\.\d+)?\nPK\x03\x04/;

/**
 * Whether the digest of a program's file may be published: the file is compiled, or a zipapp for any Python. Any other
 * script may contain a local path and be so short that its digest can be checked against guesses. False if the file
 * cannot be read.
 */
export function tellsNoPlace(path: string): boolean {
  const head = headOf(path);
  const magic = head.toString("hex", 0, 4);
  return compiled.some((begins) => magic.startsWith(begins)) || zipapp.test(head.toString("latin1"));
}

function headOf(path: string): Buffer {
  try {
    const file = openSync(path, "r");
    try {
      const head = Buffer.alloc(64);
      return head.subarray(0, readSync(file, head, 0, head.length, 0));
    } finally {
      closeSync(file);
    }
  } catch {
    return Buffer.alloc(0);
  }
}
