import { isJsonObject, type Json, parseForeignJson } from "../../audit/canonical-json.js";
import { FormatError } from "../../audit/finding.js";
import { webUrl } from "../capture/source-url.js";
import { urlKey } from "../capture/url-key.js";
import { printable } from "../words/printable.js";

/** What the service of an outside archive said about a page that it was asked to keep: its word, checked against the question. */
export interface OutsideCopy {
  /**
   * `saved`: it names a copy of this address. `pending`: it took the question and had no copy yet. `refused`: it said no.
   * `contradictory`: what it said cannot be an answer to the question. `unanswered`: it said nothing that can be read.
   */
  readonly status: "saved" | "pending" | "refused" | "contradictory" | "unanswered";
  /** The service's own name for the question. */
  readonly job: string | null;
  /** Where the copy is said to lie. */
  readonly archived_url: string | null;
  /** When it is said to have been made, UTC. */
  readonly archived_at: string | null;
  readonly reason: string | null;
}

/** What a question was about, for judging its answer. */
export interface AskedCopy {
  /** `https://web.archive.org` or another service with the same interface; no slash at its end. */
  readonly service: string;
  readonly url: string;
}

const nothing = { job: null, archived_url: null, archived_at: null, reason: null } as const;

/** The answer to the question (Save Page Now 2: `POST /save`). A job is then asked for again. Pure. */
export function readSubmission(body: string): OutsideCopy {
  const said = objectIn(body);
  if (said === null) return unanswered("it answered with no JSON");
  const job = textOf(said.job_id);
  if (job !== null && /^[\w-]{1,200}$/.test(job)) return { ...nothing, status: "pending", job };
  if (said.status === "error") return { ...nothing, status: "refused", reason: wordsOf(said) };
  return unanswered("it named no job");
}

/** The answer about a job (`GET /save/status/<job>`). `now`: the writer's clock. Pure. */
export function readJobStatus(body: string, job: string, asked: AskedCopy, now: Date): OutsideCopy {
  const said = objectIn(body);
  if (said === null) return { ...unanswered("it answered with no JSON"), job };
  if (said.status === "pending") return { ...nothing, status: "pending", job };
  if (said.status === "error") return { ...nothing, status: "refused", job, reason: wordsOf(said) };
  if (said.status !== "success") return { ...unanswered("it named no state that is known"), job };
  const archived = timeOf(textOf(said.timestamp));
  const original = textOf(said.original_url);
  const contradicts = (reason: string): OutsideCopy => ({ ...nothing, status: "contradictory", job, reason });
  if (archived === null) return contradicts("it says that there is a copy, and not since when");
  if (archived.getTime() > now.getTime() + dayMs)
    return contradicts("it says that the copy was made in the future");
  if (original === null || !isSame(original, asked.url))
    return contradicts("it says that the copy is of another address");
  return {
    status: "saved",
    job,
    archived_url: `${asked.service}/web/${textOf(said.timestamp)}/${original}`,
    archived_at: archived.toISOString(),
    reason: null,
  };
}

export function unanswered(reason: string): OutsideCopy {
  return { ...nothing, status: "unanswered", reason };
}

const dayMs = 24 * 60 * 60 * 1000;

function isSame(one: string, other: string): boolean {
  const [a, b] = [webUrl(one), webUrl(other)];
  return a !== null && b !== null && urlKey(a) === urlKey(b);
}

/** `20261201163217` as a time; null for anything else, such as the 31st of November. */
function timeOf(stamp: string | null): Date | null {
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(stamp ?? "");
  if (parts === null) return null;
  const [, year, month, day, hour, minute, second] = parts;
  const text = `${year}-${month}-${day}T${hour}:${minute}:${second}.000Z`;
  const time = new Date(text);
  return Number.isNaN(time.getTime()) || time.toISOString() !== text ? null : time;
}

function objectIn(body: string): Readonly<Record<string, Json>> | null {
  try {
    const value = parseForeignJson(body);
    return isJsonObject(value) ? value : null;
  } catch (error) {
    if (error instanceof FormatError) return null;
    throw error;
  }
}

function textOf(value: Json | undefined): string | null {
  return typeof value === "string" ? value : null;
}

/** The service's own words, for a reader; never more than a line. */
function wordsOf({ message, status_ext }: Readonly<Record<string, Json>>): string {
  const words = textOf(message) ?? textOf(status_ext);
  return words === null ? "it said no" : `it said: ${printable(words, 200)}`;
}
