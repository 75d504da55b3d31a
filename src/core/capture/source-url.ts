import type { Failure, FailureCode } from "./failure-codes.js";

/** A source URL that may be requested, or why it may not be. */
export type SourceUrl = { readonly url: URL } | { readonly failure: Failure };

/**
 * The longest address that is captured, in UTF-16 units. Longer text is never passed to a URL parser, whose time is not
 * linear.
 */
export const maxUrlLength = 2048;

/**
 * Decides whether `text` may be passed to the downloader. Pass on `url.href`, never `text`: other parsers read
 * backslashes and odd digits differently (SECURITY §1.2). Refuses a literal private address, a name without a dot and
 * the local-only suffixes unless `allowPrivate` is set. Only the egress guard can refuse names that resolve to a
 * private address.
 */
export function parseSourceUrl(text: string, options: { readonly allowPrivate: boolean }): SourceUrl {
  const trimmed = text.trim();
  if (trimmed.length > maxUrlLength) {
    return refuse("not-a-url", `the address is longer than ${maxUrlLength} characters`, "use a shorter link");
  }
  if (/(?:…|\.\.\.)$/u.test(trimmed)) {
    return refuse(
      "not-a-url",
      "the address is cut short: it ends in …",
      "copy the address itself, not the text that is shown for it",
    );
  }
  const url = webUrl(trimmed);
  // One letter and a colon begin a path of Windows, and no scheme.
  if (url === null || url.protocol.length === 2) {
    return refuse("not-a-url", "this is not a web address", "give a whole address that begins with https://");
  }
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    return refuse(
      "unsupported-scheme",
      "only http and https addresses are captured",
      "copy the address of the page from a browser",
    );
  }
  if (url.href.length > maxUrlLength) {
    return refuse("not-a-url", `the address is longer than ${maxUrlLength} characters`, "use a shorter link");
  }
  return urlDanger(url, options.allowPrivate) ?? { url };
}

function urlDanger(url: URL, allowPrivate: boolean): SourceUrl | null {
  if (url.username !== "" || url.password !== "") {
    return refuse(
      "not-a-url",
      "the address carries a user name or password",
      "remove them and use --cookies FILE for a login",
    );
  }
  if (smuggles(url.href)) {
    return refuse(
      "not-a-url",
      "the address carries instructions for the downloader",
      "remove everything after #",
    );
  }
  if (!allowPrivate && isPrivateHost(url.hostname)) {
    return refuse(
      "private-address",
      "the address points into this machine or a private network",
      "give --allow-private if that is what you mean",
    );
  }
  return null;
}

function refuse(code: FailureCode, reason: string, hint: string): SourceUrl {
  return { failure: { code, reason, hint, retry: false } };
}

// CVE-2023-46121: yt-dlp reads request headers and a proxy out of this fragment. The sender of the link controls it.
function smuggles(href: string): boolean {
  let text = href.toLowerCase();
  for (let round = 0; round < 5; round += 1) {
    if (text.includes("__youtubedl_smuggle")) return true;
    const decoded = text.replace(/%([0-7][0-9a-f])/g, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)).toLowerCase(),
    );
    if (decoded === text) return false;
    text = decoded;
  }
  return true;
}

const localSuffixes = ["local", "internal", "localhost", "localdomain", "lan", "home.arpa"];

/**
 * True for a host that names this machine or a private network by its text alone: a private address literal, a name
 * without a dot, or a local-only suffix. `hostname` is what `URL.hostname` gives (IPv6 in brackets).
 */
export function isPrivateHost(hostname: string): boolean {
  const name = hostname.toLowerCase().replace(/\.$/, "");
  if (name.startsWith("[")) return isPrivateAddress(name.slice(1, -1));
  if (parseIpv4(name) !== null) return isPrivateAddress(name);
  if (!name.includes(".")) return true;
  return localSuffixes.some((suffix) => name.endsWith(`.${suffix}`));
}

const privateIpv4 = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.88.99.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/4",
  "240.0.0.0/4",
].map((block) => readBlock(block, parseIpv4, 32));

const privateIpv6 = [
  "::/128",
  "::1/128",
  // IPv4-compatible, mapped and translated addresses hide an IPv4 address from whoever reads only the IPv6 list.
  "::/96",
  "::ffff:0:0/96",
  "::ffff:0:0:0/96",
  "64:ff9b::/96",
  "64:ff9b:1::/48",
  "100::/64",
  "2001::/32",
  "2001:db8::/32",
  "2002::/16",
  "3fff::/20",
  "5f00::/16",
  "fc00::/7",
  "fe80::/10",
  "fec0::/10",
  "ff00::/8",
].map((block) => readBlock(block, parseIpv6, 128));

interface Block {
  readonly base: bigint;
  readonly shift: bigint;
}

function readBlock(text: string, parse: (ip: string) => bigint | null, bits: number): Block {
  const [ip = "", prefix = ""] = text.split("/");
  const shift = BigInt(bits - Number(prefix));
  return { base: (parse(ip) ?? 0n) >> shift, shift };
}

/**
 * True when `ip` must not be dialled: every block of SECURITY §1.2, IPv4 and IPv6, including IPv4 hidden in IPv6. Text
 * that is not an address literal (dotted IPv4, or IPv6 without brackets, a zone allowed) counts as private too: what
 * cannot be judged is refused.
 */
export function isPrivateAddress(ip: string): boolean {
  const v4 = parseIpv4(ip);
  if (v4 !== null) return privateIpv4.some((block) => v4 >> block.shift === block.base);
  const v6 = parseIpv6(ip.replace(/%.*$/s, ""));
  if (v6 === null) return true;
  return privateIpv6.some((block) => v6 >> block.shift === block.base);
}

/** The 32-bit value of a dotted IPv4 address, or null when `text` is not exactly that. */
export function parseIpv4(text: string): bigint | null {
  const parts = text.split(".");
  if (parts.length !== 4) return null;
  let value = 0n;
  for (const part of parts) {
    if (!/^(0|[1-9][0-9]{0,2})$/.test(part) || Number(part) > 255) return null;
    value = (value << 8n) | BigInt(part);
  }
  return value;
}

/** The 128-bit value of an IPv6 address without brackets or zone, or null when `text` is not exactly that. */
export function parseIpv6(text: string): bigint | null {
  if (!/^[0-9a-f:.]+$/i.test(text) || text.length > 45) return null;
  const halves = text.split("::");
  if (halves.length > 2) return null;
  const head = ipv6Groups(halves[0] ?? "");
  const tail = ipv6Groups(halves[1] ?? "");
  if (head === null || tail === null) return null;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return null;
  const groups = [...head, ...Array<number>(missing).fill(0), ...tail];
  return groups.reduce((value, group) => (value << 16n) | BigInt(group), 0n);
}

function ipv6Groups(text: string): number[] | null {
  if (text === "") return [];
  const groups: number[] = [];
  const parts = text.split(":");
  for (const [index, part] of parts.entries()) {
    const v4 = index === parts.length - 1 ? parseIpv4(part) : null;
    if (v4 !== null) groups.push(Number(v4 >> 16n), Number(v4 & 0xffffn));
    else if (/^[0-9a-f]{1,4}$/i.test(part)) groups.push(Number.parseInt(part, 16));
    else return null;
  }
  return groups;
}

/**
 * The address in a text, resolved against `base` if it is relative; null if the text is no address. The only place
 * where untrusted text becomes a URL: on Node 20, once `URL.canParse` has been called often enough to be compiled, it
 * accepts text with letters such as é that the parser then throws at.
 */
export function webUrl(text: string, base?: string): URL | null {
  try {
    return new URL(text, base);
  } catch {
    return null;
  }
}
