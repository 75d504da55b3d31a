import { rootCertificates } from "node:tls";
import { askOutside, type SmallAnswer, type WayOut } from "./guarded-request.js";

/** The roots that Node.js brings, PEM: for an authority that has none of its own in the settings. */
export const platformRoots: readonly string[] = rootCertificates;

/**
 * Sends a TimeStampReq to an authority over HTTP (RFC 3161 §3.4). Its answer is not looked at: a page of text instead
 * of an answer is a problem, another type that says nothing is let through.
 */
export async function askAuthority(
  url: string,
  timeStampRequest: Uint8Array,
  way: WayOut,
): Promise<SmallAnswer> {
  const headers = { "Content-Type": "application/timestamp-query", Accept: "application/timestamp-reply" };
  const answer = await askOutside({ method: "POST", url, headers, body: timeStampRequest }, way);
  if (!("body" in answer) || !/^\s*(text|image)\//i.test(answer.contentType)) return answer;
  return { problem: "answered with a page instead of a time-stamp", status: 200, retryAfter: null };
}
