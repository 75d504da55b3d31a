import { isJsonObject, type Json, textOf } from "../../audit/canonical-json.js";
import type { Entry } from "../../audit/entry.js";
import { pageFolder } from "../../audit/inventory.js";
import { type LoggedFile, loggedVersion } from "../../audit/log-captures.js";
import type { FileRole } from "../capture/record.js";
import type { Coverage } from "./coverage.js";
import { pageFileKind } from "./page-file-kind.js";
import type { PageRecord } from "./page-record.js";

/** A page of a capture, or an attempt at one, as the log and the record of the page state it. */
export interface PageTaken {
  /** The entry that states it. */
  readonly entry: number;
  /** When the first picture was taken; of an attempt or where the record is gone, when it was logged. */
  readonly at: string;
  readonly status: "captured" | "wall" | "failed";
  readonly wall: PageRecord["wall"];
  readonly url: string;
  /** Null for an attempt that brought nothing. */
  readonly version: string | null;
  /** The page's own title. */
  readonly title: string | null;
  /** Null for an attempt that brought nothing, and where the record is gone. */
  readonly coverage: Coverage | null;
  readonly files: readonly PageTakenFile[];
  /** Why an attempt brought nothing. */
  readonly reason: string | null;
}

export interface PageTakenFile extends LoggedFile {
  readonly kind: FileRole;
}

/**
 * The pages of one capture and the attempts at them, in the order of the log. `entries` are those about this capture,
 * `records` those of its object.
 */
export function pagesTaken(entries: readonly Entry[], records: readonly PageRecord[]): readonly PageTaken[] {
  return entries.flatMap((entry) => pageOf(entry, records) ?? []);
}

function pageOf(entry: Entry, records: readonly PageRecord[]): PageTaken | null {
  const { seq, at, event, body } = entry;
  const isAlone = event === "capture" && body.method === "page";
  if (event === "page-failed") {
    return { ...nothing, entry: seq, at, url: textOf(body.url) ?? "", reason: reasonIn(body.failure) };
  }
  const logged = event === "page" || isAlone ? loggedVersion(entry) : null;
  if (!logged) return null;
  const record = records.find(({ version }) => version === logged.version) ?? null;
  const folder = `${pageFolder(logged.version)}/`;
  const wallInBody = body.status === "wall" || body.status === "incomplete";
  return {
    entry: seq,
    at: record?.viewed_at ?? at,
    status: (record?.status ?? (wallInBody ? "wall" : "captured")) === "wall" ? "wall" : "captured",
    wall: record?.wall ?? null,
    url: record?.requested_url ?? textOf(body.url) ?? "",
    version: logged.version,
    title: record?.title?.value ?? null,
    coverage: record?.coverage ?? null,
    files: logged.files
      .filter(({ path }) => path.startsWith(folder))
      .map((file) => ({ kind: pageFileKind(file.path.slice(folder.length)), ...file })),
    reason: null,
  };
}

const nothing = {
  ...{ status: "failed", wall: null, version: null, title: null, coverage: null, files: [] },
} as const satisfies Partial<PageTaken>;

function reasonIn(failure: Json | undefined): string | null {
  return isJsonObject(failure) ? textOf(failure.reason) : null;
}

/** The page that speaks for a capture: the newest that is no wall, else the newest wall; null if there is no page. */
export function pageInForce(pages: readonly PageTaken[]): PageTaken | null {
  const newest = (status: PageTaken["status"]) => pages.filter((page) => page.status === status).at(-1);
  return newest("captured") ?? newest("wall") ?? null;
}

/** The logged file with the picture of the page before anything was touched; null if the page has none. */
export function viewOf({ files }: PageTaken): PageTakenFile | null {
  return files.find(({ kind }) => kind === "page_view") ?? null;
}
