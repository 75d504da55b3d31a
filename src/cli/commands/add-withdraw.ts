import { type Command, Option } from "commander";
import { counted } from "../../core/words/counted.js";
import { HoldfastError } from "../../core/words/error.js";
import { printable, printableJson } from "../../core/words/printable.js";
import type { ToWithdraw, WithdrawalResult } from "../../upkeep/withdraw.js";
import type { DocumentedCommand } from "../documented-command.js";
import { type ExitStatus, exitStatus } from "../exit-status.js";
import { isSwitchedOn, type RunCommand, type Session } from "../session.js";
import { showHead } from "../show-head.js";
import { formatBytes, formatTime } from "../units.js";

export interface WithdrawOptions {
  readonly reason: string;
  readonly keepRecord?: boolean;
  readonly removeRecord?: boolean;
  readonly yes?: boolean;
}

export function addWithdraw(program: DocumentedCommand, run: RunCommand): void {
  program
    .command("withdraw")
    .summary("take captures out of the vault, and say why")
    .description(
      "Removes the files and the private annex of captures from this vault, for instance by a court's order or to protect a minor. A signed entry of the log keeps which captures they were, their digests, when and why.",
    )
    .argument("<id...>", "capture ids or unique parts of them")
    .requiredOption("--reason <text>", "why; the log keeps it for good, so name nobody in it")
    .addOption(
      new Option("--keep-record", "keep record.json and the inventories (the default)").conflicts(
        "removeRecord",
      ),
    )
    .option("--remove-record", "remove the record too: addresses, titles, descriptions, notes in the index")
    .option("--yes", "ask nothing; without a terminal nothing is withdrawn without it")
    .explain({
      notes: [
        "It cannot be taken back. The entry is signed first, and only then are files removed; after a kill or without the key, the next command that signs goes on.",
        "'holdfast verify' stays in order and names each withdrawn capture. Packages and pages leave it out. What people noted about it stays in the log; addresses stay in its entries.",
        "Only this vault is changed. Packages that were handed over, copies for publication, backups and snapshots of the disk still hold the files; the packages are listed. Pages that 'holdfast open' made keep titles and addresses until the system clears the folder for temporary files. Flash memory and file systems that copy on writing can keep removed blocks for a long time.",
        "With --keep-record, programs that check OCFL objects report the removed files as missing; with --remove-record the object is gone as a whole.",
      ],
      examples: [
        ['holdfast withdraw SC12NB50 --reason "court order 14/2"', "take one capture out, after a question"],
        [
          'holdfast withdraw SC12NB50 4T9KX2MB --reason "a minor" --remove-record --yes',
          "take two out with their records, without a question",
        ],
      ],
      statuses: {
        4: "it is logged, but the log could not be signed, so nothing was removed yet; or vault.db could not be written anew; or a disk or file could not be read or written",
        2: "the command line is wrong, no capture has that id, it is withdrawn already, or nobody said yes",
      },
    })
    .action((ids: readonly string[], options: WithdrawOptions, command: Command) =>
      run(command, (session) => withdraw(session, ids, options)),
    );
}

async function withdraw(
  session: Session,
  ids: readonly string[],
  options: WithdrawOptions,
): Promise<ExitStatus> {
  const { whatToWithdraw, withdrawCaptures } = await import("../../upkeep/withdraw.js");
  const wanted = whatToWithdraw(session.vault, ids);
  const removeRecord = await decide(session, wanted, options);
  const allowPrivate = isSwitchedOn(session, "HOLDFAST_ALLOW_PRIVATE");
  const seal = { proxy: null, allowPrivate, force: false };
  const request = { vault: session.vault, ids: wanted.map(({ id }) => id), reason: options.reason };
  const { results, head } = await withdrawCaptures({ ...request, removeRecord, seal }, session.world);
  for (const result of results) showResult(session, result);
  showHead(session, head);
  // The disk's problem can be that texts of the record are still in vault.db.
  const isDone = results.every(({ removed }) => removed) && head.failure?.code !== "io";
  return isDone ? exitStatus.done : exitStatus.notCaptured;
}

/** Asks what the command line leaves open; the answer says whether the record goes too. Throws `usage` without a yes. */
async function decide(
  { io, screen, world }: Session,
  wanted: readonly ToWithdraw[],
  { yes, keepRecord, removeRecord }: WithdrawOptions,
): Promise<boolean> {
  if (yes === true) return removeRecord === true;
  const ask = io.stderr.isTTY === true ? io.ask : undefined;
  if (ask === undefined) {
    throw new HoldfastError(
      "usage",
      "withdrawing: there is no terminal to ask at",
      "if you are sure, add --yes, and --remove-record if the record is to go too",
    );
  }
  screen.clear();
  for (const line of wanted.flatMap(described)) screen.note(line);
  const isYes = async (question: string) => /^\s*(?:y|yes)\s*$/i.test(await ask(question, world.signal));
  const what = wanted.length === 1 ? "it" : "them";
  if (!(await isYes(`Withdraw ${counted(wanted.length, "capture")}? Nothing brings ${what} back. [y/N] `))) {
    throw new HoldfastError("usage", "withdrawing: nobody said yes", "nothing was changed");
  }
  if (keepRecord === true || removeRecord === true) return removeRecord === true;
  return isYes("Remove the record too (addresses, titles, descriptions)? [y/N] ");
}

function described({ id, name, files, bytes, packages }: ToWithdraw): readonly string[] {
  const title = name === null ? "" : `  ${printable(name, 200)}`;
  const handed = packages.length === 0 ? "" : `; in ${counted(packages.length, "package")} already made`;
  return [`${id}${title}: ${counted(files, "file")}, ${formatBytes(bytes)}${handed}`];
}

function showResult({ screen, json, quiet }: Session, result: WithdrawalResult): void {
  const { id, entry, record, removed, packages } = result;
  if (json) screen.data(printableJson({ withdrawn: id, entry, record, removed, packages }));
  if (json || quiet) return;
  const state = removed ? "its files are no longer in this vault" : "nothing was removed yet: see below";
  screen.answer(`${id}  withdrawn, entry ${entry}, record ${record}; ${state}`);
  if (packages.length === 0) return;
  screen.answer("  still in packages made before, wherever they went:");
  for (const made of packages) screen.answer(`    entry ${made.entry}, ${formatTime(made.at)}, ${made.form}`);
}
