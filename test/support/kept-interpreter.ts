import type { Downloader } from "../../src/tools/download/fetch-types.ts";
import type { KeptYtDlp } from "../../src/tools/download/kept-yt-dlp.ts";

interface Keeping {
  readonly openKeptYtDlp: (program: Downloader) => KeptYtDlp;
}

const open = new Map<string, KeptYtDlp>();

/**
 * A yt-dlp that is loaded once for all the command lines of a file of tests, until `closeInterpreters`: to load it costs
 * more than the rest of a short batch. Each command line still ends whatever it started itself.
 */
export function loadedOnce<Module extends Keeping>(module: Module): Module {
  const openKeptYtDlp = (program: Downloader): KeptYtDlp => {
    const kept = open.get(program.path) ?? module.openKeptYtDlp(program);
    open.set(program.path, kept);
    return { run: (request) => kept.run(request), close: async () => undefined };
  };
  return { ...module, openKeptYtDlp };
}

export async function closeInterpreters(): Promise<void> {
  for (const kept of open.values()) await kept.close();
  open.clear();
}
