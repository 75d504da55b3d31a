import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A yt-dlp that reaches nobody and starts at once: for tests of what is made of a download, not of how it is done. */
export interface ScriptedDownloader {
  /** With this environment holdfast finds it and no other. */
  readonly env: Readonly<Record<string, string>>;
  /** Holds a line for each download that was begun: its address. */
  readonly begun: string;
  /** While there is such a file, who asks for an address with `held` in it gets no more than its beginning. */
  readonly held: string;
  /** Its words, one on a line, about an address with `lesser` in it: why formats were skipped, or with an error why nothing comes. Nothing at first. */
  readonly skipped: string;
}

/** Gives `clip` for any address; a page for one with `none`. Everything of it lies in `folder`, which it makes. */
export function scriptDownloader(folder: string, clip: string): ScriptedDownloader {
  const [bin, tools] = [join(folder, "bin"), join(folder, "tools")];
  for (const made of [bin, tools]) mkdirSync(made, { recursive: true });
  const [begun, held, skipped] = [join(folder, "begun"), join(folder, "held"), join(folder, "skipped")];
  writeFileSync(skipped, "");
  writeFileSync(
    join(bin, "yt-dlp"),
    `#!/bin/sh
for address; do :; done
case "$*" in *--version*) echo 2099.12.31; exit 0;; esac
echo "$address" >> "${begun}"
case "$address" in
  *none*) printf '<!doctype html><title>nothing here</title>' > media.mp4 ;;
  *held*) head -c 300 "${clip}" > media.mp4.part; while [ -e "${held}" ]; do sleep 0.1; done; rm media.mp4.part; cp "${clip}" media.mp4 ;;
  *lesser*) echo "[debug] Command-line config: []" >&2; cat "${skipped}" >&2; if grep -q ^ERROR "${skipped}"; then exit 1; fi; echo '{"format_id":"22"}' > media.info.json; cp "${clip}" media.mp4 ;;
  *) cp "${clip}" media.mp4 ;;
esac
`,
    { mode: 0o755 },
  );
  return { env: { PATH: `${bin}:${process.env.PATH}`, HOLDFAST_TOOLS: tools }, begun, held, skipped };
}
