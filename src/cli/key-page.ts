import { printable } from "../core/words/printable.js";
import type { KeyFacts, KeyHeld, KeyReport, RotationReport } from "../seal/key.js";
import { labelled } from "./text-layout.js";
import { formatTime } from "./units.js";

/** The page of `key show`. */
export function keyPage(report: KeyReport, columns: number): readonly string[] {
  const width = Math.min(columns, 110);
  const { key, history } = report;
  if (key === null) {
    return [
      "this vault has no signing key: it is of an earlier build",
      ...labelled([["next", "holdfast key rotate"]], width),
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
        ["signs here", heldWords(report.held, report.place)],
        ["lies in", report.place === null ? null : printable(report.place)],
        ["before", ...earlier],
        ["next", "holdfast key export writes the line for whoever checks"],
      ],
      width,
    ),
  ];
}

/** The page of `key rotate`. */
export function rotationPage(report: RotationReport, columns: number): readonly string[] {
  const width = Math.min(columns, 110);
  return [
    "this vault has another signing key",
    ...labelled(
      [
        ["key", printable(report.key.fingerprint)],
        ["before", report.previous === null ? "none" : printable(report.previous.fingerprint)],
        ["entry", String(report.entry)],
        ["signs here", heldWords(report.held, report.place)],
        ["lies in", report.place === null ? null : printable(report.place)],
        ["old key", endorsement(report)],
        ["next", "give whoever checks the new line: holdfast key export"],
      ],
      width,
    ),
  ];
}

function endorsement({ endorsed, previous, reason, entry, problem }: RotationReport): string {
  if (endorsed) return `it signed the checkpoint of size ${entry}, its last one: it names the new key itself`;
  if (previous === null)
    return "there was none, so nothing names the new key but the log. It signs from the next entry on";
  if (reason === "routine") {
    const why = printable(problem ?? "no checkpoint was made");
    return `it has not signed the change yet: ${why}. Run 'holdfast checkpoint' before anything else`;
  }
  return (
    "it did not sign the change. A check says so (key-not-endorsed) until whoever checks gets the new line from you; " +
    "what the old key signed keeps its time-stamps. The new key signs from the next entry on"
  );
}

function heldWords(held: KeyHeld, place: string | null): string {
  const path = printable(place ?? "");
  const words: Readonly<Record<KeyHeld, string>> = {
    file: "yes",
    "locked-file": `with its passphrase: ssh-add ${path}`,
    device: "with its device plugged in and touched, or through an agent",
    agent: "through the agent that has it",
    no: "no: this machine does not have it",
  };
  return words[held];
}

const strangerWords =
  "no: this machine does not have it and no key before it endorsed it. Whoever can write to vault.db can put a key there";

function spanOf({ fingerprint, from, until, reason, known }: KeyFacts): string {
  const end = until === null ? "" : ` to ${formatTime(until)}`;
  return `${printable(fingerprint)}, ${formatTime(from)}${end}, ${reason ?? "no reason stated"}${known ? "" : " (not known: not on this machine, and endorsed by no key before it)"}`;
}
