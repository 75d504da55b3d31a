import { redactText } from "../capture/redact.js";
import { asBytes, cutBody } from "./cut-body.js";

/** The copy of a page in one file that may leave the private annex, and what was cut of which part. */
export interface CutMhtml {
  readonly text: string;
  readonly cut: readonly string[];
}

/**
 * A page in one file (RFC 2557) as Chromium writes it, without what `redactText` cuts. `text`: its bytes, one character
 * each. Texts in it are quoted-printable, in which an address may stand across two lines, so each is decoded first. A part
 * of which nothing was cut stays as it is, byte for byte. Pure.
 */
export function cutMhtml(text: string, secrets: readonly string[]): CutMhtml {
  const boundary = /^Content-Type: multipart\/related;(?:\r\n[ \t]|[^\r\n])*?boundary="([^"\r\n]+)"/im.exec(
    text,
  )?.[1];
  const mark = boundary === undefined ? null : `\r\n--${boundary}`;
  const [preamble = "", ...parts] = mark === null ? [text] : text.split(mark);
  const cut: string[] = [];
  const head = cutHead(preamble, secrets);
  if (head !== preamble) cut.push("header");
  const shown = parts.map((part, at) => {
    const { text: one, cut: places } = cutPart(part, secrets);
    cut.push(...places.map((place) => `part ${at + 1}: ${place}`));
    return one;
  });
  return { text: [head, ...shown].join(mark ?? ""), cut };
}

function cutPart(part: string, secrets: readonly string[]): CutMhtml {
  const end = part.indexOf("\r\n\r\n");
  if (end === -1) return { text: part, cut: [] };
  const [header, body] = [part.slice(0, end + 2), part.slice(end + 4)];
  const head = cutHead(header, secrets);
  const places = head === header ? [] : ["header"];
  const encoding = fieldOf(header, "Content-Transfer-Encoding")?.toLowerCase() ?? "8bit";
  const type = fieldOf(header, "Content-Type");
  const bytes = decoded(body, encoding);
  const { bytes: left, cut } = cutBody(bytes, type, secrets);
  if (cut.length === 0) return { text: `${head}\r\n${body}`, cut: places };
  return { text: `${head}\r\n${encoded(left, encoding)}`, cut: [...places, ...cut] };
}

/** A title that is not ASCII stands in words of RFC 2047, in which neither an address nor a secret reads as itself. */
function cutHead(header: string, secrets: readonly string[]): string {
  const known = asBytes(secrets);
  const shown = header.replace(encodedWords, (words) => {
    const { text, cut } = redactText(wordsOf(words), known);
    return cut.length === 0 ? words : inWords(text);
  });
  return redactText(shown, known).text;
}

const encodedWord = /=\?[\w-]+\?([QB])\?([^?\s]*)\?=/gi;
const encodedWords = new RegExp(`${encodedWord.source}(?:\\s+${encodedWord.source})*`, "gi");

/** What encoded words say, one character for each byte. */
function wordsOf(words: string): string {
  return [...words.matchAll(encodedWord)]
    .map(([, encoding = "", word = ""]) =>
      encoding.toUpperCase() === "B"
        ? Buffer.from(word, "base64").toString("latin1")
        : Buffer.from(decoded(word.replaceAll("_", " "), "quoted-printable")).toString("latin1"),
    )
    .join("");
}

/** Words of at most 75 characters, none of which ends within a character of UTF-8. */
function inWords(text: string): string {
  const characters = text.match(/[\xc0-\xff][\x80-\xbf]*|[\s\S]/g) ?? [];
  const lines = [""];
  for (const character of characters) {
    const safe = character.replace(/[^A-Za-z0-9.[\]-]/g, hexOf);
    const last = lines.length - 1;
    if (`${lines[last]}${safe}`.length > 60) lines.push(safe);
    else lines[last] += safe;
  }
  return lines.map((line) => `=?utf-8?Q?${line}?=`).join("\r\n ");
}

function fieldOf(header: string, name: string): string | null {
  return new RegExp(`^${name}:[ \\t]*([^\\r\\n]*)`, "im").exec(header)?.[1]?.trim() ?? null;
}

function decoded(body: string, encoding: string): Uint8Array {
  if (encoding === "base64") return Buffer.from(body, "base64");
  if (encoding !== "quoted-printable") return Buffer.from(body, "latin1");
  const plain = body
    .replace(/=[ \t]*\r?\n/g, "")
    .replace(/=([0-9A-F]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(plain, "latin1");
}

function encoded(bytes: Uint8Array, encoding: string): string {
  const text = Buffer.from(bytes).toString("latin1");
  if (encoding === "base64")
    return `${Buffer.from(bytes).toString("base64").replace(/.{76}/g, "$&\r\n")}\r\n`;
  return encoding === "quoted-printable" ? quotedPrintable(text) : text;
}

/** RFC 2045 §6.7: at most 76 characters a line, blanks at the end of a line written out. */
function quotedPrintable(text: string): string {
  return text
    .split("\r\n")
    .map((line) => {
      const safe = line.replace(/[^\t\x20-\x3c\x3e-\x7e]/g, hexOf).replace(/[\t ]$/, hexOf);
      return (safe.match(/(?:=[0-9A-F]{2}|[^=]){1,24}/g) ?? []).join("=\r\n");
    })
    .join("\r\n");
}

function hexOf(character: string): string {
  return `=${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
}
