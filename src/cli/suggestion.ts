import { readdirSync, statSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import type { Command } from "commander";
import { HoldfastError } from "../core/words/error.js";
import { nearestWords } from "../core/words/nearest.js";
import { printable } from "../core/words/printable.js";
import { isVault } from "../vault/layout.js";
import type { Session } from "./session.js";
import { inSameVault, inShell } from "./typed-again.js";
import { usualVault, whichVault } from "./which-vault.js";

/** Enough of an id to be mistyped, and no path. */
const likeId = /^(?:\d{8}-)?[0-9A-Z]{4,8}$/i;

/**
 * The error, with commands in its hint that name the same vault, and with what was meant where a name is not there: a
 * capture of this vault with nearly that id, a vault of this machine that has it, or a file with nearly that name. What is
 * no error of ours comes back as it is.
 */
export async function withSuggestion(error: unknown, session: Session, command: Command): Promise<unknown> {
  if (!(error instanceof HoldfastError)) return error;
  const known = inSameVault(error.hint, session);
  const told = known === error.hint ? error : new HoldfastError(error.code, error.message, known, error);
  if (!["usage", "not-found", "io"].includes(error.code)) return told;
  const guess = nearFile(session.io.cwd, fileNames(command)) ?? (await nearCapture(session, command.args));
  if (guess === null) return told;
  const hint = `${guess}${guess.endsWith("?") ? "" : ";"} ${known}`;
  return new HoldfastError(error.code, error.message, hint, error);
}

/** What was typed where a file may stand. */
function fileNames(command: Command): readonly string[] {
  // A workbook to be written is not there yet: a file with nearly its name is another one.
  const files = command.options.filter(({ flags }) => flags.includes("<file>") && flags !== "--xlsx <file>");
  const values = files.map((option): unknown => command.getOptionValue(option.attributeName()));
  return [...command.args, ...values.filter((value) => typeof value === "string")];
}

/** Says which file was meant by the first of these names that is none; null where nothing is like it. */
export function nearFile(cwd: string, names: readonly string[]): string | null {
  for (const name of names) {
    const path = resolve(cwd, name);
    if (/^[a-z][a-z0-9+.-]*:\/\//i.test(name) || statSync(path, { throwIfNoEntry: false })) continue;
    const wanted = basename(path).normalize("NFC");
    const found = namesIn(dirname(path));
    const most = Math.min(2, Math.floor(wanted.length / 3));
    const [near] = nearestWords(
      wanted.toLowerCase(),
      found.map((one) => one.normalize("NFC").toLowerCase()),
      most,
    );
    const meant = found.find((one) => one.normalize("NFC").toLowerCase() === near);
    if (meant !== undefined) {
      const shown = join(dirname(path), meant);
      return `did you mean ${inShell(name.startsWith("/") ? shown : relative(cwd, shown))}?`;
    }
  }
  return null;
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

async function nearCapture(session: Session, names: readonly string[]): Promise<string | null> {
  const { capturesNamed } = await import("../search/nearest.js");
  for (const part of names.filter((name) => likeId.test(name))) {
    const { isHere, near } = lookUp(capturesNamed, session.vault, part);
    if (isHere) continue;
    const elsewhere = otherVaults(session).find((vault) => lookUp(capturesNamed, vault, part).isHere);
    if (elsewhere !== undefined)
      return `the vault ${printable(elsewhere)} has one: --vault ${inShell(elsewhere)}`;
    if (near.length > 0) return `did you mean ${near.join(" or ")}?`;
  }
  return null;
}

/** A vault that cannot be read now is no help, and no second failure. */
function lookUp(
  capturesNamed: (
    vault: string,
    part: string,
  ) => { readonly isHere: boolean; readonly near: readonly string[] },
  vault: string,
  part: string,
): { readonly isHere: boolean; readonly near: readonly string[] } {
  try {
    return capturesNamed(vault, part);
  } catch {
    return { isHere: false, near: [] };
  }
}

/** The other vaults that this machine knows of. */
function otherVaults({ io, vault }: Session): readonly string[] {
  const named = io.env.HOLDFAST_VAULT;
  const known = [whichVault(undefined, io).path, named ? resolve(io.cwd, named) : null, usualVault(io).path];
  return [...new Set(known.filter((one) => one !== null))].filter((one) => one !== vault && isVault(one));
}
