import type { Command } from "commander";
import { hex } from "../../audit/bytes.js";
import { HoldfastError } from "../../core/words/error.js";
import { printable, printableJson } from "../../core/words/printable.js";
import type { Acceptance, HeadReport } from "../../seal/checkpoint.js";
import type { DocumentedCommand } from "../documented-command.js";
import { exitStatus } from "../exit-status.js";
import { isSwitchedOn, type RunCommand, type Session } from "../session.js";
import { headObject, stampWords } from "../show-head.js";
import { inSameVault } from "../typed-again.js";

interface CheckpointOptions {
  readonly show?: boolean;
  readonly note?: boolean;
  readonly renew?: boolean;
  readonly proxy?: string;
  readonly acceptTail?: boolean;
  readonly acceptRollback?: boolean;
}

export function addCheckpoint(program: DocumentedCommand, run: RunCommand): void {
  program
    .command("checkpoint")
    .summary("sign the log and have it time-stamped now")
    .description(
      "Signs the head of the log if something in it is not signed yet. Then asks every time-stamping authority that has not answered for the newest checkpoint, also those whose next try is not due.",
    )
    .option(
      "--show",
      "print the three lines of the newest signed checkpoint, to be given away; writes nothing",
    )
    .option(
      "--note",
      "print it as a signed note (C2SP) for public witnesses, with an Ed25519 signature; writes nothing",
    )
    .option(
      "--renew",
      "sign once more, over the time-stamps too, and put new ones over them: before their certificates end, as doctor says",
    )
    .option(
      "--accept-tail",
      "accept the entries at the end that others wrote: list them, log that you accept them, and sign",
    )
    .option(
      "--accept-rollback",
      "accept a log that is not the one this machine remembers, after a restore: log what was remembered, and sign",
    )
    .option("--proxy <url>", "ask the authorities through this proxy; for Tor socks5h://127.0.0.1:9050")
    .explain({
      examples: [
        ["holdfast checkpoint", "sign now, and ask for the time-stamps that are pending"],
        [
          "holdfast checkpoint --show > checkpoint.txt",
          "write the newest checkpoint into a file, to be sent to somebody you trust",
        ],
        ["holdfast checkpoint --renew", "put new time-stamps over the old ones"],
        ["holdfast checkpoint --accept-tail", "look at what others wrote, accept it, and sign"],
        ["holdfast checkpoint --accept-rollback", "go on from a backup that you restored on purpose"],
      ],
      statuses: {
        0: "the newest checkpoint covers the log; authorities that did not answer are named as pending",
        1: "the log is not the one this machine remembers, or is not as recorded: nothing was signed",
        4: "a disk or file could not be read or written, or the log ends with entries that others wrote and nobody has accepted: nothing was signed",
      },
    })
    .action((options: CheckpointOptions, command: Command) =>
      run(command, (session) => {
        const acceptance = acceptanceOf(options);
        if (options.note === true) return showNote(session);
        return options.show === true ? show(session) : seal(session, options, acceptance);
      }),
    );
}

/** Throws HoldfastError `usage` for options that contradict each other. */
function acceptanceOf(options: CheckpointOptions): Acceptance | null {
  const { acceptTail, acceptRollback } = options;
  const given = [options.show, options.note, options.renew, acceptTail, acceptRollback].filter(
    (one) => one === true,
  );
  if (given.length < 2) return acceptTail === true ? "tail" : acceptRollback === true ? "rollback" : null;
  throw new HoldfastError(
    "usage",
    "--show, --note, --renew, --accept-tail and --accept-rollback exclude each other",
    "use only one; --accept-rollback is for a restored log, --accept-tail for entries that others added at its end",
  );
}

async function seal(session: Session, options: CheckpointOptions, acceptance: Acceptance | null) {
  const { checkpointNow } = await import("../../seal/checkpoint.js");
  const seal = {
    proxy: options.proxy ?? null,
    allowPrivate: isSwitchedOn(session, "HOLDFAST_ALLOW_PRIVATE"),
    force: true,
    renew: options.renew === true,
  };
  const head = await checkpointNow(session.vault, seal, session.world, acceptance);
  if (session.json) session.screen.data(printableJson(headObject(head)));
  else if (!session.quiet && head.size !== null) {
    for (const line of headPage(head)) session.screen.answer(printable(line));
  }
  if (head.failure !== null) throw head.failure;
  return exitStatus.done;
}

function headPage(head: HeadReport): readonly string[] {
  const { size, created, root, key } = head;
  return [
    created ? `signed checkpoint ${size}` : `checkpoint ${size} is already signed and covers every entry`,
    `  root  ${root}`,
    `  key   ${key}`,
    ...stampWords(head).map((words) => `  time  ${words}`),
  ];
}

async function show(session: Session) {
  const { newestSigned } = await import("../../seal/checkpoint.js");
  const { checkpoint, text } = newestSigned(session.vault);
  if (session.json) {
    const { origin, size, root } = checkpoint;
    session.screen.data(printableJson({ origin, size, root: hex(root), checkpoint: text }));
    return exitStatus.done;
  }
  // Exactly these lines, because whoever keeps them will compare them byte for byte.
  session.screen.data(text.trimEnd());
  if (!session.quiet) {
    session.screen.note("Give these lines to somebody you do not control: mail, print or publish them.");
    session.screen.note("With them, anyone can check later that the log still continues from here:");
    session.screen.note(inSameVault("holdfast verify --against FILE", session));
  }
  return exitStatus.done;
}

async function showNote(session: Session) {
  const { newestNote } = await import("../../seal/signed-note.js");
  const { checkpoint, note, verifierKey } = await newestNote(session.vault, session.world);
  if (session.json) {
    const { origin, size, root } = checkpoint;
    session.screen.data(printableJson({ origin, size, root: hex(root), note, verifier_key: verifierKey }));
    return exitStatus.done;
  }
  session.screen.data(note.trimEnd());
  if (!session.quiet) session.screen.note(`It is checked with this verifier key: ${verifierKey}`);
  return exitStatus.done;
}
