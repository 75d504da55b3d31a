import type { Command } from "commander";
import type { ArchiveRequest } from "../../capture/archive.js";
import { addCaptureOptions, type CaptureOptions, captureRequest } from "../capture-options.js";
import type { DocumentedCommand } from "../documented-command.js";
import { noteDownloaderChanges } from "../downloader-note.js";
import { statusOfCaptures } from "../exit-status.js";
import { sessionForCapture } from "../new-vault.js";
import { patienceOf } from "../patience.js";
import { checkSandbox } from "../sandbox-option.js";
import { isSwitchedOn, type RunCommand, type Session } from "../session.js";
import { showHead } from "../show-head.js";
import { showPageAround } from "../show-page.js";
import { showResult, showTally } from "../show-result.js";
import { typedAgain } from "../typed-again.js";

export function addArchive(program: DocumentedCommand, run: RunCommand): void {
  addCaptureOptions(
    program
      .command("archive")
      .summary("capture online videos")
      .description(
        "Captures online videos. Each is downloaded as the platform serves it and hashed file by file as it arrives; then come the record, the log entry and the keyframes. A playlist or channel gives one capture for each video.",
      )
      .argument(
        "<url...>",
        "addresses of videos, posts, playlists or channels; with --again also ids of captures, or parts of ids",
      ),
  )
    .option(
      "--no-page",
      "leave out the page around the clip, which is taken where Chromium is installed (or HOLDFAST_NO_PAGE=1)",
    )
    .explain({
      notes: [
        "What the vault holds already is not fetched again, unless --again is given. A clip that breaks off is kept and called incomplete; an attempt that fails is logged with its reason. A clip of which the platform kept better formats back is captured and called reduced, with the reason; that changes nothing about the exit status. Several addresses are captured one after the other, and one failure stops none of the others.",
        "Where the system's Chromium is installed, the page around each clip is taken too, once the clip is stored and its result printed: see 'holdfast page'. What becomes of the page changes nothing about the clip or the exit status.",
        "A failure that can pass, such as a line that drops, is followed by up to two more attempts. What came so far, why it is not the whole, and when the next attempt begins are said at once. Ctrl-C from then on makes no further attempt: the best of what came is recorded as after the last one.",
      ],
      examples: [
        ["holdfast archive https://video.example/watch/811", "capture one video"],
        [
          "holdfast archive --proxy socks5h://127.0.0.1:9050 https://video.example/watch/811",
          "capture it through Tor",
        ],
        [
          "holdfast archive --cookies cookies.txt https://video.example/private/5",
          "capture what your account can see",
        ],
        [
          "holdfast archive --again 20261123-4T9KX2MB",
          "fetch what a capture was made of once more; the first capture stays",
        ],
        [
          "holdfast archive --limit 50 --subs https://video.example/channel/news",
          "capture the first 50 videos of a channel, with subtitles",
        ],
      ],
      needsPrograms: true,
      statuses: {
        0: "every video is in the vault, captured now or before",
        4: "a capture failed or is incomplete (recorded as such), a post held something else that was not taken, a disk or file could not be read or written, or the log ends with entries that others wrote and nobody has accepted",
      },
    })
    .action((urls: readonly string[], options: ArchiveOptions, command: Command) =>
      run(command, (session) => archive(session, urls, options, command)),
    );
}

async function archive(asked: Session, urls: readonly string[], options: ArchiveOptions, command: Command) {
  const { typedAddresses, typedNames } = await import("../typed-addresses.js");
  const captures = typedNames(urls, options.again === true);
  const addresses = typedAddresses(
    urls.filter((text) => !captures.includes(text)),
    asked.io.cwd,
  );
  const session = addresses.length === 0 ? asked : await sessionForCapture(asked, options);
  await noteDownloaderChanges(session, await checkSandbox(session, options, { fetching: true }));
  const { archiveUrls } = await import("../../capture/archive.js");
  // A capture that is fetched again without its proxy or cookies would show another machine, or nothing.
  const again = typedAgain(command, ["again", "limit", "newVault"]);
  const results = await archiveUrls(
    { ...archiveRequest(session, addresses, captures, options), page: await pagesOf(session, options) },
    session.world,
    (result) => showResult(session, result, "capture", again === "" ? "" : ` ${again}`),
    (head) => showHead(session, head),
    patienceOf(session),
  );
  showTally(session, results);
  return statusOfCaptures(results);
}

interface ArchiveOptions extends CaptureOptions {
  readonly page: boolean;
}

/** The browser that takes the page around each clip; null where there is none, or none is wanted. */
async function pagesOf(session: Session, { page }: ArchiveOptions): Promise<ArchiveRequest["page"]> {
  if (!page || isSwitchedOn(session, "HOLDFAST_NO_PAGE")) return null;
  const { findBrowser } = await import("../../capture/page-tools.js");
  const browser = await findBrowser(session.world);
  return browser === null ? null : { browser, onPage: (result) => showPageAround(session, result) };
}

/** The options as the operation takes them: relative paths start from the current folder. */
export function archiveRequest(
  session: Session,
  urls: readonly string[],
  captures: readonly string[],
  options: CaptureOptions,
): Omit<ArchiveRequest, "page"> {
  return { ...captureRequest(session, options), vault: session.vault, urls, captures };
}
