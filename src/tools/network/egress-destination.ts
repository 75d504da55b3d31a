import {
  isPrivateAddress,
  isPrivateHost,
  parseIpv4,
  parseIpv6,
  webUrl,
} from "../../core/capture/source-url.js";

/** The target of a client of the guard. `host` is a lower-case name, or an address without brackets. */
export interface Destination {
  readonly host: string;
  readonly port: number;
}

/** Looks a name up once and returns all its addresses. Throws if it has none. */
export type Resolve = (host: string) => Promise<readonly string[]>;

/** Why the guard refused a connection. The words go into the traffic log. */
export class Refusal extends Error {
  readonly status: 403 | 502;

  constructor(status: 403 | 502, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "Refusal";
    this.status = status;
  }
}

/** Names have at most 253 characters. Longer text never reaches the URL parser, whose time is not linear. */
const longestAuthority = 300;

/**
 * Reads `host` or `host:port` as the client wrote it. Normalises decimal, octal and hexadecimal spellings of an IPv4
 * address. Null for anything else, including a user name before an `@`.
 */
export function parseAuthority(authority: string, defaultPort: number | null): Destination | null {
  if (authority.length > longestAuthority) return null;
  const [, name, digits] = /^(\[[0-9a-f:.]+\]|[^\s@:/\\?#[\]]+)(?::(\d{1,5}))?$/i.exec(authority) ?? [];
  const port = digits === undefined ? defaultPort : Number(digits);
  if (name === undefined || port === null || port < 1 || port > 65535) return null;
  const host = webUrl(`http://${name}/`)
    ?.hostname.replace(/^\[|\]$/g, "")
    .replace(/\.$/, "");
  return host === undefined || host === "" ? null : { host, port };
}

/**
 * Throws a Refusal for a destination that is forbidden whatever its name resolves to: ports other than 80 and 443,
 * private addresses and local-only names. A `.onion` name is allowed if another proxy will look it up.
 */
export function checkDestination(destination: Destination, byName: boolean): void {
  if (destination.port !== 80 && destination.port !== 443)
    throw new Refusal(403, `port ${destination.port} is not a web port`);
  if (byName && destination.host.endsWith(".onion")) return;
  const literal = parseIpv6(destination.host) === null ? destination.host : `[${destination.host}]`;
  if (isPrivateHost(literal)) throw new Refusal(403, "private address");
}

/**
 * The addresses of `destination` that may be dialled, in the resolver's order. The name is looked up exactly once and that
 * answer is dialled, so a name server gains nothing by changing its answer.
 */
export async function addressesOf(
  destination: Destination,
  allowPrivate: boolean,
  resolve: Resolve,
): Promise<readonly string[]> {
  if (parseIpv4(destination.host) !== null || parseIpv6(destination.host) !== null) return [destination.host];
  const all = await resolve(destination.host).catch((error: unknown) => {
    throw new Refusal(502, `name not found: ${wordsOf(error)}`, error);
  });
  const allowed = allowPrivate ? all : all.filter((address) => !isPrivateAddress(address));
  if (allowed.length === 0) {
    throw all.length === 0
      ? new Refusal(502, "name not found")
      : new Refusal(403, `the name leads to a private address, ${all[0]}`);
  }
  return allowed;
}

/**
 * Whether a refusal's words mean that the destination is forbidden rather than unreachable. For an unreachable one the
 * words come partly from the system or another proxy.
 */
export function isForbidden(words: string): boolean {
  return /^private address$|^the name leads to a private address, |^port \d+ is not a web port$/.test(words);
}

/** A short description of a failed connection: the system's error code if there is one. */
export function wordsOf(error: unknown): string {
  if (error instanceof Error && "code" in error && typeof error.code === "string") return error.code;
  return error instanceof Error ? error.message : "unknown";
}
