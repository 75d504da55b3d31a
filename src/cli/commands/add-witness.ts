import { resolve } from "node:path";
import type { Command } from "commander";
import { readTypedFile } from "../../capture/typed-file.js";
import { HoldfastError } from "../../core/words/error.js";
import { printable, printableJson } from "../../core/words/printable.js";
import type { WitnessReport } from "../../seal/witness.js";
import type { DocumentedCommand } from "../documented-command.js";
import { exitStatus } from "../exit-status.js";
import { isSwitchedOn, type RunCommand, type Session } from "../session.js";
import { headObject, showHead } from "../show-head.js";

export function addWitness(program: DocumentedCommand, run: RunCommand): void {
  const witness = program
    .command("witness")
    .summary("keep somebody else's signature over a checkpoint")
    .description(
      "Keeps signatures that others make, with keys of their own, over checkpoints of this vault.",
    );
  witness
    .command("add")
    .summary("keep one signature")
    .description(
      "Keeps somebody else's signature over one of your checkpoints, beside that checkpoint and with an entry in the log. It shows that a key signed; who holds that key is for others to say.",
    )
    .argument("<file>", "what the witness sent: their .sig file, or a mail with it")
    .explain({
      notes: [
        "The witness signs what 'holdfast checkpoint --show' printed: ssh-keygen -Y sign -n holdfast-checkpoint@v1 -f THEIR_KEY < checkpoint.txt > checkpoint.sig",
      ],
      examples: [["holdfast witness add checkpoint.sig", "keep the signature that a colleague sent"]],
    })
    .action((file: string, _options: object, command: Command) =>
      run(command, (session) => add(session, file)),
    );
}

/** A mail with a signature is small; a larger file is the wrong one. */
const largestFile = 4 * 1024 * 1024;

async function add(session: Session, file: string) {
  const { addWitness: keep } = await import("../../seal/witness.js");
  const text = await readText(resolve(session.io.cwd, file), file, session.world.signal);
  const allowPrivate = isSwitchedOn(session, "HOLDFAST_ALLOW_PRIVATE");
  const seal = { proxy: null, allowPrivate, force: false };
  const report = await keep({ vault: session.vault, text, seal }, session.world);
  if (session.json) session.screen.data(printableJson(witnessObject(report)));
  else if (!session.quiet) session.screen.answer(printable(words(report)));
  showHead(session, report.head);
  return exitStatus.done;
}

function words({ checkpoint, key, path, entry, added }: WitnessReport): string {
  return added
    ? `stored the signature of ${key} over checkpoint ${checkpoint}: ${path}, entry ${entry}`
    : `the signature of ${key} over checkpoint ${checkpoint} is already stored: ${path}, entry ${entry}`;
}

/** The JSON line: schema `witnessReport`. */
function witnessObject({ checkpoint, key, path, entry, added, head }: WitnessReport): object {
  return { checkpoint, key, path, entry, added, head: headObject(head) };
}

async function readText(path: string, name: string, signal: AbortSignal): Promise<string> {
  try {
    return (await readTypedFile(path, largestFile, signal)).toString("latin1");
  } catch (error) {
    signal.throwIfAborted();
    const words = error instanceof Error ? error.message : "unknown";
    const hint = "give the file that the witness sent";
    throw new HoldfastError("usage", `reading ${name}: ${words}`, hint, error);
  }
}
