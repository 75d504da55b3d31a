import PostalMime, { type Email } from "postal-mime";
import { encodeCheckpoint, parseCheckpoint } from "../audit/checkpoint.js";
import { FormatError } from "../audit/finding.js";
import { HoldfastError } from "../core/words/error.js";
import { printable } from "../core/words/printable.js";

/**
 * The checkpoints in a file that a checker brings along, each in its three lines, in the order in which they were found: a text,
 * a mail as it came with whatever encoding, parts and quoting it has, or a mailbox. Every way to read the bytes is tried, and
 * what is found by any of them counts; none invents a checkpoint, since its root has a form of its own. Throws `usage` if there
 * is none, with the names of the parts that were not read, and for checkpoints of several vaults.
 */
export async function checkpointsIn(bytes: Uint8Array, name: string): Promise<readonly string[]> {
  const unread: string[] = [];
  const texts = await textsOf(bytes, unread, 0);
  const found = [...new Set(texts.flatMap(readings).flatMap(checkpointsOf))];
  const origins = new Set(found.map((one) => parseCheckpoint(one).origin));
  if (origins.size > 1) {
    throw unusable(name, "it holds checkpoints of several vaults", "give a file with those of one vault");
  }
  if (found.length > 0) return found;
  const rest = unread.length === 0 ? "" : `; not read: ${printable(unread.join(", "), 300)}`;
  throw unusable(
    name,
    `it does not hold the three lines of a checkpoint${rest}`,
    "give the three lines that 'holdfast checkpoint --show' printed, or the mail with them as it came (.eml), from somewhere else than the vault or package being checked",
  );
}

function unusable(name: string, why: string, hint: string): HoldfastError {
  return new HoldfastError("usage", `reading ${printable(name, 200)} for --against: ${why}`, hint);
}

/** Mails in mails are followed so far. */
const deepest = 4;

async function textsOf(bytes: Uint8Array, unread: string[], depth: number): Promise<readonly string[]> {
  if (bytes[0] === 0xd0 && bytes[1] === 0xcf) {
    unread.push("a message of Outlook (.msg), which can be saved as .eml or as text");
    return [];
  }
  const whole = decoded(bytes);
  const mails = mailsIn(whole);
  const parts = await Promise.all(mails.map((mail) => partsOf(mail, unread, depth)));
  return [whole, ...parts.flat()];
}

function decoded(bytes: Uint8Array): string {
  return new TextDecoder(encodingOf(bytes)).decode(bytes);
}

/** UTF-16 by its mark, or by the zeros in every second byte of what is all Latin letters here. */
function encodingOf(bytes: Uint8Array): string {
  const head = bytes.subarray(0, 512);
  if (head[0] === 0xfe && head[1] === 0xff) return "utf-16be";
  const zeros = (from: number) => head.filter((byte, at) => at % 2 === from && byte === 0).length;
  if (zeros(0) > head.length / 8) return "utf-16be";
  return (head[0] === 0xff && head[1] === 0xfe) || zeros(1) > head.length / 8 ? "utf-16le" : "utf-8";
}

const header =
  /^(?:from|to|subject|date|received|return-path|message-id|mime-version|content-type|content-transfer-encoding|delivered-to|x-[\w-]+):/im;

/** The mails that a text is: one, or those of a mailbox; none if it does not begin as a mail does. */
function mailsIn(text: string): readonly string[] {
  const plain = text.replace(/^\ufeff/, "").trimStart();
  const [head = ""] = plain.split(/\r?\n\r?\n/, 1);
  if (!header.test(head) || !/^(?:[\w-]+:|From )/.test(plain)) return [];
  return plain.split(/^From \S+ .*\d{4}\r?\n/m).filter((mail) => mail.trim() !== "");
}

async function partsOf(mail: string, unread: string[], depth: number): Promise<readonly string[]> {
  const email = await parsed(mail, unread);
  if (email === null) return [];
  const texts = [email.text, email.html].filter((text) => text !== undefined);
  for (const { filename, mimeType, content } of email.attachments) {
    const bytes = typeof content === "string" ? Buffer.from(content) : new Uint8Array(content);
    const isText =
      /^(?:text|message)\/|^application\/(?:octet-stream|pgp-signature)/i.test(mimeType) || mimeType === "";
    if (isText && depth < deepest) texts.push(...(await textsOf(bytes, unread, depth + 1)));
    else unread.push(`${filename ?? "a part without a name"} (${mimeType})`);
  }
  return texts;
}

async function parsed(mail: string, unread: string[]): Promise<Email | null> {
  try {
    return await PostalMime.parse(mail);
  } catch (error) {
    unread.push(`a mail that cannot be taken apart (${error instanceof Error ? error.message : "unknown"})`);
    return null;
  }
}

/** A text as it is, without its quoted-printable code, without its markup, and out of base64. */
function readings(text: string): readonly string[] {
  const packed = text.replaceAll(/\s/g, "");
  const isPacked = packed.length > 60 && /^[A-Za-z0-9+/]+={0,2}$/.test(packed);
  const unpacked = isPacked ? Buffer.from(packed, "base64") : null;
  return [
    text,
    text
      .replaceAll(/=[ \t]*\r?\n/g, "")
      .replaceAll(/=([0-9A-F]{2})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16))),
    withoutMarkup(text),
    ...(unpacked === null ? [] : [decoded(unpacked)]),
  ];
}

function withoutMarkup(text: string): string {
  return text
    .replaceAll(/<(?:br|\/?p|\/?div|\/?li|\/?tr|\/?pre|\/?blockquote)\b[^<>]{0,1000}>/gi, "\n")
    .replaceAll(/<[^<>]{0,1000}>/g, "")
    .replaceAll(/&(?:nbsp|#160|#xa0);/gi, " ")
    .replaceAll(/&(?:gt|#62);/gi, ">")
    .replaceAll(/&#(?:43|x2b);|&plus;/gi, "+")
    .replaceAll(/&#(?:47|x2f);|&sol;/gi, "/")
    .replaceAll(/&#(?:61|x3d);|&equals;/gi, "=");
}

/**
 * Name, size and root with anything between them that mail programs put there: quote marks, line ends, none at all but a blank.
 * Name and root may be broken too; where they end is known by their length.
 */
const inWords =
  /(?<![\w/])holdfast ?\/ ?((?:[0-9a-f] ?){31}[0-9a-f]) ([1-9]\d{0,15}) ((?:[A-Za-z0-9+/] ?){42}[A-Za-z0-9+/] ?=)(?![A-Za-z0-9+/=])/g;

function checkpointsOf(text: string): readonly string[] {
  const plain = text
    .replaceAll(/[\u00ad\u200b-\u200f\u2060\ufeff]/g, "")
    .replaceAll(/[\s>|*`"'«»“”„]+/g, " ");
  return [...plain.matchAll(inWords)].flatMap(([, vault = "", size = "", root = ""]) => {
    const lines = [`holdfast/${vault}`, size, root].map((line) => line.replaceAll(" ", ""));
    return readable(`${lines.join("\n")}\n`);
  });
}

function readable(text: string): readonly string[] {
  try {
    return [encodeCheckpoint(parseCheckpoint(text))];
  } catch (error) {
    if (error instanceof FormatError) return [];
    throw error;
  }
}
