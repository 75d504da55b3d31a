import type { Command } from "commander";
import type { HeadReport } from "../../checkpoint.js";
import { printable, printableJson } from "../../core/printable.js";
import { exitStatus, exitStatusHelp } from "../exit-status.js";
import { isSwitchedOn, type RunCommand, type Session } from "../session.js";
import { headObject, stampWords } from "../show-head.js";

interface CheckpointOptions {
  readonly show?: boolean;
  readonly proxy?: string;
}

export function addCheckpoint(program: Command, run: RunCommand): void {
  program
    .command("checkpoint")
    .summary("sign the log and have it time-stamped now")
    .description(
      "Signs the head of the log where something in it is not signed yet, and asks every time-stamping authority that has not answered for the newest checkpoint, also those whose next try is not due. With --show: prints that checkpoint to be given away.",
    )
    .option("--show", "print the three lines of the newest signed checkpoint, and write nothing")
    .option("--proxy <url>", "ask through this proxy, for instance socks5h://127.0.0.1:9050 for Tor")
    .addHelpText("after", exitStatusHelp(0, 1, 2, 4, 5, 6, 70, 130))
    .action((options: CheckpointOptions, command: Command) =>
      run(command, (session) => (options.show === true ? show(session) : seal(session, options))),
    );
}

async function seal(session: Session, options: CheckpointOptions) {
  const { checkpointNow } = await import("../../checkpoint-now.js");
  const seal = {
    proxy: options.proxy ?? null,
    allowPrivate: isSwitchedOn(session, "HOLDFAST_ALLOW_PRIVATE"),
    force: true,
  };
  const head = await checkpointNow(session.vault, seal, session.world);
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
    created ? `signed checkpoint ${size}` : `checkpoint ${size} is signed already and covers all there is`,
    `  root  ${root}`,
    `  key   ${key}`,
    ...stampWords(head).map((words) => `  time  ${words}`),
  ];
}

async function show(session: Session) {
  const { newestSigned } = await import("../../checkpoint-now.js");
  const { checkpoint, text } = newestSigned(session.vault);
  if (session.json) {
    const { origin, size, root } = checkpoint;
    session.screen.data(printableJson({ origin, size, root: root.toString("hex"), checkpoint: text }));
    return exitStatus.done;
  }
  // Exactly these lines: they are to be compared byte for byte by whoever keeps them.
  session.screen.data(text.trimEnd());
  if (!session.quiet) {
    session.screen.note(
      "Give these three lines to somebody you do not control: mail, print or publish them.",
    );
    session.screen.note("Whoever has them can see later that the log still goes on from here:");
    session.screen.note("holdfast verify --against FILE");
  }
  return exitStatus.done;
}
