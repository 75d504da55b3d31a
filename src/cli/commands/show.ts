import type { Command } from "commander";
import { printableJson } from "../../core/words/printable.js";
import { captureObject, capturePage } from "../capture-page.js";
import { exitStatus, exitStatusHelp } from "../exit-status.js";
import type { RunCommand, Session } from "../session.js";
import { columnsOf } from "../terminal.js";

export function addShow(program: Command, run: RunCommand): void {
  program
    .command("show")
    .summary("everything about one capture")
    .description(
      "Shows what was asked, what the source claims, the files with their SHA-256, how completeness was judged, what was made from the originals, and the log entries.",
    )
    .argument("<id>", "a capture id or a unique part of it")
    .addHelpText("after", exitStatusHelp(0, 2, 5, 70))
    .action((id: string, _options: object, command: Command) => run(command, (session) => show(session, id)));
}

async function show(session: Session, id: string) {
  const { showCapture } = await import("../../search/show.js");
  const shown = showCapture(session.vault, id);
  if (session.json) {
    session.screen.data(printableJson(captureObject(shown)));
  } else {
    const lines = capturePage(shown, columnsOf(session.io.stdout), session.style);
    session.screen.answer(lines.join("\n"));
  }
  return exitStatus.done;
}
