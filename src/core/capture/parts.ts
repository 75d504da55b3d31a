import { isUnsafeTls } from "./failure.js";
import {
  readBreak,
  requestOrigins,
  sameResource,
  type TrafficExchange,
  type TrafficLog,
} from "./traffic-log.js";

/**
 * What shows that a file which several answers carried is one file. `one-answer`: nothing has to be shown. `unproven`:
 * the bytes may come from two files, whatever their number is.
 */
export type Parts =
  | { readonly kind: "one-answer" }
  | { readonly kind: "one-file"; readonly resumed: boolean; readonly ground: string }
  | { readonly kind: "unproven"; readonly resumed: boolean; readonly ground: string };

const oneAnswer: Parts = { kind: "one-answer" };

/**
 * The exchanges that asked for `url`, or were led to from there by redirects, in order. A downloader that resumes asks
 * for the same address again.
 */
export function exchangesFor(url: string, exchanges: readonly TrafficExchange[]): readonly TrafficExchange[] {
  const origins = requestOrigins(exchanges);
  return exchanges.filter((_, index) => sameResource(origins[index] ?? "", url));
}

/**
 * Whether the answers that carried one file show that it is one file. RFC 9110 §15.3.7.3 lets a client combine parts only
 * if a strong validator is the same in all of them. Here the ETag, the Last-Modified and the whole length must agree in
 * every answer, and one of the first two must be there; an ETag that the server itself calls weak proves nothing.
 * `exchanges` are those of `exchangesFor`. The answers before one that begins at the first byte do not count, because
 * the downloader then begins its file anew.
 */
export function judgeParts(exchanges: readonly TrafficExchange[]): Parts {
  const counted = exchanges.filter(carriesBody);
  const begun = counted.findLastIndex((answer) => firstByte(answer) === 0);
  const answers = counted.slice(Math.max(begun, 0));
  const first = answers[0];
  // After 416 the downloader may take the file it has for the whole one.
  const resumed = answers.some(isResumed) || exchanges.some(({ status }) => status === 416);
  if (first === undefined || (answers.length === 1 && !resumed)) return oneAnswer;
  const count = `received in ${answers.length} parts, which begin at bytes ${answers.map(firstByte).join(", ")}`;
  if (answers.some((answer) => !isOfSameFile(answer, first)))
    return {
      kind: "unproven",
      resumed,
      ground: `${count}; ETag, Last-Modified and total length do not agree`,
    };
  const validator = validatorOf(first);
  if (validator === null || lengthOf(first) === null || exchanges.some(({ status }) => status === 416))
    return { kind: "unproven", resumed, ground: `${count}; nothing shows that they are of one file` };
  return {
    kind: "one-file",
    resumed,
    ground: `${count}; every answer states ${validator} and the total length ${lengthOf(first)}`,
  };
}

/** The addresses of which a resumed download is not shown to be one file, each with the reason. */
export function splicesOf({ exchanges }: TrafficLog): readonly string[] {
  const resumed = new Set<string>();
  const origins = requestOrigins(exchanges);
  for (const [index, { asked_from: from, status }] of exchanges.entries()) {
    const origin = origins[index];
    if (origin !== undefined && ((from ?? 0) > 0 || status === 416)) resumed.add(origin);
  }
  return [...resumed].flatMap((url) => {
    const parts = judgeParts(exchangesFor(url, exchanges));
    return parts.kind === "unproven" && parts.resumed ? [parts.ground] : [];
  });
}

/** A request that failed this often for the same bytes is left to the next attempt. */
const mostForSameBytes = 4;

/**
 * Whether a downloader whose transfer broke off just now may ask for the rest. It may not if nobody could show afterwards
 * that the parts are of one file, if the server does not send parts, if nothing had arrived, or if asking brings nothing.
 */
export function mayResume({ exchanges, remarks }: TrafficLog): boolean {
  if (isFinal(remarks)) return false;
  const last = exchanges.at(-1);
  const begun = remarks.some((line) => line.startsWith("[download] Destination: "));
  if (last === undefined || !begun) return false;
  const url = requestOrigins(exchanges).at(-1) ?? last.url;
  const asked = exchangesFor(url, exchanges);
  const same = asked.length - 1 - asked.findLastIndex((one) => one.asked_from !== last.asked_from);
  if (same >= mostForSameBytes) return false;
  const answers = asked.filter(carriesBody);
  const newest = answers.at(-1);
  if (newest === undefined) return true;
  if (newest.status === 200 && (newest.asked_from ?? 0) > 0) return false;
  if (validatorOf(newest) === null || lengthOf(newest) === null) return false;
  return judgeParts(asked).kind !== "unproven";
}

/** Whether what broke the newest transfer off is no chance: a server without safe TLS has none a second later. */
function isFinal(remarks: readonly string[]): boolean {
  const error = remarks.map(readBreak).findLast((said) => said !== null);
  return error !== undefined && isUnsafeTls(error ?? "");
}

function carriesBody({ method, status, encoded }: TrafficExchange): boolean {
  return method === "GET" && (status === 200 || status === 206) && !encoded;
}

function firstByte({ range }: TrafficExchange): number {
  return range?.first ?? 0;
}

function lengthOf({ status, range, content_length }: TrafficExchange): number | null {
  return status === 206 ? (range?.total ?? null) : content_length;
}

/** Whether an answer begins inside what the answer before it had promised: a plan for pieces never overlaps. */
function isResumed(answer: TrafficExchange, index: number, all: readonly TrafficExchange[]): boolean {
  const before = all[index - 1];
  if (before === undefined) return false;
  const promised = before.range?.last ?? (before.content_length ?? Number.POSITIVE_INFINITY) - 1;
  return firstByte(answer) > firstByte(before) && firstByte(answer) <= promised;
}

function isOfSameFile(answer: TrafficExchange, first: TrafficExchange): boolean {
  return (
    answer.etag === first.etag &&
    answer.last_modified === first.last_modified &&
    lengthOf(answer) === lengthOf(first)
  );
}

function validatorOf({ etag, last_modified }: TrafficExchange): string | null {
  if (etag?.startsWith('"')) return `the ETag ${etag}`;
  return last_modified === null ? null : `the Last-Modified ${last_modified}`;
}
