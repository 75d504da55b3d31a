import type { SheetName, WorkbookSheet } from "../../core/lists/sheet-table.js";
import { HoldfastError } from "../../core/words/error.js";
import { printable } from "../../core/words/printable.js";
import { type NumberFormat, numberFormat } from "./cell-format.js";
import { readSheet, unescaped } from "./sheet-rows.js";
import { readXml } from "./xml-events.js";
import { damaged, unpacked, type ZipPart, zipParts } from "./zip-parts.js";

interface Listed extends SheetName {
  /** The name of its part. */
  readonly part: string;
}

interface Book {
  readonly bytes: Uint8Array;
  readonly parts: ReadonlyMap<string, ZipPart>;
}

/**
 * One sheet of an `.xlsx` or `.xlsm` file: the one `wanted` by its name or its number from 1, else the first that is not
 * hidden. Macros, pictures and everything else in the file are not looked at. Throws `usage` for a file that is damaged or
 * protected with a password, for a sheet that is not there, and beyond the limits of SECURITY §4.
 */
export function readWorkbook(bytes: Uint8Array, wanted: string | null): WorkbookSheet {
  const book: Book = { bytes, parts: zipParts(bytes) };
  if ([...book.parts.values()].some(({ isEncrypted }) => isEncrypted)) throw passwordProtected();
  const main = [...book.parts.keys()].find((name) => /^(?:.*\/)?workbook\.xml$/.test(name));
  const { sheets, from1904 } = main === undefined ? bareSheets(book) : listedSheets(book, main);
  const sheet = chosen(sheets, wanted);
  const content = book.parts.get(sheet.part);
  if (content === undefined) throw damaged(`the sheet ${printable(sheet.name, 60)} is not in it`);
  const folder = main === undefined ? "xl/" : folderOf(main);
  const context = {
    strings: sharedStrings(book, folder),
    formats: cellFormats(book, folder),
    from1904,
    targets: linkTargets(book, sheet.part),
  };
  const { name, isHidden } = sheet;
  const others = sheets.filter((one) => one !== sheet).map(({ part, ...other }) => other);
  return { ...readSheet(unpacked(bytes, content), context), name, isHidden, from1904, others };
}

/** The error for a spreadsheet that nobody reads without its password. */
export function passwordProtected(): HoldfastError {
  return new HoldfastError(
    "usage",
    "reading the spreadsheet: it is protected with a password",
    "open it in the spreadsheet program, take the password off, save it as .xlsx or as CSV UTF-8, and give that",
  );
}

function chosen(sheets: readonly Listed[], wanted: string | null): Listed {
  const shown = sheets.find(({ isHidden }) => !isHidden) ?? sheets[0];
  if (shown === undefined) throw damaged("it holds no sheet");
  if (wanted === null) return shown;
  const plain = (name: string) => name.trim().toLowerCase();
  const named =
    sheets.find(({ name }) => name === wanted) ?? sheets.find(({ name }) => plain(name) === plain(wanted));
  const counted = /^\s*\d+\s*$/.test(wanted) ? sheets[Number(wanted) - 1] : undefined;
  const found = named ?? counted;
  if (found !== undefined) return found;
  const names = sheets.map(({ name }, index) => `${index + 1} ${printable(name, 40)}`).join(", ");
  throw new HoldfastError(
    "usage",
    `reading the spreadsheet: it has no sheet ${printable(wanted, 60)}`,
    `give one by its name or number: --sheet 1; it has: ${printable(names, 500)}`,
  );
}

interface Sheets {
  readonly sheets: readonly Listed[];
  readonly from1904: boolean;
}

function listedSheets(book: Book, main: string): Sheets {
  const targets = relations(book, main);
  const sheets: Listed[] = [];
  let from1904 = false;
  readXml(contentOf(book, main), {
    onOpen: (name, attribute) => {
      if (name === "workbookPr") from1904 = ["1", "true"].includes(attribute("date1904") ?? "");
      if (name !== "sheet") return;
      const target = targets.get(attribute("id") ?? "");
      // A sheet of a chart or a macro has no cells.
      if (target === undefined || !/worksheet$/.test(target.type)) return;
      const isHidden = (attribute("state") ?? "visible") !== "visible";
      sheets.push({
        name: unescaped(attribute("name") ?? ""),
        isHidden,
        part: resolved(main, target.target),
      });
    },
  });
  return { sheets, from1904 };
}

/** A file that some program wrote without a list of its sheets. */
function bareSheets({ parts }: Book): Sheets {
  const names = [...parts.keys()].filter((name) => /^xl\/worksheets\/[^/]+\.xml$/.test(name)).sort();
  const sheets = names.map((part, index) => ({ name: `Sheet${index + 1}`, isHidden: false, part }));
  return { sheets, from1904: false };
}

interface Relation {
  readonly type: string;
  readonly target: string;
}

/** What a part of the file refers to, by id. */
function relations(book: Book, part: string): ReadonlyMap<string, Relation> {
  const found = new Map<string, Relation>();
  const name = `${folderOf(part)}_rels/${part.slice(folderOf(part).length)}.rels`;
  if (!book.parts.has(name)) return found;
  readXml(contentOf(book, name), {
    onOpen: (element, attribute) => {
      if (element !== "Relationship") return;
      found.set(attribute("Id") ?? "", {
        type: attribute("Type") ?? "",
        target: attribute("Target") ?? "",
      });
    },
  });
  return found;
}

function linkTargets(book: Book, part: string): ReadonlyMap<string, string> {
  const links = [...relations(book, part)].filter(([, { type }]) => /hyperlink$/.test(type));
  return new Map(links.map(([id, { target }]) => [id, target]));
}

/** More than a list of the largest size has in twenty columns. */
const mostStrings = 2_000_000;

function sharedStrings(book: Book, folder: string): readonly string[] {
  const name = `${folder}sharedStrings.xml`;
  if (!book.parts.has(name)) return [];
  const strings: string[] = [];
  let text = "";
  let inText = false;
  let phonetic = false;
  readXml(contentOf(book, name), {
    onOpen: (element) => {
      if (element === "si") text = "";
      if (element === "rPh") phonetic = true;
      inText = element === "t" && !phonetic;
    },
    onText: (piece) => {
      if (inText) text += piece;
    },
    onClose: (element) => {
      if (element === "t") inText = false;
      if (element === "rPh") phonetic = false;
      if (element !== "si") return;
      if (strings.length === mostStrings) throw damaged("it has too many texts");
      strings.push(unescaped(text));
    },
  });
  return strings;
}

/** The format of each style that a cell can have. */
function cellFormats(book: Book, folder: string): readonly NumberFormat[] {
  const name = `${folder}styles.xml`;
  if (!book.parts.has(name)) return [];
  const own = new Map<number, string>();
  const formats: NumberFormat[] = [];
  let inCells = false;
  readXml(contentOf(book, name), {
    onOpen: (element, attribute) => {
      if (element === "numFmt") own.set(Number(attribute("numFmtId")), attribute("formatCode") ?? "");
      if (element === "cellXfs") inCells = true;
      if (element !== "xf" || !inCells) return;
      const id = Number(attribute("numFmtId") ?? 0);
      formats.push(numberFormat(id, own.get(id) ?? null));
    },
    onClose: (element) => {
      if (element === "cellXfs") inCells = false;
    },
  });
  return formats;
}

function contentOf({ bytes, parts }: Book, name: string): Uint8Array {
  const part = parts.get(name);
  if (part === undefined) throw damaged(`${printable(name, 60)} is not in it`);
  return unpacked(bytes, part);
}

function folderOf(part: string): string {
  return part.slice(0, part.lastIndexOf("/") + 1);
}

/** The name of the part that `target` leads to from `part`. */
function resolved(part: string, target: string): string {
  if (target.startsWith("/")) return target.slice(1);
  const steps = folderOf(part).split("/").slice(0, -1);
  for (const step of target.split("/")) {
    if (step === "..") steps.pop();
    else if (step !== ".") steps.push(step);
  }
  return steps.join("/");
}
