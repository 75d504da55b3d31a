import type { CaptureId } from "../../audit/digest.js";

/** Where a value comes from (FORMAT.md §5.1). Every value that holdfast did not measure itself says so. */
export type Basis = "observed" | "platform_claim" | "file_claim" | "person_assertion" | "derived";

/** A value with its basis and the exact place it was read from, for instance `info.json:uploader`. */
export interface Claim<T> {
  readonly value: T;
  readonly basis: Basis;
  readonly from: string;
}

/** The status of an item on the Berkeley Protocol's list in §155 (FORMAT.md §5.4). */
export type ElementStatus = "captured" | "not_present" | "not_applicable" | "not_attempted" | "failed";

/** The eight items of the Berkeley Protocol §155, in its order (a) to (h). */
export type ElementName =
  | "target_web_address"
  | "source_code"
  | "full_page_capture"
  | "embedded_media_files"
  | "embedded_metadata"
  | "contextual_data"
  | "collection_data"
  | "hash_value";

export interface Element {
  readonly item: ElementName;
  readonly status: ElementStatus;
  readonly reason: string;
  readonly paths: readonly string[];
}

export type FileRole =
  | "media_track"
  | "media_segment"
  | "segment_map"
  | "info_json"
  | "html_source"
  | "manifest"
  | "thumbnail"
  | "subtitle"
  | "comments"
  | "sidecar"
  | "page_view"
  | "page_tile"
  | "page_mhtml"
  | "page_dom"
  | "page_warc"
  | "page_record";

/** One file of the evidence. `path` is the OCFL logical path, relative to the object's content. */
export interface RecordFile {
  readonly role: FileRole;
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly sha512: string;
  /** When both digests were complete, UTC. */
  readonly hashed_at: string;
  /** The file's name at its source; null if it had none that may be kept. */
  readonly received_as: string | null;
  /** True for bytes exactly as received; false for a redacted copy or a list made by holdfast. */
  readonly as_received: boolean;
}

/** One HTTP exchange, as far as the downloader reported it. URLs are redacted of secrets. */
export interface HttpExchange {
  readonly method: string;
  readonly url: string;
  readonly status: number | null;
  readonly location: string | null;
  readonly date: string | null;
  readonly last_modified: string | null;
  readonly etag: string | null;
  readonly content_type: string | null;
  readonly content_length: number | null;
}

export type Wholeness = "whole" | "incomplete" | "unknown";

/** How it was judged whether all bytes arrived (FORMAT.md §5.3). Decoding is judged after the commit, in v2. */
export interface TransferCheck {
  readonly verdict: Wholeness;
  /** One sentence per observation the verdict rests on. */
  readonly grounds: readonly string[];
}

/** What was taken of what a platform offered to this connection (FORMAT.md §5.7). */
export type RenditionGrade = "best" | "reduced" | "unknown";

/** The closed list of reasons why a rendition is not, or may not be, the best that the platform has. */
export type RenditionReason =
  | "no-js-runtime"
  | "n-challenge-failed"
  | "signature-failed"
  | "server-abr-only"
  | "po-token-missing"
  | "impersonation-missing"
  | "login-limited"
  | "drm-protected"
  | "protocol-unsupported"
  | "lookup-failed"
  | "user-choice";

export interface RenditionClaim {
  readonly grade: RenditionGrade;
  readonly reasons: readonly RenditionReason[];
}

export interface Rendition extends RenditionClaim {
  /** The downloader's ids of the formats that were taken, as the table `formats` of `source/info.json` has them. */
  readonly formats: readonly string[];
}

/** One execution of an outside program. Secrets and local paths are replaced in `argv` and listed in `removed`. */
export interface RunRecord {
  readonly program: string;
  readonly argv: readonly string[];
  readonly removed: readonly string[];
  readonly started_at: string;
  readonly ended_at: string;
  readonly exit_code: number | null;
  readonly signal: string | null;
  /** `exited`, or why holdfast ended it. */
  readonly ended_by: string;
  readonly sandbox: string;
  /** Present and true for a fork of an interpreter that had already loaded the program. */
  readonly forked?: true;
}

export interface Software {
  readonly name: string;
  readonly version: string;
  /** Null if there is no single file, or if its digest would reveal where it lies. */
  readonly sha256: string | null;
  /**
   * What `sha256` covers (FORMAT.md §5.5): the program's file, or the content of the package it starts. Missing in
   * records of version 1, whose digest may reveal a local path.
   */
  readonly sha256_of?: "file" | "package-content" | null;
}

/** What the platform, the file or a person said about the clip. Absent facts are null, never guessed. */
export interface SourceFacts {
  readonly canonical_url: Claim<string> | null;
  readonly extractor: Claim<string> | null;
  readonly platform_item_id: Claim<string> | null;
  readonly title: Claim<string> | null;
  readonly description: Claim<string> | null;
  readonly uploader: Claim<string> | null;
  readonly uploader_id: Claim<string> | null;
  readonly uploader_url: Claim<string> | null;
  readonly channel: Claim<string> | null;
  readonly channel_id: Claim<string> | null;
  /** The platform's date as it wrote it: an RFC 3339 time from `timestamp`, else the day in `upload_date`. */
  readonly posted_at: Claim<string> | null;
  readonly upload_date: Claim<string> | null;
  /** Announced length, decimal seconds as text: no floats in anything hashed. */
  readonly duration: Claim<string> | null;
  readonly language: Claim<string> | null;
  readonly location: Claim<string> | null;
  readonly live_status: Claim<string> | null;
  readonly availability: Claim<string> | null;
  readonly tags: Claim<readonly string[]> | null;
  readonly view_count: Claim<number> | null;
  readonly like_count: Claim<number> | null;
  readonly comment_count: Claim<number> | null;
}

/** The list a capture came from: a playlist, a channel, or a page with several videos. */
export interface ParentList {
  readonly url: string;
  readonly title: string | null;
  readonly index: number;
}

export interface ClockCheck {
  readonly source: string;
  readonly synchronised: boolean | null;
  readonly checked_at: string;
  /** Times that this clock cannot agree with (FORMAT.md §5.8); missing where none is known. */
  readonly contradicted_by?: readonly ClockDoubt[];
}

/** A time that stood somewhere else, and where. */
export interface ClockDoubt {
  readonly by: "log" | "program" | "site";
  readonly time: string;
}

export interface Redaction {
  /** The redacted copy in the object, as a logical path. */
  readonly path: string;
  /**
   * Null, because anybody with the copy and this digest could test guesses of what was cut, an address for instance.
   * The annex states the digest. Records of version 1 have it here.
   */
  readonly raw_sha256: string | null;
  /** JSON pointers or `line:column` places, each with what was cut there. */
  readonly cut: readonly string[];
}

/** `record.json`: what was captured and how. Canonical JSON, schema `record.schema.json`, FORMAT.md §5. */
export interface CaptureRecord {
  readonly v: 1;
  readonly capture: CaptureId;
  readonly method: "ytdlp" | "import" | "page";
  readonly status: "captured" | "incomplete";
  readonly started_at: string;
  readonly ended_at: string;
  readonly elapsed_ms: number;
  readonly clock: ClockCheck;
  /** As typed; null for an import. */
  readonly requested_url: string | null;
  /** The last URL of the redirect chain that began at `requested_url`; null for an import. */
  readonly final_url: string | null;
  /** Every hop, in order, from the requested to the final URL. */
  readonly redirects: readonly string[];
  /** For an import: the URL somebody says the file came from. Never present for a fetched capture. */
  readonly claimed_url: Claim<string> | null;
  readonly parent: ParentList | null;
  readonly source: SourceFacts;
  readonly files: readonly RecordFile[];
  readonly requests: readonly HttpExchange[];
  readonly completeness: TransferCheck;
  /** Null for an import. Missing in records made before it was recorded, which says no more than `unknown`. */
  readonly rendition?: Rendition | null;
  readonly elements: readonly Element[];
  /** Every conversion the collection caused; an empty list states that there was none. */
  readonly alterations: readonly string[];
  readonly runs: readonly RunRecord[];
  readonly software: readonly Software[];
  readonly redactions: readonly Redaction[];
  readonly warnings: readonly string[];
}

/** One keyframe of a derivation. */
export interface Keyframe {
  /** Presentation time, decimal seconds as text, exact to the stream's time base (microseconds shown). */
  readonly pts_time: string;
  /** Presentation time in units of the stream's time base. */
  readonly pts: number;
  /** Zero-based number of the frame in presentation order. */
  readonly frame: number;
  readonly path: string;
  readonly sha256: string;
  /** SHA-256 of the decoded frame, unrotated, in the decoder's pixel format. */
  readonly frame_sha256: string;
  /** 64-bit difference hash as 16 hex digits. */
  readonly dhash: string;
}

export interface DerivedFile {
  readonly kind:
    | "ffprobe"
    | "exiftool"
    | "content_credentials"
    | "stream_hashes"
    | "keyframe"
    | "contact_sheet"
    | "playable"
    | "derivation";
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly sha512: string;
}

/** The result of one step of a derivation. A failed step says why; the other steps still stand. */
export interface DerivationStep {
  readonly step:
    | "ffprobe"
    | "exiftool"
    | "content_credentials"
    | "stream_hashes"
    | "keyframes"
    | "decode"
    | "playable";
  readonly status: ElementStatus;
  readonly reason: string;
}

export interface StreamHash {
  /** Logical path of the original. */
  readonly original: string;
  readonly stream: number;
  readonly type: string;
  readonly packets_sha256: string;
  /** SHA-256 over decoded frames, video only and only with `--deep`. */
  readonly decoded_sha256: string | null;
}

export interface DecodeCheck {
  readonly original: string;
  /** `short`: it ends before its announced length; `damaged`: errors, but it reaches its end. */
  readonly verdict: "sound" | "short" | "damaged" | "unknown";
  readonly grounds: readonly string[];
}

/** `derived/derivation.json`: what was made from the originals, by what, how. FORMAT.md §6. */
export interface DerivationRecord {
  readonly v: 1;
  readonly capture: CaptureId;
  readonly version: string;
  readonly status: "done" | "failed";
  readonly started_at: string;
  readonly ended_at: string;
  /** SHA-256 of each original it was made from, by logical path. */
  readonly derived_from: readonly { readonly path: string; readonly sha256: string }[];
  readonly steps: readonly DerivationStep[];
  readonly duration: string | null;
  readonly width: number | null;
  readonly height: number | null;
  /** Clockwise degrees the picture was turned for display. */
  readonly rotation: number;
  readonly keyframes: readonly Keyframe[];
  /**
   * The longest gap that this derivation promises between neighbouring keyframes, in decimal seconds; null without
   * video.
   */
  readonly max_gap: string | null;
  readonly contact_sheet: string | null;
  readonly playable: string | null;
  readonly stream_hashes: readonly StreamHash[];
  readonly decode: readonly DecodeCheck[];
  /** Transfer and decode judged together; this is what `list` and `show` report. */
  readonly completeness: TransferCheck;
  readonly files: readonly DerivedFile[];
  readonly runs: readonly RunRecord[];
  readonly software: readonly Software[];
}
