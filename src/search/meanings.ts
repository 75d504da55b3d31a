import { queryWords } from "../core/capture/folded-text.js";
import { redactTypedUrl } from "../core/capture/redact.js";
import { webUrl } from "../core/capture/source-url.js";
import { readAddress } from "../core/lists/cell-address.js";
import { captureKey } from "../vault/index/rows.js";

/** What a text that somebody looks for may mean. */
export type Meaning =
  /** A part of an id, in upper case. */
  | { readonly by: "id"; readonly text: string }
  /** The beginning of a SHA-256 or SHA-512, in lower case. */
  | { readonly by: "digest"; readonly text: string }
  /** An address in any spelling, by the key under which captures of it are found. */
  | { readonly by: "address"; readonly key: string; readonly text: string }
  /** A site as the index has it. */
  | { readonly by: "host"; readonly text: string }
  | { readonly by: "words"; readonly text: string };

const digest = /^(?:(sha-?(?:256|512))[:=])?([0-9a-f]{8,128})$/i;
const id = /^(?:\d{8}-)?[0-9A-HJKMNP-TV-Z]{8}$|^\d{8}-[0-9A-HJKMNP-TV-Z]{1,7}$/i;
/** So little of an id may be a word as well. */
const partOfId = /^[0-9A-HJKMNP-TV-Z]{4,7}$/i;
const host = /^(?:(?:[\p{L}\p{N}_-]+\.)+\p{L}[\p{L}\p{N}-]+|\d{1,3}(?:\.\d{1,3}){3})\/?$/u;

/**
 * Everything that a text may mean, the narrowest first; the first that finds something is what was meant. An address means
 * nothing else: what only has its letters in a title would be a false yes to "do we have this link?". Empty if there is
 * nothing in the text to look for.
 */
export function meaningsOf(typed: string): readonly Meaning[] {
  const text = typed.trim();
  const [, algorithm, digits] = digest.exec(text) ?? [];
  if (algorithm !== undefined && digits !== undefined) return [{ by: "digest", text: digits.toLowerCase() }];
  const address = host.test(text) ? null : readAddress(text);
  const url = address === null ? null : webUrl(redactTypedUrl(address.url));
  if (url !== null) return [{ by: "address", key: captureKey(url.href, null), text: url.href }];
  return [
    ...(digits === undefined ? [] : [{ by: "digest", text: digits.toLowerCase() } as const]),
    ...(id.test(text) ? [{ by: "id", text: text.toUpperCase() } as const] : []),
    ...(host.test(text) ? [{ by: "host", text: hostAsked(text) } as const] : []),
    ...(queryWords(text).length === 0 ? [] : [{ by: "words", text } as const]),
    ...(partOfId.test(text) ? [{ by: "id", text: text.toUpperCase() } as const] : []),
  ];
}

/** A site in the index's form: `https://www.Video.example/x` becomes `video.example`. */
export function hostAsked(text: string): string {
  const address = /^https?:\/\//i.test(text) ? text : `http://${text}`;
  return (webUrl(address)?.hostname ?? text.toLowerCase()).replace(/^www\./, "");
}
