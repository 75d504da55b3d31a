import type { Command } from "commander";
import { printableJson } from "../../core/words/printable.js";
import { viewOf } from "../capture-list.js";
import { captureObject, capturePage } from "../capture-page.js";
import type { DocumentedCommand } from "../documented-command.js";
import { exitStatus } from "../exit-status.js";
import type { RunCommand, Session } from "../session.js";

export function addShow(program: DocumentedCommand, run: RunCommand): void {
  program
    .command("show")
    .summary("say everything about one capture")
    .description(
      "Shows everything about one capture: what was asked for, what the source claims, the files with their SHA-256, whether all of it arrived, which items of the Berkeley Protocol's §155 are missing, what was made from the originals, and its log entries.",
    )
    .argument("<id>", "a capture id or a unique part of it")
    .explain({
      examples: [
        ["holdfast show SC12NB50", "show one capture"],
        ["holdfast show SC12NB50 --json", "print its whole record, for a program"],
      ],
    })
    .action((id: string, _options: object, command: Command) => run(command, (session) => show(session, id)));
}

async function show(session: Session, id: string) {
  const { showCapture } = await import("../../search/show.js");
  const shown = showCapture(session.vault, id);
  if (session.json) {
    session.screen.data(printableJson(captureObject(shown)));
  } else {
    const lines = capturePage(shown, viewOf(session));
    session.screen.answer(lines.join("\n"));
  }
  return exitStatus.done;
}
