import type { Command } from "commander";
import { printable, printableJson } from "../../core/words/printable.js";
import type { DocumentedCommand } from "../documented-command.js";
import { exitStatus } from "../exit-status.js";
import type { RunCommand, Session } from "../session.js";

export function addOpen(program: DocumentedCommand, run: RunCommand): void {
  program
    .command("open")
    .summary("look at captures in a browser, on one page")
    .description(
      "Makes one HTML page of captures and opens it in the browser: a player, the contact sheet, the keyframes, who says what, the files with their digests and the log entries. The page needs no network, copies nothing and changes nothing in the vault.",
    )
    .argument("<id...>", "capture ids or unique parts of them")
    .explain({
      notes: [
        "The page lies in a private folder for temporary files, beside links to the files in the vault. Its path is printed; without a desktop, with --json, or where the answer goes to a file or another program, nothing is opened.",
        "A browser that sees no folder for temporary files, as those of a snap or flatpak, needs another one: TMPDIR=~/pages holdfast open SC12NB50.",
        "The page checks no digest: 'holdfast verify' does. It leaves out what people noted and the private annex. To hand a clip over: 'holdfast export'.",
      ],
      examples: [
        ["holdfast open SC12NB50", "look at one capture"],
        ["holdfast open SC12NB50 7XK2M9QD", "look at two on one page"],
        ["holdfast open SC12NB50 --json", "make the page and print its path, for a program"],
      ],
      statuses: { 1: "an object or the log is not as recorded, and cannot be shown" },
    })
    .action((ids: readonly string[], _options: object, command: Command) =>
      run(command, (session) => open(session, ids)),
    );
}

async function open(session: Session, ids: readonly string[]) {
  const { makeVaultPage } = await import("../../handover/vault-pages.js");
  const made = makeVaultPage(session.vault, ids, session.world);
  const opened = await openIfAsked(session, made.page);
  if (session.json) session.screen.data(printableJson({ ...made, opened }));
  else session.screen.data(printable(made.page));
  return exitStatus.done;
}

/** Opens the page where a person sits before a desktop; before a terminal alone, says what its path is for. */
async function openIfAsked({ io, json, quiet, screen }: Session, page: string): Promise<boolean> {
  if (json || io.stdout.isTTY !== true) return false;
  const { desktopOpener, openOnDesktop } = await import("../../tools/run/desktop.js");
  const opener = desktopOpener(process.platform, io.env);
  const opened = opener !== null && (await openOnDesktop(opener, page, io.env));
  if (!opened && !quiet) screen.note("no browser could be opened; open this file with one:");
  return opened;
}
