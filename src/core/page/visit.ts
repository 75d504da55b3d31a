import type { RunRecord } from "../capture/record.js";
import type { Coverage, ListedResponse } from "./coverage.js";
import type { Wall } from "./wall-words.js";

/** A picture of a part of the page; `y` counts from the page's top, in pixels. */
export interface Tile {
  readonly path: string;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A bound at which a visit stopped waiting or taking; what it had taken until then stands. */
export type Stop =
  /** Requests were still being made when the time for settling was over. */
  | "never-settled"
  /** The page grew each time its end was reached. */
  | "endless-scroll"
  /** The page is taller than what is pictured. */
  | "too-tall"
  /** The time of the visit was over before all was taken. */
  | "too-long"
  /** Bodies or files would have taken more room than a visit may have. */
  | "too-large"
  /** The browser took more memory than it may have and was ended. */
  | "memory"
  /** The page did not let one of its parts be taken in time. */
  | "no-answer";

export type VisitFailure =
  /** There is no such browser. */
  | "browser-missing"
  /** The browser, its jail or the jail's door did not start. */
  | "browser-not-started"
  /** The browser ended by itself, or somebody ended it. */
  | "browser-ended"
  /** The process that draws the page crashed. */
  | "page-crashed"
  /** The browser needed more memory than it may have before anything could be seen. */
  | "memory"
  /** Nothing could be seen before the time was over. */
  | "no-answer"
  | "interrupted"
  /** The address leads to a file and not to a page. */
  | "not-a-page"
  /** The egress guard does not let it through: a private address, or no web port. */
  | "forbidden-address"
  | "name-not-found"
  | "unreachable"
  /** The site's certificate is not valid for it. */
  | "certificate"
  /** No encrypted connection could be agreed on. */
  | "encryption"
  /** The browser showed an error page of its own for another reason, which `reason` names. */
  | "browser-error";

/** A step from one address to the next; `status` is null where the page itself moved on. */
export interface PageRedirect {
  readonly from: string;
  readonly to: string;
  readonly status: number | null;
}

/** What the page tried to do to whoever looks at it, and was not let do. */
export interface HeldBack {
  /** Of `alert`, `confirm`, `prompt` and of leaving the page. */
  readonly dialogs: number;
  readonly downloads: number;
  readonly windows: number;
  /** Workers and frames beyond the number that is followed. */
  readonly processes: number;
}

/** One visit of a page, from which its part of a record is made. Times are UTC; addresses are not redacted. */
export interface PageVisit {
  /** `captured` only if the page itself was seen, and not a wall before it. */
  readonly outcome: "captured" | "wall" | "failed";
  readonly wall: Wall | null;
  /** One sentence for each signal that the wall was recognised by. */
  readonly grounds: readonly string[];
  readonly failure: { readonly code: VisitFailure; readonly reason: string } | null;
  readonly requested: string;
  readonly redirects: readonly PageRedirect[];
  readonly final: string | null;
  readonly status: number | null;
  readonly title: string | null;
  readonly begun_at: string;
  /** When the first picture was taken. */
  readonly seen_at: string | null;
  readonly ended_at: string;
  readonly viewport: { readonly width: number; readonly height: number };
  /** Height of the page at the end; null if it was not measured. */
  readonly page_height: number | null;
  readonly tiles: readonly Tile[];
  /** Whether the tiles end before the page does. */
  readonly cut: boolean;
  readonly coverage: Coverage;
  readonly listed: readonly ListedResponse[];
  /** Requests that no site answered. */
  readonly unanswered: readonly UnansweredRequest[];
  /** Names of the files written, in the order in which they were. */
  readonly files: readonly string[];
  readonly stops: readonly Stop[];
  readonly held_back: HeldBack;
  /** As the browser names itself, for instance `Chrome/150.0.7871.100`. */
  readonly browser: string | null;
  /** The name under which it asked. */
  readonly user_agent: string | null;
  /** Whether the processes that read the page were locked in by the browser itself too; null if none was seen. */
  readonly own_sandbox: boolean | null;
  readonly run: RunRecord | null;
}

/** A request that ended without a response, with the browser's word for it. */
export interface UnansweredRequest {
  readonly url: string;
  readonly error: string;
}
