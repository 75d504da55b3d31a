import { HoldfastError } from "../../core/words/error.js";
import { passwordProtected } from "./workbook.js";
import { zipParts } from "./zip-parts.js";

/** What a list is: text in rows, or a workbook of Excel's newer kind. */
export type ListFormat = "text" | "xlsx";

const asXlsx = "open it in the spreadsheet program, save it as .xlsx or as CSV UTF-8, and give that";

/**
 * Tells by the first bytes whether a list is text or a workbook. Throws `usage` for what is neither and for workbooks that
 * are not read here, saying what it is and what to do with it. `name` is the file's name; null for standard input.
 */
export function listFormat(bytes: Uint8Array, name: string | null): ListFormat {
  if (begins(bytes, [0x50, 0x4b, 0x03, 0x04]) || begins(bytes, [0x50, 0x4b, 0x05, 0x06])) {
    return packedFormat(bytes);
  }
  if (begins(bytes, [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1])) throw oldOffice(bytes);
  if (begins(bytes, [0x25, 0x50, 0x44, 0x46, 0x2d])) {
    throw refused("a PDF", "copy the table into a spreadsheet, and save that as .xlsx or as CSV UTF-8");
  }
  const head = new TextDecoder().decode(bytes.subarray(0, 1024)).replace(/^[\s\ufeff\0]+/, "");
  // A text may hold an address in pointed brackets or in a link of its own: those are lists.
  if (/^<(?:!doctype|\?xml|html|head|body|meta|table|office:)/i.test(head))
    throw refused(markupNamed(head, name), asXlsx);
  return "text";
}

function packedFormat(bytes: Uint8Array): ListFormat {
  const names = [...zipParts(bytes).keys()];
  const has = (pattern: RegExp) => names.some((name) => pattern.test(name));
  if (has(/^xl\/workbook\.bin$/)) throw refused("a binary workbook (.xlsb)", asXlsx);
  if (has(/^xl\//) || has(/(?:^|\/)workbook\.xml$/)) return "xlsx";
  if (has(/\.iwa$/) || has(/^(?:Index\.zip|index\.apxl)$/)) {
    throw refused(
      "a table of Numbers (.numbers)",
      "in Numbers: File, Export To, Excel or CSV; then give that",
    );
  }
  if (has(/^content\.xml$/)) throw refused("an OpenDocument table (.ods)", asXlsx);
  if (has(/^word\//)) {
    throw refused(
      "a Word document",
      "copy the table into a spreadsheet, and save that as .xlsx or as CSV UTF-8",
    );
  }
  throw refused("a ZIP archive without a spreadsheet in it", "unpack it, and give the list");
}

/** The old binary format of Office also wraps workbooks that need a password. */
function oldOffice(bytes: Uint8Array): HoldfastError {
  const names = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const has = (name: string) => names.includes(Buffer.from(name, "utf16le"));
  if (has("EncryptedPackage")) return passwordProtected();
  if (has("WordDocument")) {
    return refused(
      "a Word document",
      "copy the table into a spreadsheet, and save that as .xlsx or as CSV UTF-8",
    );
  }
  return refused("a workbook of Excel's old format (.xls)", asXlsx);
}

function markupNamed(head: string, name: string | null): string {
  if (/office:document/.test(head) || /\.fods$/i.test(name ?? "")) return "an OpenDocument table (.fods)";
  if (/schemas-microsoft-com:office:spreadsheet|mso-application/.test(head)) return "a spreadsheet in XML";
  return "a web page or other markup, whatever its name says";
}

function refused(what: string, hint: string): HoldfastError {
  return new HoldfastError("usage", `reading the list: it is ${what}, which is not read here`, hint);
}

function begins(bytes: Uint8Array, first: readonly number[]): boolean {
  return first.every((byte, index) => bytes[index] === byte);
}
