import { strToU8, Zip, ZipDeflate, ZipPassThrough } from "fflate";
import { cellName } from "../../core/lists/cell-name.js";
import { wellFormed } from "../../core/words/printable.js";

/** What a spreadsheet takes in one cell, in UTF-16 units. */
const longestCell = 32_767;

/** No clock goes into the file: the same rows are the same bytes. */
const mtime = new Date(2000, 0, 1);

const office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const types = "application/vnd.openxmlformats-officedocument.spreadsheetml";
const declaration = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';

/** The parts of every workbook with one sheet. Style 1 is text: what looks like a number, date or formula stays as it is. */
const fixedParts: Readonly<Record<string, string>> = {
  "[Content_Types].xml": `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="${types}.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="${types}.worksheet+xml"/><Override PartName="/xl/styles.xml" ContentType="${types}.styles+xml"/></Types>`,
  "_rels/.rels": relations([["officeDocument", "xl/workbook.xml"]]),
  "xl/workbook.xml": `<workbook xmlns="${main}" xmlns:r="${office}"><sheets><sheet name="holdfast" sheetId="1" r:id="rId1"/></sheets></workbook>`,
  "xl/_rels/workbook.xml.rels": relations([
    ["worksheet", "worksheets/sheet1.xml"],
    ["styles", "styles.xml"],
  ]),
  "xl/styles.xml": `<styleSheet xmlns="${main}"><fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders><cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="2"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/><xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" quotePrefix="1" applyNumberFormat="1"/></cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>`,
};

function relations(all: readonly (readonly [type: string, target: string])[]): string {
  const each = all.map(
    ([type, target], index) =>
      `<Relationship Id="rId${index + 1}" Type="${office}/${type}" Target="${target}"/>`,
  );
  return `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">${each.join("")}</Relationships>`;
}

/**
 * The bytes of an `.xlsx` file with one sheet of these rows, piece by piece. Every cell is text, whatever is in it, and so are
 * the cells that a person adds; the first row stays in sight. A cell that no spreadsheet could take is cut and ends in `…`.
 * The same rows give the same bytes.
 */
export function* workbookBytes(rows: Iterable<readonly string[]>): Generator<Uint8Array> {
  let ready: Uint8Array[] = [];
  const zip = new Zip((error, bytes) => {
    if (error !== null) throw error;
    ready.push(bytes);
  });
  for (const [name, text] of Object.entries(fixedParts)) {
    const part = new ZipPassThrough(name);
    part.mtime = mtime;
    zip.add(part);
    part.push(strToU8(declaration + text), true);
  }
  const sheet = new ZipDeflate("xl/worksheets/sheet1.xml", { level: 6 });
  sheet.mtime = mtime;
  zip.add(sheet);
  for (const text of sheetPieces(rows)) {
    sheet.push(strToU8(text), false);
    yield* ready;
    ready = [];
  }
  sheet.push(new Uint8Array(), true);
  zip.end();
  yield* ready;
}

function* sheetPieces(rows: Iterable<readonly string[]>): Generator<string> {
  const pane = '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>';
  let piece = `${declaration}<worksheet xmlns="${main}"><sheetViews><sheetView workbookViewId="0">${pane}</sheetView></sheetViews><cols><col min="1" max="16384" width="20" style="1" customWidth="1"/></cols><sheetData>`;
  let number = 0;
  for (const cells of rows) {
    number += 1;
    piece += `<row r="${number}">${cells.map((cell, column) => cellXml(cell, number, column)).join("")}</row>`;
    if (piece.length < 65_536) continue;
    yield piece;
    piece = "";
  }
  yield `${piece}</sheetData></worksheet>`;
}

function cellXml(text: string, row: number, column: number): string {
  if (text === "") return "";
  return `<c r="${cellName(row, column)}" s="1" t="inlineStr"><is><t xml:space="preserve">${xmlText(text)}</t></is></c>`;
}

/** What XML cannot hold is written as `_x0008_`, as spreadsheets write and read it. */
function xmlText(text: string): string {
  return wellFormed(shortened(text))
    .replaceAll(/_(?=x[0-9A-Fa-f]{4}_)/g, "_x005F_")
    .replaceAll(/[\u0000-\u0008\u000b-\u001f\ufffe\uffff]/g, (one) => {
      return `_x${one.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}_`;
    })
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;");
}

function shortened(text: string): string {
  if (text.length <= longestCell) return text;
  return `${text.slice(0, longestCell - 1).replace(/[\ud800-\udbff]$/, "")}…`;
}
