import type { Command } from "commander";
import type { ArchiveRequest } from "../../capture/archive.js";
import { addCaptureOptions, type CaptureOptions, captureRequest } from "../capture-options.js";
import { noteDownloaderChanges } from "../downloader-note.js";
import { exitStatusHelp, statusOfCaptures } from "../exit-status.js";
import { checkSandbox } from "../sandbox-option.js";
import type { RunCommand, Session } from "../session.js";
import { showHead } from "../show-head.js";
import { showResult, showTally } from "../show-result.js";

export function addArchive(program: Command, run: RunCommand): void {
  addCaptureOptions(
    program
      .command("archive")
      .summary("capture online videos")
      .description(
        "Captures online videos: downloads each as the platform serves it, hashes every file as it arrives, writes the record and the log, then takes keyframes. A playlist or channel gives one capture per video.",
      )
      .argument("<url...>", "addresses of videos, posts, playlists or channels"),
  )
    .addHelpText("after", exitStatusHelp(0, 2, 3, 4, 5, 6, 70, 130))
    .action((urls: readonly string[], options: CaptureOptions, command: Command) =>
      run(command, (session) => archive(session, urls, options)),
    );
}

async function archive(session: Session, urls: readonly string[], options: CaptureOptions) {
  await noteDownloaderChanges(session, await checkSandbox(session, options, { fetching: true }));
  const { archiveUrls } = await import("../../capture/archive.js");
  const results = await archiveUrls(
    archiveRequest(session, urls, options),
    session.world,
    (result) => showResult(session, result, "capture", "the platform says"),
    (head) => showHead(session, head),
  );
  showTally(session, results);
  return statusOfCaptures(results);
}

/** The options as the operation takes them: relative paths start from the current folder. */
export function archiveRequest(
  session: Session,
  urls: readonly string[],
  options: CaptureOptions,
): ArchiveRequest {
  return { ...captureRequest(session, options), vault: session.vault, urls };
}
