import type { Command } from "commander";
import { printableJson } from "../../core/words/printable.js";
import { viewOf } from "../capture-list.js";
import type { DocumentedCommand } from "../documented-command.js";
import { exitStatus } from "../exit-status.js";
import type { RunCommand, Session } from "../session.js";
import { statisticsPage } from "../statistics-page.js";

export function addStats(program: DocumentedCommand, run: RunCommand): void {
  program
    .command("stats")
    .summary("count what the vault holds")
    .description(
      "Counts what the vault holds: captures and failed attempts by status, rendition, site and month, their size, what waits for keyframes or a time-stamp, the oldest and the newest. Only reads.",
    )
    .explain({
      notes: [
        "The figures come from the index. Sizes are in powers of 1000, with --json in bytes; months are those of UTC. What changed on the disk since is for 'holdfast verify' to find.",
      ],
      examples: [
        ["holdfast stats", "count what the vault holds"],
        ["holdfast stats --json", "print every figure, all sites among them, for a program"],
      ],
    })
    .action((_options: object, command: Command) => run(command, stats));
}

async function stats(session: Session) {
  const { countVault } = await import("../../search/statistics.js");
  const found = countVault(session.vault);
  if (session.json) session.screen.data(printableJson(found));
  else session.screen.answer(statisticsPage(found, viewOf(session)).join("\n"));
  return exitStatus.done;
}
