import type { Command } from "commander";
import { printableJson } from "../../core/words/printable.js";
import { addLeaveOptions, addReachOptions, type CaptureOptions, captureRequest } from "../capture-options.js";
import type { DocumentedCommand } from "../documented-command.js";
import { noteDownloaderChanges } from "../downloader-note.js";
import { exitStatus } from "../exit-status.js";
import { offerNotes, offerTable } from "../offer-page.js";
import { checkSandbox, sandboxOption } from "../sandbox-option.js";
import type { RunCommand, Session } from "../session.js";
import { columnsOf } from "../terminal.js";

export function addFormats(program: DocumentedCommand, run: RunCommand): void {
  const command = program
    .command("formats")
    .summary("say what a platform offers of a clip")
    .description(
      "Lists the formats that a platform offers of a clip to this connection, the worst first, which of them a capture would take, and what was refused and why. Fetches no clip, needs no vault and writes to none.",
    )
    .argument("<url>", "address of a video or post; of one with several, the first video is asked for");
  addLeaveOptions(addReachOptions(command))
    .addOption(sandboxOption())
    .explain({
      notes: [
        "The platform sees this as it sees a capture: with the same options, from the same connection and account. It may offer something else a minute later.",
      ],
      examples: [
        ["holdfast formats https://video.example/watch/811", "list what there is, and what a capture takes"],
        [
          "holdfast formats --cookies cookies.txt https://video.example/watch/811",
          "the same, for what your account can see",
        ],
        [
          "holdfast formats --format 22 https://video.example/watch/811",
          "see what archive with this --format would take; the record says that it was chosen",
        ],
      ],
      opensVault: false,
      needsPrograms: true,
      statuses: {
        0: "the formats are listed, also where some were refused",
        4: "the platform could not be asked, or has no clip there; the reason is the one that a capture would have",
      },
    })
    .action((url: string, options: CaptureOptions, command: Command) =>
      run(command, (session) => formats(session, url, options)),
    );
}

async function formats(session: Session, text: string, options: CaptureOptions) {
  const { typedAddresses } = await import("../typed-addresses.js");
  const [url = text] = typedAddresses([text], session.io.cwd);
  await noteDownloaderChanges(session, await checkSandbox(session, options, { fetching: true }));
  const { offeredFormats } = await import("../../capture/formats.js");
  const { offer, rendition } = await offeredFormats(
    { ...captureRequest(session, options), url },
    session.world,
  );
  const { grade, reasons } = rendition;
  if (session.json) {
    for (const format of offer.formats) session.screen.data(printableJson(format));
    const { title, place, formats } = offer;
    session.screen.data(
      printableJson({ url, title, place, formats: formats.length, rendition: { grade, reasons } }),
    );
    return exitStatus.done;
  }
  session.screen.answer(offerTable(offer, columnsOf(session.io.stdout), session.style).join("\n"));
  if (session.quiet) return exitStatus.done;
  for (const line of offerNotes(offer, rendition)) session.screen.note(line);
  return exitStatus.done;
}
