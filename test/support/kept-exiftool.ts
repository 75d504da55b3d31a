import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ExifToolSession } from "../../src/tools/media/exiftool.ts";

interface Opening {
  readonly openExifTool: (originals: string, scratch: string) => ExifToolSession;
}

const open: ExifToolSession[] = [];

/**
 * An ExifTool that starts once for all the command lines of a file of tests, until `closeExifTools`: it sees all that the
 * tests of this run write. What it sees of a vault otherwise is a claim of tools/run/jail.
 */
export function startedOnce<Module extends Opening>(module: Module): Module {
  const openExifTool = (): ExifToolSession => {
    const [kept = module.openExifTool(tmpdir(), mkdtempSync(join(tmpdir(), "holdfast-exiftool-")))] = open;
    open[0] = kept;
    return { ...kept, close: async () => undefined };
  };
  return { ...module, openExifTool };
}

export async function closeExifTools(): Promise<void> {
  for (const kept of open.splice(0)) await kept.close();
}
