import { webUrl } from "../../core/capture/source-url.js";
import type { VisitFailure } from "../../core/page/visit.js";
import { isForbidden } from "../network/egress-destination.js";
import type { Connection } from "../network/egress-guard.js";

/** Why a page did not come. */
export interface NavigationFailure {
  readonly code: VisitFailure;
  readonly reason: string;
}

/**
 * What is behind the browser's word for a page that did not come. The browser sees the proxy alone, so what became of the
 * connection is read from the guard's list.
 */
export function navigationFailure(
  address: string,
  words: string,
  connections: readonly Connection[],
): NavigationFailure {
  const refused = refusalOf(address, connections);
  if (refused !== null) return refused;
  if (/ERR_CERT|ERR_SSL_PINNED/.test(words))
    return { code: "certificate", reason: `the site's certificate is not valid: ${words}` };
  if (/ERR_SSL|ERR_BAD_SSL|ERR_TLS/.test(words))
    return { code: "encryption", reason: `no encrypted connection: ${words}` };
  if (/ERR_ABORTED|ERR_DOWNLOAD/.test(words))
    return { code: "not-a-page", reason: "the address leads to a file and not to a page" };
  if (
    /ERR_(?:CONNECTION|EMPTY|TUNNEL|PROXY|TIMED_OUT|NETWORK|SOCKET|ADDRESS|INTERNET|CONTENT_LENGTH|INCOMPLETE|INVALID_HTTP|RESPONSE)/.test(
      words,
    )
  )
    return { code: "unreachable", reason: `the site could not be reached: ${words}` };
  return { code: "browser-error", reason: `the browser showed an error page: ${words}` };
}

/** What the guard did not let through, or could not reach, for this address; null if it has nothing to say. */
function refusalOf(address: string, connections: readonly Connection[]): NavigationFailure | null {
  const url = webUrl(address);
  const host = url?.hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
  const port = Number(url?.port || (url?.protocol === "https:" ? 443 : 80));
  const last = connections.filter((one) => one.host === host && one.port === port).at(-1);
  if (!last || last.refused === null) return null;
  const { refused } = last;
  if (isForbidden(refused))
    return { code: "forbidden-address", reason: `the address is not let through: ${refused}` };
  const code = refused.startsWith("name not found") ? "name-not-found" : "unreachable";
  return { code, reason: `the site could not be reached: ${refused}` };
}
