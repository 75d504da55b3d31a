import { cookieFileProblem, cookiesFit } from "../core/capture/cookies.js";
import { webUrl } from "../core/capture/source-url.js";
import { HoldfastError } from "../core/words/error.js";
import { readTypedFile } from "./typed-file.js";

const hint = "export the cookies of the site as Netscape cookies.txt, and give that file with --cookies";

const problems = {
  json: "this is JSON, not the cookies.txt format",
  "utf-16": "this is UTF-16, and yt-dlp reads UTF-8",
  "no-cookies": "it has no cookie in the cookies.txt format, whose fields are separated by tabs",
} as const;

/** The most bytes of a cookie file; that of a browser used for years has one or two million. */
const largestFile = 64 * 1024 * 1024;

/** The text of a cookie file. Throws `usage` if it cannot be read or is not in the one format that yt-dlp reads. */
export async function readCookieFile(path: string, signal: AbortSignal): Promise<string> {
  let text: string;
  try {
    text = (await readTypedFile(path, largestFile, signal)).toString("utf8");
  } catch (error) {
    signal.throwIfAborted();
    const why = error instanceof Error && !("code" in error) ? error.message : "the file cannot be read";
    throw new HoldfastError("usage", `reading cookies from ${path}: ${why}`, hint, error);
  }
  const problem = cookieFileProblem(text);
  if (problem === null) return text;
  throw new HoldfastError("usage", `reading cookies from ${path}: ${problems[problem]}`, hint);
}

/** What keeps a file's cookies from helping at these addresses, one sentence for each host; empty where they fit. */
export function cookieNotes(text: string, addresses: Iterable<string>, now: Date): readonly string[] {
  const notes = new Map<string, string | null>();
  for (const address of addresses) {
    const host = webUrl(address)?.hostname;
    if (host !== undefined && !notes.has(host)) notes.set(host, cookieNote(text, host, now));
  }
  return [...notes.values()].filter((note) => note !== null);
}

/** The same for a list, in which most hosts may need no cookies: what has expired, and whether nothing fits at all. */
export function cookieNotesOfList(text: string, addresses: Iterable<string>, now: Date): readonly string[] {
  const hosts = new Set([...addresses].flatMap((address) => webUrl(address)?.hostname ?? []));
  const fits = [...hosts].map((host) => [host, cookiesFit(text, host, now)] as const);
  if (fits.length > 0 && fits.every(([, fit]) => fit === "other-site"))
    return ["the cookie file has no cookie for any host of this list"];
  return fits.flatMap(([host, fit]) => (fit === "expired" ? [cookieNote(text, host, now) ?? ""] : []));
}

/** The same for one host; null where the cookies fit. */
export function cookieNote(text: string, host: string, now: Date): string | null {
  switch (cookiesFit(text, host, now)) {
    case "fit":
      return null;
    case "other-site":
      return `the cookie file has no cookie for ${host}`;
    case "expired":
      return `every cookie for ${host} in the cookie file has expired`;
  }
}
