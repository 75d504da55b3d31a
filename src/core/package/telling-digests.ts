import type { CaptureRecord, DerivationRecord, Software } from "../capture/record.js";

/** A digest in a record of an earlier version that lets others test guesses about the collector's machine. */
export interface TellingDigest {
  readonly file: "record.json" | "derived/derivation.json";
  /** The program, or the copy whose raw bytes it covers. */
  readonly of: string;
}

/**
 * The digest of a program that may be copied into a page, a report or metadata. Null if the record does not say what
 * the digest covers: that of yt-dlp reveals the place of the interpreter (FORMAT.md §5.5), and others may.
 */
export function digestToHandOn({ sha256, sha256_of }: Software): string | null {
  return sha256_of === undefined ? null : sha256;
}

/**
 * The digests in a capture's records that reveal something. They cannot be removed: the log states the SHA-256 of each
 * record, and a cut record would not be the one that was logged.
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
