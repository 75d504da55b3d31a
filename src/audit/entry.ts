import { concat, exactText } from "./bytes.js";
import { isJsonObject, type Json, type JsonObject, parseCanonical } from "./canonical-json.js";
import { isSha256, sha256 } from "./digest.js";
import { FormatError } from "./finding.js";

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
  if (!isJsonObject(value)) throw new FormatError("not-an-object", "the entry is not a JSON object");
  // First, because another version may have other keys.
  if (value.v !== 1) throw new FormatError("unknown-version", "the entry is not of version 1");
  checkKeys(value);
  return {
    v: 1,
    seq: parseSeq(value.seq),
    prev: parsePrev(value.prev),
    at: parseTime(value.at),
    event: parseEvent(value.event),
    actor: parseName(value.actor, "bad-actor", "actor"),
    tool: parseName(value.tool, "bad-tool", "tool"),
    body: parseBody(value.body),
  };
}

const keys: readonly string[] = ["v", "seq", "prev", "at", "event", "actor", "tool", "body"];

function checkKeys(value: JsonObject): void {
  const present = Object.keys(value);
  const missing = keys.find((key) => !present.includes(key));
  if (missing !== undefined) throw new FormatError("missing-key", `the entry has no ${missing}`);
  if (present.length > keys.length) throw new FormatError("unknown-key", "the entry has an unknown key");
}

function parseSeq(value: Json | undefined): number {
  if (typeof value === "number" && value >= 1) return value;
  throw new FormatError("bad-seq", "seq is not a whole number from 1");
}

function parsePrev(value: Json | undefined): string {
  if (typeof value === "string" && isSha256(value)) return value;
  throw new FormatError("bad-prev", "prev is not 64 lower-case hex digits");
}

function parseTime(value: Json | undefined): string {
  if (typeof value === "string" && isUtcMillis(value)) return value;
  throw new FormatError("bad-time", "at is not a UTC time with milliseconds");
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

function parseEvent(value: Json | undefined): EventName {
  const event = eventNames.find((name) => name === value);
  if (event === undefined) throw new FormatError("unknown-event", "the event is not one this version knows");
  return event;
}

function parseName(value: Json | undefined, code: string, key: string): string {
  if (typeof value === "string" && /^[ -~]{1,200}$/.test(value)) return value;
  throw new FormatError(code, `${key} is not a short printable ASCII text`);
}

function parseBody(value: Json | undefined): JsonObject {
  if (isJsonObject(value)) return value;
  throw new FormatError("bad-body", "body is not a JSON object");
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
  const { entry, faults } = readLine(line);
  const next = { seq: (entry?.seq ?? expected.seq) + 1, prev: lineHash(line) };
  return { entry, faults: entry ? linkFaults(entry, expected) : faults, next };
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

function readLine(line: string): Pick<LineCheck, "entry" | "faults"> {
  try {
    return { entry: parseEntry(line), faults: [] };
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return { entry: null, faults: [{ code: error.code, message: error.message }] };
  }
}

function linkFaults(entry: Entry, expected: Link): LineFault[] {
  const faults: LineFault[] = [];
  if (entry.seq !== expected.seq) {
    faults.push({
      code: "wrong-seq",
      message: `entry ${entry.seq} stands where entry ${expected.seq} belongs`,
    });
  }
  if (entry.prev !== expected.prev) {
    const what =
      expected.seq === 1 ? "does not begin with 64 zeros" : "does not carry the hash of the line before it";
    faults.push({ code: "wrong-prev", message: `entry ${entry.seq} ${what}` });
  }
  return faults;
}
