import type { JailsFound } from "../capture/jails.js";
import { printable } from "../core/words/printable.js";
import { errorLines } from "./failure-report.js";
import type { Session } from "./session.js";

/** Says which parts of the downloader are not what set-up left there. They are used all the same, and records say so. */
export async function noteDownloaderChanges(
  session: Session,
  downloader: JailsFound["downloader"],
): Promise<void> {
  if (downloader === null || session.quiet) return;
  const { downloaderChanges } = await import("../capture/downloader-changes.js");
  const changes = downloaderChanges(downloader, session.world).map(
    ({ name, state }) => `${printable(name, 60)} ${state === "added-since-set-up" ? "was added" : "changed"}`,
  );
  if (changes.length === 0) return;
  const hint = "records say so; see holdfast doctor";
  for (const line of errorLines(`yt-dlp is not as set-up left it: ${changes.join(", ")}`, hint))
    session.screen.note(line);
}
