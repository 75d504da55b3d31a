import { webUrl } from "../../core/capture/source-url.js";
import type { ListAddress } from "../../core/lists/list-address.js";
import { listLimits } from "../../core/lists/text.js";
import { HoldfastError } from "../../core/words/error.js";
import { printable } from "../../core/words/printable.js";
import { askOutside, type Egress, type SmallAnswer } from "./guarded-request.js";

/** Google leads a published sheet over two other addresses. */
const mostRedirects = 5;

const longestMs = 120_000;

/**
 * The bytes of a list on the web, as they come, through the egress guard, which refuses private addresses at each redirect
 * too. No cookie and no login goes along. Throws `capture-failed` if the server does not give it, if it is larger than a list
 * may be, and if it is a web page.
 */
export async function fetchList({ url }: ListAddress, egress: Omit<Egress, "mostBytes">): Promise<Buffer> {
  const signal = AbortSignal.any([egress.signal, AbortSignal.timeout(longestMs)]);
  let at = url;
  for (let redirects = 0; redirects <= mostRedirects; redirects += 1) {
    const headers = { Accept: "text/csv, text/tab-separated-values, text/plain, */*;q=0.5" };
    const answer = await askOutside(
      { method: "GET", url: at, headers, body: null },
      { ...egress, signal, mostBytes: listLimits.bytes },
    );
    egress.signal.throwIfAborted();
    if ("body" in answer) return tableOf(answer, url);
    const next = answer.location === undefined ? null : followed(at, answer.location);
    if (next === null) throw notFetched(url, answer.problem, hintFor(answer.status));
    at = next;
  }
  throw notFetched(url, `it leads on more than ${mostRedirects} times`, hintFor(null));
}

function tableOf({ body, contentType }: Extract<SmallAnswer, { body: Buffer }>, url: string): Buffer {
  const isPage =
    /^\s*(?:text\/html|application\/xhtml)/i.test(contentType) ||
    /^\s*<(?:!doctype|html)/i.test(body.subarray(0, 200).toString("latin1"));
  if (isPage) throw notFetched(url, "the answer is a web page, not a table", hintFor(401));
  return body;
}

/** Null for an address that is not followed: another scheme, or one that nobody encrypts any more. */
function followed(from: string, location: string): string | null {
  const next = webUrl(location, from);
  if (next === null || !/^https?:$/.test(next.protocol)) return null;
  if (from.startsWith("https:") && next.protocol !== "https:") return null;
  return next.href;
}

function hintFor(status: number | null): string {
  const isClosed = status === 401 || status === 403 || status === 404 || status === 410;
  return isClosed
    ? "is the sheet published, or shared with anyone who has the link? else download it as .xlsx and give the file"
    : "try again later, or download the table and give the file";
}

function notFetched(url: string, why: string, hint: string): HoldfastError {
  return new HoldfastError("capture-failed", `fetching the list ${printable(url, 200)}: ${why}`, hint);
}
