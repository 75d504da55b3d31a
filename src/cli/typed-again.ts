import type { Command } from "commander";
import { printable } from "../core/words/printable.js";
import type { Session } from "./session.js";

/** The options that somebody gave to a command, as they would be typed again, but for those named here. */
export function typedAgain(command: Command, without: readonly string[]): string {
  return command.options
    .filter((option) => !without.includes(option.attributeName()))
    .filter((option) => command.getOptionValueSource(option.attributeName()) === "cli")
    .map((option) => {
      const value: unknown = command.getOptionValue(option.attributeName());
      const name = option.long ?? option.flags;
      return typeof value === "boolean" ? name : `${name} ${inShell(valueText(value, option.flags))}`;
    })
    .join(" ");
}

/** Times are kept in milliseconds, sizes in bytes; both may be typed so. */
function valueText(value: unknown, flags: string): string {
  if (Array.isArray(value)) return value.join(",");
  return flags.includes("<time>") ? `${value}ms` : String(value);
}

/** Words of ours may name any of these commands; each works with a vault. */
const named =
  /\bholdfast (archive|import|batch|derive|list|find|show|open|stats|annotate|verify|export|report|redact|withdraw|checkpoint|witness(?: add)?|key(?: export| rotate)?|rebuild|doctor)\b(?![^;,']*--vault)/g;

/** Our own words, in which each command that they name repeats `--vault` where somebody named the vault so. */
export function inSameVault(words: string, { vault, vaultBy }: Pick<Session, "vault" | "vaultBy">): string {
  if (vaultBy !== "option") return words;
  const option = ` --vault ${inShell(vault)}`;
  return words.replaceAll(named, (command) => command + option);
}

/** A text as one word of a shell. */
export function inShell(text: string): string {
  const shown = printable(text);
  return /^[\p{L}\p{N}_@%+=:,./~-]+$/u.test(shown) ? shown : `'${shown.replaceAll("'", "'\\''")}'`;
}
