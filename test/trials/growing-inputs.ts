import { runInNewContext } from "node:vm";
import type { Figures, Round } from "../soak/rounds.js";
import { type ForeignReader, stumbling } from "./foreign-reader.js";
import { foreignReaders } from "./fuzzing.js";

/** What patterns and loops go back over when it is repeated. */
const repeated: readonly string[] = [
  // A word is no more to go back over than its letters.
  ...stumbling.filter((part) => !/^[\w.-]{2,}$/.test(part)),
  ..." a0_é",
  " #",
  "a,",
  "a.",
  "a:",
  "a=",
  "%a",
  '{"a":',
  "\n ",
  "<title",
  "<title>",
  "<script application/ld+json>",
  "?sig=",
  "/ip/",
  "1.1.1.1 ",
  "::1 ",
  "https://a ",
  "ERROR: ",
  "send: b'",
  "-----BEGIN CERTIFICATE-----",
  "-----BEGIN SSH SIGNATURE-----\n",
  `holdfast/${"4f".repeat(16)}\n`,
];

/**
 * A quarter of a MiB of each, between the beginning of what a reader takes and an end that no pattern fits: work in the
 * square of that length takes half a minute and more, work in proportion to it some milliseconds.
 */
export function* growingInputs({ samples }: ForeignReader): Generator<string> {
  const [sample = ""] = samples;
  for (const part of repeated) yield grown(sample.slice(0, sample.length / 2), part, 256 * 1024, "\u2028!");
}

function grown(before: string, part: string, length: number, behind: string): string {
  return before + part.repeat(Math.ceil(length / part.length)) + behind;
}

const mostMs = 20_000;

/** Gives a reader one input. An endless loop or pattern is ended: vitest cannot end what never waits. */
export function readInTime(reader: ForeignReader, text: string): void {
  try {
    runInNewContext("read(text)", { read: reader.read, text }, { timeout: mostMs });
  } catch (error) {
    const begins = JSON.stringify(text.slice(0, 100));
    throw new Error(`${reader.name}: ${text.length} characters that begin ${begins}`, { cause: error });
  }
}

/** One reader with a MiB of up to three parts in a row, somewhere in what it takes. */
export async function growOne({ random }: Round): Promise<Figures> {
  const one = <T>(of: readonly T[]): T | undefined => of[Math.floor(random() * of.length)];
  const reader = one(foreignReaders);
  const sample = one(reader?.samples ?? []) ?? "";
  if (reader === undefined) throw new Error("there is no reader");
  const part = Array.from({ length: 1 + Math.floor(random() * 3) }, () => one(repeated) ?? "").join("");
  const behind = random() < 0.5 ? "" : (one(repeated) ?? "");
  const began = performance.now();
  readInTime(reader, grown(sample.slice(0, random() * sample.length), part, 1024 * 1024, behind));
  const took = performance.now() - began;
  return { inputs: 1, "over 100 ms": took > 100 ? 1 : 0, "over 1 s": took > 1000 ? 1 : 0 };
}
