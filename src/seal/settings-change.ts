import { sha256 } from "../audit/digest.js";
import { settingsChanges, settingsTrust } from "../core/capture/settings-change.js";
import type { World } from "../world.js";

/**
 * Tells what was changed in `holdfast.json` since this machine last wrote to the vault, before a command goes on: whoever
 * can write to the vault can name an authority of their own there. `known` is the text of then, `logged` the SHA-256 that
 * the log states.
 */
export function tellSettings(world: World, known: string | null, text: string, logged: string | null): void {
  if (known === text) return;
  const changes = known === null ? null : settingsChanges(known, text);
  if (changes === null) {
    if (logged !== sha256(text)) tellUnknown(world, text);
    return;
  }
  world.tell("holdfast.json was changed since this machine last wrote to this vault:");
  for (const change of changes) world.tell(`  ${change}`);
  if (changes.length === 0) world.tell("  its text, but no value in it");
}

function tellUnknown(world: World, text: string): void {
  world.tell(
    "holdfast.json was changed, and what it said before is not known on this machine; now it names:",
  );
  const trust = settingsTrust(text);
  for (const line of trust) world.tell(`  ${line}`);
  if (trust.length === 0) world.tell("  no authority");
}
