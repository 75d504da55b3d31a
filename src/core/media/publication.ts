import type { CaptureId } from "../../audit/digest.js";
import type { DerivedFile, RunRecord, Software } from "../capture/record.js";

/** Whole pixels of the picture as it is shown, counted from its upper left corner. */
export interface Region {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** One region that was filled. */
export interface FilledRegion {
  /** As it was asked for. */
  readonly asked: Region;
  /** What was filled: never smaller. */
  readonly filled: Region;
  /** Decimal seconds from the beginning of the clip as it was asked for; null for the whole clip. */
  readonly from: string | null;
  readonly to: string | null;
  /** The first and last frame that are filled, counted from 0. */
  readonly first_frame: number;
  readonly last_frame: number;
}

/** Decimal seconds, counted as the times of regions are: from the beginning of the original's file. */
export interface PublicationTiming {
  readonly picture: string;
  /** Of the sound that was kept or removed, as its file announces it; null if there is none or nothing says so. */
  readonly sound: string | null;
  /** Which moment of the original is 0 in the copy. */
  readonly copy: string;
}

/** What was found on reading the finished copy again. */
export interface PublicationCheck {
  readonly check: "frames" | "fills" | "streams" | "boxes" | "texts";
  /** One sentence. A copy that fails a check is never stored. */
  readonly found: string;
}

/** `publication/<version>/publication.json`: a copy for publication and how it was made. FORMAT.md §6.1. */
export interface PublicationRecord {
  readonly v: 1;
  readonly capture: CaptureId;
  readonly version: string;
  readonly started_at: string;
  readonly ended_at: string;
  /** The originals that were read, by logical path. */
  readonly derived_from: readonly { readonly path: string; readonly sha256: string }[];
  /** Size of the picture as it is shown, in which the regions are counted. */
  readonly width: number;
  readonly height: number;
  /** Clockwise degrees the picture was turned for it. */
  readonly rotation: number;
  /** How many frames original and copy have. */
  readonly frames: number;
  readonly fills: readonly FilledRegion[];
  readonly sound: "removed" | "kept" | "none";
  /** When picture and sound begin; missing in copies that were made before this was stated. */
  readonly timing?: PublicationTiming;
  /** Streams of the originals that are not in the copy: cover pictures, subtitles, data, sound. */
  readonly left_out: readonly string[];
  readonly checks: readonly PublicationCheck[];
  readonly files: readonly PublicationFile[];
  readonly runs: readonly RunRecord[];
  readonly software: readonly Software[];
}

export type PublicationFile = Omit<DerivedFile, "kind"> & { readonly kind: "publication_copy" };
