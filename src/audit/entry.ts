import { concat, exactText } from "./bytes.js";
import { isJsonObject, type Json, type JsonObject, parseCanonical } from "./canonical-json.js";
import { isSha256, sha256 } from "./digest.js";
import { demand, readOr } from "./finding.js";

/** What an entry can state (FORMAT.md §4.4). The schema of each body is `entry.schema.json#/$defs/<event>`. */
export const eventNames = [
  "vault-created",
  "capture",
  "capture-failed",
  "derive",
  "derive-failed",
  "fixity-check",
  "settings-changed",
  "recovery",
  "key-rotated",
  "token",
  "witness-added",
  "export-begun",
  "export",
  "annotate",
  "redact",
  "page",
  "page-failed",
  "wayback",
  "withdraw",
] as const;

export type EventName = (typeof eventNames)[number];

/** One line of the custody log (FORMAT.md §4.2). */
export interface Entry {
  readonly v: 1;
  /** From 1, no gaps. */
  readonly seq: number;
  /** Hash of the line before, `genesisPrev` for entry 1. */
  readonly prev: string;
  /** The writer's clock, `2026-11-23T18:22:05.120Z`. Order is by `seq`: a clock may run backwards. */
  readonly at: string;
  readonly event: EventName;
  /** Pseudonymous: who it was is in the private annex. */
  readonly actor: string;
  /** Name and version of the program that wrote the entry. */
  readonly tool: string;
  readonly body: JsonObject;
}

/** `prev` of entry 1. */
export const genesisPrev = "0".repeat(64);

/** The SHA-256 of a line given without its LF: the hash covers line and LF, as `sed -n 5p log.jsonl | sha256sum`. */
export function lineHash(line: string): string {
  return sha256(`${line}\n`);
}

/** The same for a line as bytes, which may not be text. */
export function lineHashOfBytes(line: Uint8Array): string {
  return sha256(concat(line, lineFeed));
}

const lineFeed = Uint8Array.of(0x0a);

/**
 * Reads one line, without its LF, strictly. Throws FormatError: the codes of `parseCanonical`, `not-an-object`,
 * `unknown-version`, `missing-key`, `unknown-key`, `bad-seq`, `bad-prev`, `bad-time`, `unknown-event`, `bad-actor`,
 * `bad-tool`, `bad-body`. The schema judges the content of a body.
 */
export function parseEntry(line: string): Entry {
  const value = parseCanonical(line);
  demand(isJsonObject(value), "not-an-object", "the entry is not a JSON object");
  // First, because another version may have other keys.
  demand(value.v === 1, "unknown-version", "the entry is not of version 1");
  const missing = keys.find((key) => !Object.hasOwn(value, key));
  demand(missing === undefined, "missing-key", `the entry has no ${missing}`);
  demand(Object.keys(value).length === keys.length, "unknown-key", "the entry has an unknown key");
  const { seq, prev, at, actor, tool, body } = value;
  demand(typeof seq === "number" && seq >= 1, "bad-seq", "seq is not a whole number from 1");
  demand(typeof prev === "string" && isSha256(prev), "bad-prev", "prev is not 64 lower-case hex digits");
  demand(typeof at === "string" && isUtcMillis(at), "bad-time", "at is not a UTC time with milliseconds");
  const event = eventNames.find((name) => name === value.event);
  demand(event !== undefined, "unknown-event", "the event is not one this version knows");
  demand(isName(actor), "bad-actor", "actor is not a short printable ASCII text");
  demand(isName(tool), "bad-tool", "tool is not a short printable ASCII text");
  demand(isJsonObject(body), "bad-body", "body is not a JSON object");
  return { v: 1, seq, prev, at, event, actor, tool, body };
}

const keys: readonly string[] = ["v", "seq", "prev", "at", "event", "actor", "tool", "body"];

function isName(value: Json | undefined): value is string {
  return typeof value === "string" && /^[ -~]{1,200}$/.test(value);
}

/** RFC 3339 in the one spelling that is allowed, for a day and an hour that exist. */
export function isUtcMillis(text: string): boolean {
  if (
    !/^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/.test(text)
  ) {
    return false;
  }
  // Every month has 28 days; later days exist if writing the time again gives the same text.
  return Number(text.slice(8, 10)) <= 28 || new Date(text).toISOString() === text;
}

/** What the next line of a log must say to follow the ones before it (FORMAT.md §4.3). */
export interface Link {
  readonly seq: number;
  readonly prev: string;
}

export const firstLink: Link = { seq: 1, prev: genesisPrev };

/** One thing wrong with a line. `code` is a code of `parseEntry`, `wrong-seq` or `wrong-prev`. */
interface LineFault {
  readonly code: string;
  readonly message: string;
}

interface LineCheck {
  /** Null if the line is not an entry at all. */
  readonly entry: Entry | null;
  readonly faults: readonly LineFault[];
  /** What the line after this one must say. */
  readonly next: Link;
}

/**
 * Checks one line, without its LF, against the link that the line before it left. All faults are reported. The next
 * link goes on from what this line says of itself, so that one removed line is one finding and not one per line after it.
 */
export function checkLine(line: string, expected: Link): LineCheck {
  const read = readOr(
    () => parseEntry(line),
    ({ code, message }): LineFault => ({ code, message }),
  );
  const [entry, faults] = "seq" in read ? [read, linkFaults(read, expected)] : [null, [read]];
  return { entry, faults, next: { seq: (entry?.seq ?? expected.seq) + 1, prev: lineHash(line) } };
}

/**
 * The same for a line as it is stored. Bytes that are not UTF-8 are not an entry, and the next line carries their hash.
 */
export function checkLineBytes(line: Uint8Array, expected: Link): LineCheck {
  const text = exactText(line);
  if (text !== null) return checkLine(text, expected);
  const fault = { code: "not-json", message: "the line is not UTF-8" };
  return { entry: null, faults: [fault], next: { seq: expected.seq + 1, prev: lineHashOfBytes(line) } };
}

function linkFaults({ seq, prev }: Entry, expected: Link): LineFault[] {
  const faults: LineFault[] = [];
  const add = (code: string, what: string) => faults.push({ code, message: `entry ${seq} ${what}` });
  if (seq !== expected.seq) add("wrong-seq", `stands where entry ${expected.seq} belongs`);
  if (prev !== expected.prev) {
    const [first, other] = ["does not begin with 64 zeros", "does not carry the hash of the line before it"];
    add("wrong-prev", expected.seq === 1 ? first : other);
  }
  return faults;
}
