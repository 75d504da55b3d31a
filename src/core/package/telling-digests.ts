import type { CaptureRecord, DerivationRecord, Software } from "../capture/record.js";

/** A digest in a record of an earlier version that guesses about the collector's machine can be tried against. */
export interface TellingDigest {
  readonly file: "record.json" | "derived/derivation.json";
  /** The program, or the copy whose raw bytes it is over. */
  readonly of: string;
}

/**
 * The digest of a program that may be written anew into a page, a report or metadata; null for one of a record that does not
 * say what it is over: of yt-dlp it tells the place of the interpreter (FORMAT.md §5.5), of others it may.
 */
export function digestToHandOn({ sha256, sha256_of }: Software): string | null {
  return sha256_of === undefined ? null : sha256;
}

/**
 * The digests in a capture's records that tell. They cannot be taken out: the log states the SHA-256 of each record, and a
 * record that was cut would not be the one that was logged.
 */
export function tellingDigests(
  record: CaptureRecord,
  derivation: DerivationRecord | null,
): readonly TellingDigest[] {
  return [
    ...programsIn("record.json", record.software),
    ...record.redactions
      .filter(({ raw_sha256 }) => raw_sha256 !== null)
      .map(({ path }) => ({ file: "record.json" as const, of: path })),
    ...programsIn("derived/derivation.json", derivation?.software ?? []),
  ];
}

function programsIn(file: TellingDigest["file"], software: readonly Software[]): readonly TellingDigest[] {
  return software
    .filter(
      ({ name, sha256, sha256_of }) => /^yt-dlp\b/.test(name) && sha256 !== null && sha256_of === undefined,
    )
    .map(({ name }) => ({ file, of: name }));
}
