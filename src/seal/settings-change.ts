import { sha256 } from "../audit/digest.js";
import { settingsChanges, settingsTrust } from "../core/capture/settings-change.js";
import type { World } from "../world.js";

/**
 * Tells the user, before a command continues, what changed in `holdfast.json` since this machine last wrote to the vault:
 * anyone who can write to the vault can add their own authority there. `known` is the earlier text, `logged` the SHA-256
 * that the log states.
 */
export function tellSettings(world: World, known: string | null, text: string, logged: string | null): void {
  if (known === text) return;
  const changes = known === null ? null : settingsChanges(known, text);
  if (changes === null) {
    if (logged !== sha256(text)) tellUnknown(world, text);
    return;
  }
  world.tell("holdfast.json has changed since this machine last wrote to this vault:");
  for (const change of changes) world.tell(`  ${change}`);
  if (changes.length === 0) world.tell("  only its formatting, no value");
}

function tellUnknown(world: World, text: string): void {
  world.tell("holdfast.json has changed, and this machine does not know what it said before; it now names:");
  const trust = settingsTrust(text);
  for (const line of trust) world.tell(`  ${line}`);
  if (trust.length === 0) world.tell("  no authority");
}
