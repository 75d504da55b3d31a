import { resolve } from "node:path";
import type { Command } from "commander";
import { HoldfastError } from "../../core/words/error.js";
import { printable, printableJson } from "../../core/words/printable.js";
import { rememberVault } from "../../seal/remembered-vault.js";
import { isVault } from "../../vault/layout.js";
import type { DocumentedCommand } from "../documented-command.js";
import { exitStatus } from "../exit-status.js";
import { errorLines } from "../failure-report.js";
import { rememberedIsMissing } from "../new-vault.js";
import { isSwitchedOn, type RunCommand, type Session } from "../session.js";
import { showUnsealed } from "../show-head.js";
import { usualVault } from "../which-vault.js";
import { addKeyOptions, type KeyOptions, keyChoice } from "./add-key.js";

export function addInit(program: DocumentedCommand, run: RunCommand): void {
  addKeyOptions(
    program
      .command("init")
      .summary("make a new vault")
      .description(
        "Makes an empty vault and the key that signs it, and remembers on this machine where it is: from then on every command uses it that is not told another one and finds none around the folder it is started in. For a vault that is there already, only that changes.",
      )
      .argument(
        "[dir]",
        "the folder of the vault (default: the one that other commands use, else ~/holdfast)",
      ),
  )
    .explain({
      notes: [
        "The key lies in ~/.config/holdfast/keys (or under $XDG_CONFIG_HOME), not in the vault; which vault is remembered stands in vault.json beside that folder. Keep a copy of it in another place: without it nobody can sign this log on, and whoever has it can sign in your name.",
      ],
      examples: [
        ["holdfast init ~/evidence", "make a vault there, with a new key, and remember it"],
        [
          "holdfast init ~/evidence --key ~/.ssh/id_ed25519.pub",
          "sign with a key in an agent or a FIDO device",
        ],
        [
          "holdfast init /media/disk/vault --passphrase",
          "make one on another disk, with a passphrase on its key",
        ],
      ],
      needsPrograms: true,
      statuses: { 0: "the vault is made, or was there already, and is remembered" },
    })
    .action((dir: string | undefined, options: KeyOptions, command: Command) =>
      run(command, (session) => init(session, placeOf(session, dir), options)),
    );
}

/** The folder that was typed, else the one that other commands use. Throws where that is a disk that is not there. */
function placeOf(session: Session, dir: string | undefined): string {
  const { vault, vaultBy, io } = session;
  const place = dir === undefined ? vault : resolve(io.cwd, dir);
  if (dir !== undefined && vaultBy === "option" && vault !== place) {
    throw new HoldfastError("usage", "making a vault: DIR and --vault name two places", "name one of them");
  }
  if (dir === undefined && vaultBy === "memory" && !isVault(place)) throw rememberedIsMissing(place);
  return place;
}

async function init(session: Session, vault: string, options: KeyOptions) {
  const choice = keyChoice(session.io.cwd, options);
  const { initVault } = await import("../../upkeep/init.js");
  const report = await initVault(
    vault,
    choice,
    { proxy: null, allowPrivate: isSwitchedOn(session, "HOLDFAST_ALLOW_PRIVATE"), force: false },
    session.world,
    (head) => showUnsealed(session, head),
  );
  const { path: before } = usualVault(session.io);
  rememberVault(session.world.env, vault);
  const { id, created, key, place, problem, hint } = report;
  if (session.json) {
    session.screen.data(printableJson({ vault, id, created, key, place, problem, hint }));
  } else if (!session.quiet) {
    const what = created ? "made a vault" : "the vault already exists";
    session.screen.answer(`${what}: ${printable(vault)}`);
    session.screen.answer(`  id    ${printable(id)}`);
    if (key !== null) session.screen.answer(`  key   ${printable(key)}`);
    if (place !== null) session.screen.answer(`        ${printable(place)}`);
    for (const line of rememberedWords(vault, before)) session.screen.answer(line);
    session.screen.answer("  next  holdfast archive URL");
  }
  if (problem !== null && !session.quiet) session.screen.error(errorLines(problem, hint ?? ""));
  return exitStatus.done;
}

function rememberedWords(vault: string, before: string): readonly string[] {
  return [
    "  used  by every command that is told no other vault and finds none around it",
    ...(before === vault || !isVault(before) ? [] : [`        (until now: ${printable(before)})`]),
  ];
}
