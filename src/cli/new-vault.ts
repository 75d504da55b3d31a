import { Option } from "commander";
import { HoldfastError } from "../core/words/error.js";
import { printable } from "../core/words/printable.js";
import { isVault } from "../vault/layout.js";
import { withoutOwnFolders } from "./own-folders.js";
import type { Session } from "./session.js";
import { isSomebodyElses } from "./which-vault.js";

export interface NewVaultOption {
  readonly newVault?: boolean;
}

export function newVaultOption(): Option {
  return new Option(
    "--new-vault",
    "make the vault if it is not there (or HOLDFAST_NEW_VAULT=1); without it, a question at the terminal, else an error",
  );
}

/**
 * The session of a command that captures: its vault is there, or somebody wants a new one, by the option, by the variable
 * or by an answer at the terminal. Otherwise throws `no-vault`; makes nothing itself. Throws `usage` for a place where no
 * vault is made, and for a vault of somebody else that was found and not named.
 */
export async function sessionForCapture(session: Session, options: NewVaultOption): Promise<Session> {
  const { vault, vaultBy: by, io, world } = session;
  if (isVault(vault)) {
    if (by === "around" && vault !== io.cwd && isSomebodyElses(vault)) throw foundOfSomebodyElse(vault);
    return session;
  }
  // A disk that is not there today: a second vault under its name would hide that.
  if (by === "memory") throw rememberedIsMissing(vault);
  const { mayMakeVault, refusePlaceOfVault } = await import("../seal/new-vault.js");
  refusePlaceOfVault(vault);
  if (options.newVault !== true && !mayMakeVault(world.env) && !(await wantsNewVault(session))) {
    throw noVault(session);
  }
  return { ...session, world: { ...world, env: { ...world.env, HOLDFAST_NEW_VAULT: "1" } } };
}

async function wantsNewVault({ vault, io, screen, world }: Session): Promise<boolean> {
  if (io.ask === undefined || io.stderr.isTTY !== true) return false;
  screen.clear();
  const place = withoutOwnFolders(printable(vault), { cwd: io.cwd, home: io.env.HOME ?? null });
  const answer = await io.ask(`There is no vault at ${place}. Make a new one there? [y/N] `, world.signal);
  return /^\s*(?:y|yes)\s*$/i.test(answer);
}

function noVault({ vault, vaultBy }: Session): HoldfastError {
  const both = `holdfast init ${printable(vault)}; or add --new-vault (in scripts HOLDFAST_NEW_VAULT=1)`;
  if (vaultBy === "default") {
    return new HoldfastError(
      "no-vault",
      "looking for a vault: there is none in this folder or above it, none is named and none is remembered",
      `make one on purpose: ${both}; or name one that exists with --vault or HOLDFAST_VAULT`,
    );
  }
  return new HoldfastError(
    "no-vault",
    `opening ${vault}: there is no vault here`,
    `check the path, and whether its disk is there; for a new vault: ${both}`,
  );
}

/** The error for a remembered vault whose disk is not connected, or that was moved. */
export function rememberedIsMissing(vault: string): HoldfastError {
  return new HoldfastError(
    "no-vault",
    `opening ${vault}, the vault that this machine remembers: it is not there`,
    "connect the disk that it lies on; or remember another one, new or not: holdfast init DIR",
  );
}

function foundOfSomebodyElse(vault: string): HoldfastError {
  return new HoldfastError(
    "usage",
    `capturing into ${vault}, the vault around this folder: it belongs to another user of this machine`,
    `to use it all the same, name it: --vault ${vault}`,
  );
}
