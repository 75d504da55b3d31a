import { strToU8, zipSync } from "fflate";

/** A workbook as a spreadsheet program packs it, of which a test names only the parts that matter to it. */
export interface WorkbookParts {
  /** The `<sheet>` elements; one sheet called Sheet1 if nothing is said. */
  readonly sheets?: string;
  /** What stands in `<worksheet>`, by number of the sheet from 1. */
  readonly worksheets: readonly string[];
  /** The `<si>` elements. */
  readonly strings?: string;
  /** What stands in `<styleSheet>`. */
  readonly styles?: string;
  /** The targets of the links of the first sheet: `rId1`, `rId2`, … */
  readonly links?: readonly string[];
  /** What stands in `<workbook>` before the sheets. */
  readonly properties?: string;
}

const office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

function relations(all: readonly (readonly [id: string, type: string, target: string])[]): string {
  const each = all.map(
    ([id, type, target]) => `<Relationship Id="${id}" Type="${office}/${type}" Target="${target}"/>`,
  );
  return `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">${each.join("")}</Relationships>`;
}

/** The bytes of an `.xlsx` file. */
export function workbook(parts: WorkbookParts): Uint8Array {
  const { worksheets, strings, styles, links = [], properties = "" } = parts;
  const sheets = parts.sheets ?? '<sheet name="Sheet1" sheetId="1" r:id="rId1"/>';
  const texts: Record<string, string> = {
    "[Content_Types].xml": "<Types/>",
    "_rels/.rels": relations([["rId1", "officeDocument", "xl/workbook.xml"]]),
    "xl/workbook.xml": `<workbook xmlns:r="${office}">${properties}<sheets>${sheets}</sheets></workbook>`,
    "xl/_rels/workbook.xml.rels": relations(
      worksheets.map((_, index) => [`rId${index + 1}`, "worksheet", `worksheets/sheet${index + 1}.xml`]),
    ),
    "xl/worksheets/_rels/sheet1.xml.rels": relations(
      links.map((target, index) => [`rId${index + 1}`, "hyperlink", target]),
    ),
    ...(strings === undefined ? {} : { "xl/sharedStrings.xml": `<sst>${strings}</sst>` }),
    ...(styles === undefined ? {} : { "xl/styles.xml": `<styleSheet>${styles}</styleSheet>` }),
  };
  for (const [index, content] of worksheets.entries()) {
    texts[`xl/worksheets/sheet${index + 1}.xml`] = `<worksheet xmlns:r="${office}">${content}</worksheet>`;
  }
  return packed(texts);
}

/** A ZIP archive of these texts by name. */
export function packed(texts: Readonly<Record<string, string>>): Uint8Array {
  const files = Object.entries(texts).map(([name, text]) => [name, strToU8(text)] as const);
  return zipSync(Object.fromEntries(files), { mtime: new Date(2000, 0, 1) });
}

/** `<sheetData>` with these rows of texts, from row 1 on. */
export function sheetData(rows: readonly (readonly string[])[]): string {
  const cell = (text: string) => `<c t="inlineStr"><is><t xml:space="preserve">${xml(text)}</t></is></c>`;
  return `<sheetData>${rows.map((cells) => `<row>${cells.map(cell).join("")}</row>`).join("")}</sheetData>`;
}

/** A workbook with one sheet of texts. */
export function plainWorkbook(rows: readonly (readonly string[])[]): Uint8Array {
  return workbook({ worksheets: [sheetData(rows)] });
}

function xml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
