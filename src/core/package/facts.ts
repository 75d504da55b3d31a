import type { AuthorityTime } from "../../audit/authority-times.js";
import type { CaptureRecord, DerivationRecord } from "../capture/record.js";
import type { RevealingTags } from "../media/media-tags.js";
import type { PageRecord } from "../page/page-record.js";

/** What the pages and the metadata of a package are made from (FORMAT.md §17). All of it is the exporter's word. */
export interface PackageFacts {
  /** `holdfast/` and the vault's id. */
  readonly origin: string;
  /** When the package was made, UTC. */
  readonly madeAt: string;
  /** Name and version of the program. */
  readonly tool: string;
  readonly profile: "redacted" | "with-annex";
  /** In ascending order of id. */
  readonly captures: readonly CaptureFacts[];
  /** In ascending order of size. */
  readonly checkpoints: readonly CheckpointFacts[];
}

/**
 * What a page is made from that shows captures of a vault itself. It stands beside a folder for each of them, with the
 * files as a package would hold them.
 */
export interface VaultPageFacts {
  /** When the page was made, UTC. */
  readonly madeAt: string;
  readonly tool: string;
  /** In ascending order of id. */
  readonly captures: readonly VaultCaptureFacts[];
}

/** One capture on such a page. Its `existedBy` is what the index says of tokens that nobody checked for the page. */
export interface VaultCaptureFacts extends CaptureFacts {
  /** Files that the log names and that are not there, or not with their size; logical paths. */
  readonly missing: readonly string[];
}

/** One capture in a package. */
export interface CaptureFacts {
  readonly id: string;
  readonly record: CaptureRecord;
  readonly derivation: DerivationRecord | null;
  /** The records of its pages, oldest first. */
  readonly pages: readonly PageRecord[];
  /** Every file under `data/<id>/`, in ascending order of path. */
  readonly files: readonly PackagedFile[];
  /** Its entries in the log, in order. `sha256` is the hash of the line with its LF. */
  readonly entries: readonly {
    readonly seq: number;
    readonly at: string;
    readonly event: string;
    readonly sha256: string;
  }[];
  /** What the `annotate` entries in the package say and no later one of them replaces, in order of key. */
  readonly annotations: readonly { readonly key: string; readonly value: string; readonly entry: number }[];
  /** What the tags of its files as received reveal; `read` is false if not all of them were read. */
  readonly tags: { readonly read: boolean; readonly originals: readonly RevealingTags[] };
  /**
   * Authorities that stamped the oldest such checkpoint that covers its first entry, by tokens that whoever made the
   * package traced to a trusted root; empty if there is none.
   */
  readonly existedBy: readonly (AuthorityTime & { readonly checkpoint: number })[];
}

export interface PackagedFile {
  /** Relative to `data/`, such as `20261123-4T9KX2MB/original/track-1.mp4`. */
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly sha512: string;
}

/** A checkpoint in a package, by what its files say. */
export interface CheckpointFacts {
  readonly size: number;
  /** Hex. */
  readonly root: string;
  /** Fingerprint of the key that signed it; null if the signature cannot be read. */
  readonly signedBy: string | null;
  readonly tokens: readonly {
    /** Name of the file without its ending. */
    readonly file: string;
    readonly kind: "rfc3161" | "opentimestamps";
    /** What an RFC 3161 token states, if it is good in itself. */
    readonly stamp: (AuthorityTime & { readonly trusted: boolean }) | null;
  }[];
  /** Fingerprints. */
  readonly witnesses: readonly string[];
}
