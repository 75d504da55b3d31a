import type { Command } from "commander";
import type { DocumentedCommand } from "../documented-command.js";
import { statusOfDerivations } from "../exit-status.js";
import { checkSandbox, type SandboxOption, sandboxOption } from "../sandbox-option.js";
import type { RunCommand, Session } from "../session.js";
import { showHead } from "../show-head.js";
import { showResult, showTally } from "../show-result.js";

interface DeriveOptions extends SandboxOption {
  readonly deep?: boolean;
}

export function addDerive(program: DocumentedCommand, run: RunCommand): void {
  program
    .command("derive")
    .summary("take keyframes and metadata, again or for the first time")
    .description(
      "Makes keyframes, contact sheet, metadata and a playable copy from the originals of captures, and stores them as the next version. The originals are only read, and what was made before stays.",
    )
    .argument("[id...]", "capture ids or unique parts of them; without any, all captures that still wait")
    .option("--deep", "hash every decoded frame too; slow")
    .addOption(sandboxOption())
    .explain({
      examples: [
        ["holdfast derive", "finish what a crash or a missing program left undone"],
        [
          "holdfast derive SC12NB50 --deep",
          "make everything of one capture again, with the hash of every frame",
        ],
      ],
      needsPrograms: true,
      statuses: {
        4: "keyframes or metadata of a capture could not be made, a disk or file could not be read or written, or the log ends with entries that others wrote and nobody has accepted",
      },
    })
    .action((ids: readonly string[], options: DeriveOptions, command: Command) =>
      run(command, (session) => derive(session, ids, options)),
    );
}

async function derive(session: Session, ids: readonly string[], options: DeriveOptions) {
  await checkSandbox(session, options, { fetching: false });
  const { deriveCaptures } = await import("../../capture/derive.js");
  const results = await deriveCaptures(
    { vault: session.vault, ids, deep: options.deep === true },
    session.world,
    (result) => showResult(session, result, "derive"),
    (head) => showHead(session, head),
  );
  if (results.length === 0 && !session.quiet) session.screen.note("no capture waits for keyframes");
  showTally(session, results);
  return statusOfDerivations(results);
}
