import { printable } from "../core/words/printable.js";
import type { KeyFacts, KeyHeld, KeyReport, RotationReport } from "../seal/key.js";
import { labelled } from "./text-layout.js";
import { formatTime } from "./units.js";

/** The page of `key show`. `inVault`: how commands are named that are to work with the same vault. */
export function keyPage(
  report: KeyReport,
  columns: number,
  inVault: (words: string) => string,
): readonly string[] {
  const width = Math.min(columns, 110);
  const { key, history } = report;
  if (key === null) {
    return [
      "this vault has no signing key yet",
      ...labelled([["next", inVault("holdfast key rotate")]], width),
    ];
  }
  const earlier = history.slice(0, -1).map(spanOf);
  return [
    `signing key of vault ${printable(report.id)}`,
    ...labelled(
      [
        ["fingerprint", printable(key.fingerprint)],
        ["public key", printable(key.public_key)],
        ["since", `${formatTime(key.from)}, entry ${key.entry}`],
        ["known", key.known ? null : strangerWords],
        ["can sign here", heldWords(report.held, report.place)],
        ["stored in", report.place === null ? null : printable(report.place)],
        ["earlier keys", ...earlier],
        ["next", inVault("to give this key to a checker: holdfast key export")],
      ],
      width,
    ),
  ];
}

/** The page of `key rotate`. */
export function rotationPage(
  report: RotationReport,
  columns: number,
  inVault: (words: string) => string,
): readonly string[] {
  const width = Math.min(columns, 110);
  return [
    "this vault has a new signing key",
    ...labelled(
      [
        ["key", printable(report.key.fingerprint)],
        ["old key", report.previous === null ? "none" : printable(report.previous.fingerprint)],
        ["entry", String(report.entry)],
        ["can sign here", heldWords(report.held, report.place)],
        ["stored in", report.place === null ? null : printable(report.place)],
        ["endorsement", inVault(endorsement(report))],
        ["next", inVault("give checkers the new key line: holdfast key export")],
      ],
      width,
    ),
  ];
}

function endorsement({ endorsed, previous, reason, entry, problem }: RotationReport): string {
  if (endorsed)
    return `the old key signed checkpoint ${entry}, its last one, and thereby endorsed the new key`;
  if (previous === null)
    return "there was no old key, so only the log names the new one. The new key signs from the next entry on";
  if (reason === "routine") {
    const why = printable(problem ?? "no checkpoint was made");
    return `the old key has not signed the change yet: ${why}. Run 'holdfast checkpoint' before anything else`;
  }
  return (
    "the old key did not sign the change. A check reports key-not-endorsed until the checker has the new key line from you; " +
    "time-stamps over what the old key signed stay valid. The new key signs from the next entry on"
  );
}

function heldWords(held: KeyHeld, place: string | null): string {
  const path = printable(place ?? "");
  const words: Readonly<Record<KeyHeld, string>> = {
    file: "yes",
    "locked-file": `with its passphrase: ssh-add ${path}`,
    device: "with its device connected and touched, or through an agent",
    agent: "through the agent that holds it",
    no: "no: this machine does not have it",
  };
  return words[held];
}

const strangerWords =
  "no: this machine does not have it, and no earlier key endorsed it. Anyone who can write to vault.db can add a key there";

function spanOf({ fingerprint, from, until, reason, known }: KeyFacts): string {
  const end = until === null ? "" : ` to ${formatTime(until)}`;
  return `${printable(fingerprint)}, ${formatTime(from)}${end}, ${reason ?? "no reason stated"}${known ? "" : " (not known: not on this machine, and not endorsed by an earlier key)"}`;
}
