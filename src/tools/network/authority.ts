import { askOutside, type Egress, type SmallAnswer } from "./guarded-request.js";

/**
 * Sends a TimeStampReq to an authority over HTTP (RFC 3161 §3.4). Does not check the answer, except that a text page
 * counts as a problem; any other content type is accepted.
 */
export async function askAuthority(
  url: string,
  timeStampRequest: Uint8Array,
  egress: Egress,
): Promise<SmallAnswer> {
  const headers = { "Content-Type": "application/timestamp-query", Accept: "application/timestamp-reply" };
  const answer = await askOutside({ method: "POST", url, headers, body: timeStampRequest }, egress);
  if (!("body" in answer) || !/^\s*(text|image)\//i.test(answer.contentType)) return answer;
  return { problem: "answered with a web page instead of a time-stamp", status: 200, retryAfter: null };
}

const accept = { Accept: "application/vnd.opentimestamps.v1" };

/** Submits a commitment (32 bytes) to an OpenTimestamps calendar; the answer is the rest of a proof. */
export function submitToCalendar(url: string, commitment: Uint8Array, egress: Egress): Promise<SmallAnswer> {
  const headers = { ...accept, "Content-Type": "application/x-www-form-urlencoded" };
  return askOutside({ method: "POST", url: below(url, "digest"), headers, body: commitment }, egress);
}

/** Asks a calendar for the proof of a commitment; null if it has no block yet (HTTP 404). */
export async function askCalendar(
  url: string,
  commitment: Uint8Array,
  egress: Egress,
): Promise<SmallAnswer | null> {
  const path = `timestamp/${Buffer.from(commitment).toString("hex")}`;
  const answer = await askOutside(
    { method: "GET", url: below(url, path), headers: accept, body: null },
    egress,
  );
  return "problem" in answer && answer.status === 404 ? null : answer;
}

function below(url: string, path: string): string {
  return `${url.replace(/\/+$/, "")}/${path}`;
}
