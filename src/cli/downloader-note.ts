import type { JailsFound } from "../capture/jails.js";
import { printable } from "../core/words/printable.js";
import { errorLines } from "./failure-report.js";
import type { Session } from "./session.js";

/** Names the parts of the downloader that changed since set-up. They are still used, and records state the change. */
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
  const hint = "records state this; for details: holdfast doctor";
  for (const line of errorLines(`yt-dlp has changed since set-up: ${changes.join(", ")}`, hint))
    session.screen.note(line);
}
