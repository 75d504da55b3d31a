import type { EventName } from "../../audit/entry.js";
import type { Finding } from "../../audit/finding.js";
import type { RestsOn } from "../../audit/log-facts.js";
import type { CaptureRecord, ClockCheck, DerivationRecord, RunRecord, Software } from "../capture/record.js";
import type { PageTaken } from "../page/page-taken.js";

/*
 * The facts of one capture as its technical report states them (Berkeley Protocol §156 and Annex IV). The names are
 * those of the JSON line: schema `cli-output.schema.json#/$defs/reportResult`. No word here is in any reader's language.
 */

/** An attempt that left nothing but its entry and annex. `code` and `reason` are the entry's. */
export interface FailedAttempt {
  readonly at: string;
  readonly method: string;
  readonly url: string | null;
  readonly code: string;
  readonly reason: string;
  readonly attempts: number;
  readonly clock: ClockCheck;
  readonly runs: readonly RunRecord[];
  readonly software: readonly Software[];
}

/** A file of the evidence (v1), of a page or of the newest derivation, as the entry that names it states it. */
export interface ReportedFile {
  /** Version of the object that brought it, such as `v1`. */
  readonly version: string;
  readonly path: string;
  /** Role of a received file, kind of a derivative, or `record`. */
  readonly kind: string;
  readonly bytes: number;
  readonly sha256: string;
  /** From the inventory, whose own SHA-512 the entry states; null if the inventory has none. */
  readonly sha512: string | null;
  readonly hashed_at: string | null;
  readonly received_as: string | null;
  readonly as_received: boolean;
  readonly entry: number;
}

/** The hash list of one version: the OCFL inventory, and the hash of that list as the log states it. */
export interface HashList {
  readonly version: string;
  /** Relative to the vault. */
  readonly path: string;
  readonly sha512: string;
  readonly entry: number;
}

/** Who and where, read from the private annex because the user asked for it. The salt and local paths are left out. */
export interface AnnexDetails {
  /** Whether the file read is the one whose SHA-256 the log states. */
  readonly as_logged: boolean;
  readonly collector: string | null;
  readonly hostname: string | null;
  readonly os: string;
  readonly time_zone: string;
  readonly received_from: string | null;
  /** Without a name or password that stood in it. */
  readonly proxy: string | null;
  readonly egress_address: string | null;
  readonly egress_how: string;
  readonly connections: readonly {
    readonly at: string;
    readonly host: string;
    readonly port: number;
    readonly address: string | null;
    readonly bytes_in: number;
    readonly bytes_out: number;
    readonly refused: string | null;
  }[];
}

/** An entry of the log that is about this capture, or a check that covered it. */
export interface CustodyEvent {
  readonly seq: number;
  readonly at: string;
  readonly event: EventName;
  readonly actor: string;
  readonly tool: string;
  /** SHA-256 of the line with its LF, hex. */
  readonly hash: string;
  /** Size of the oldest checkpoint that covers it; null if none does yet. */
  readonly checkpoint: number | null;
  /** The form of a package, the verdict of a check, the reason of a failure; null if the event says it all. */
  readonly detail: string | null;
}

/** An outside statement over a checkpoint, as its `token` entry states it. */
export interface ReportedToken {
  readonly entry: number;
  readonly checkpoint: number;
  readonly kind: string;
  /** From the file's name; the check says who signed it. */
  readonly authority: string;
  readonly status: string;
  readonly gen_time: string | null;
  readonly accuracy_ms: number | null;
  /** `gen_time` less the clock of the machine that asked. */
  readonly clock_difference_ms: number | null;
  readonly path: string;
  readonly sha256: string;
}

/** A checkpoint that covers entries of this capture. Its state is that of the files in `log/`, not of a check. */
export interface ReportedCheckpoint {
  readonly size: number;
  readonly path: string;
  /** Hex; null if the file is missing or malformed. */
  readonly root: string | null;
  /** Fingerprint of the key whose signature fits; null without one. */
  readonly key: string | null;
  readonly tokens: readonly ReportedToken[];
  readonly witnesses: readonly { readonly entry: number; readonly fingerprint: string }[];
}

/** A configured authority that has not yet answered for the newest checkpoint. */
export interface PendingAuthority {
  readonly authority: string;
  readonly reason: string;
  readonly next_at: string | null;
}

export type CheckWord = "pass" | "fail" | "absent" | "unchecked";

/** What a check of this capture found when the report was made. */
export interface ReportedCheck {
  readonly made_at: string;
  readonly tool: string;
  readonly ok: boolean;
  readonly hashes: CheckWord;
  readonly chain: CheckWord;
  readonly signature: CheckWord;
  readonly tokens: CheckWord;
  /** Keys, and the authorities and witnesses over the checkpoints of this report, whose statements are good in themselves. */
  readonly rests_on: RestsOn;
  readonly checked: {
    readonly entries: number;
    readonly files: number;
    readonly bytes: number;
  };
  /** Findings on this capture or on the log as a whole. */
  readonly findings: readonly Finding[];
  /** How many more there were, about other captures of the vault. */
  readonly other_findings: number;
}

/** How it ended, judged by transfer and decoding together. */
export type ReportOutcome = "captured" | "incomplete" | "damaged" | "failed";

/** Whether nothing is known to be wrong with a kept clip, although not everything about it could be judged. A page alone has no clip. */
export function isUnjudged(of: Pick<ReportFacts, "outcome" | "record" | "derivation">): boolean {
  const { outcome, record, derivation } = of;
  if (outcome !== "captured" || record === null || record.method === "page") return false;
  if (derivation === null || derivation.completeness.verdict === "unknown") return true;
  return derivation.decode.length === 0 || derivation.decode.some(({ verdict }) => verdict === "unknown");
}

export interface ReportFacts {
  readonly capture: string;
  readonly vault_id: string;
  readonly made_at: string;
  readonly tool: string;
  readonly outcome: ReportOutcome;
  /** The object's folder relative to the vault; null for a failed attempt. */
  readonly object: string | null;
  readonly record: CaptureRecord | null;
  readonly derivation: DerivationRecord | null;
  readonly failed: FailedAttempt | null;
  readonly collector: {
    /** The pseudonym in the log. */
    readonly actor: string;
    /** SHA-256 of the private annex as the log states it. */
    readonly annex_sha256: string | null;
    /** Null unless the user asked for it by name. */
    readonly annex: AnnexDetails | null;
  };
  /** The pages around it and the attempts at them, oldest first. */
  readonly pages: readonly PageTaken[];
  readonly files: readonly ReportedFile[];
  readonly hash_lists: readonly HashList[];
  readonly custody: readonly CustodyEvent[];
  readonly checkpoints: readonly ReportedCheckpoint[];
  /**
   * The tokens over the oldest checkpoint that covers the capture's first entry, of those that the check traced to a
   * trusted root.
   */
  readonly existed_not_later_than: readonly ReportedToken[];
  readonly pending: readonly PendingAuthority[];
  readonly check: ReportedCheck;
}

/** What a document shows beside the facts. */
export interface ReportPictures {
  /** The contact sheet as JPEG in base64; null if there is none, it is too large or not as logged. */
  readonly contactSheet: string | null;
  /** The picture of the page in force as PNG in base64; null as for the sheet. */
  readonly page: string | null;
}

/** The outcome of a capture that was kept: incomplete before damaged, as `list` and `show` have it. */
export function outcomeOf(record: CaptureRecord, derivation: DerivationRecord | null): ReportOutcome {
  const verdict = (derivation ?? record).completeness.verdict;
  if (record.status === "incomplete" || verdict === "incomplete") return "incomplete";
  const damaged = derivation?.decode.some(
    (check) => check.verdict === "damaged" || check.verdict === "short",
  );
  return damaged ? "damaged" : "captured";
}
