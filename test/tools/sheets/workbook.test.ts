import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ListReading, readSourceList, type SourceList } from "../../../src/core/lists/source-list.js";
import { HoldfastError } from "../../../src/core/words/error.js";
import { readList } from "../../../src/tools/sheets/read-list.js";
import { unpackedLimits, zipParts } from "../../../src/tools/sheets/zip-parts.js";
import { packed, plainWorkbook, sheetData, workbook } from "../../support/workbooks.js";

const clip = "https://t.me/example/1";

function read(bytes: Uint8Array, as: Partial<ListReading> = {}): SourceList {
  return readList(bytes, { name: "list.xlsx", column: null, sheet: null, ...as });
}

/** The cells of the rows below the header, with their numbers. */
function rowsOf(bytes: Uint8Array, as: Partial<ListReading> = {}): readonly unknown[] {
  return read(bytes, as).rows.map(({ number, url, cells }) => ({ number, url, cells }));
}

function refusal(act: () => unknown): HoldfastError {
  try {
    act();
  } catch (error) {
    if (error instanceof HoldfastError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

/** The refusal of a list: what it says, and what to do. */
function said(bytes: Uint8Array, as: Partial<ListReading> = {}): string {
  const { code, message, hint } = refusal(() => read(bytes, as));
  return `${code}: ${message}; ${hint}`;
}

/** A workbook whose list stands in its second sheet. */
function titled(title: string): Uint8Array {
  return workbook({
    sheets: '<sheet name="Титул" sheetId="1" r:id="rId1"/><sheet name="Список" sheetId="2" r:id="rId2"/>',
    worksheets: [title, sheetData([["url"], [clip]])],
  });
}

describe("a workbook is read as the person sees it in the spreadsheet", () => {
  it("a formula that was filled down leads from each of its cells, and one that puts a link together is named", () => {
    const link = (name: string, formula: string) =>
      `<c r="${name}" t="str"><f>${formula}</f><v>видео</v></c>`;
    const filled = (name: string, formula: string) =>
      `<c r="${name}" t="str"><f t="shared" si="0">${formula}</f><v>видео</v></c>`;
    const rows = [
      '<c r="A1" t="str"><v>Ссылка</v></c>',
      filled("A2", `HYPERLINK("${clip}","видео")`),
      filled("A3", ""),
      link("A4", 'HYPERLINK(C4,"видео")'),
      link("A5", 'HYPERLINK("https://t.me/example/"&amp;C5,"видео")'),
    ];
    const sheet = `<sheetData>${rows.map((cells, index) => `<row r="${index + 1}">${cells}</row>`).join("")}</sheetData>`;
    const { rows: found, notes } = read(workbook({ worksheets: [sheet] }));
    expect(found.map(({ url }) => url)).toEqual([clip, clip, "видео", "видео"]);
    expect(notes).toContain("cells whose link a formula puts together, which is not read: A4, A5");
  });

  it("by the same rules as the same cells in a CSV file: columns, titles, comments, several addresses, row numbers", () => {
    const rows = [
      ["Список по делу"],
      [],
      ["№", "Ссылка", "Дело"],
      ["1", "t.me/example/1", "14/2"],
      ["# пропустить", "", ""],
      ["2", `${clip}; https://t.me/example/2`, "'=1+1"],
      ["3", "", "без ссылки"],
    ];
    const csv = new TextEncoder().encode(rows.map((cells) => cells.join(",")).join("\n"));
    const fromSheet = read(plainWorkbook(rows));
    const fromText = readSourceList(csv, { name: "list.csv", column: null });
    const { columns, urlColumn, notes } = fromText;
    expect(fromSheet.rows).toEqual(fromText.rows);
    expect(fromSheet).toMatchObject({ kind: "xlsx", columns, urlColumn, notes });
    expect(fromSheet.rows.map(({ number, part }) => [number, part])).toEqual([
      [4, 1],
      [6, 1],
      [6, 2],
      [7, 1],
    ]);
  });

  it("shared texts, rich texts without their reading aids, results of formulas, truth values and errors", () => {
    const bytes = workbook({
      strings:
        '<si><t>url</t></si><si><r><t>жирный </t></r><r><rPr><b/></rPr><t xml:space="preserve">и нет</t></r></si><si><t>東京</t><rPh sb="0" eb="2"><t>トウキョウ</t></rPh></si><si><t>a_x000D_&#10;b _x005F_x0041_</t></si>',
      worksheets: [
        `<sheetData><row r="1"><c r="A1" t="s"><v>0</v></c></row>
         <row r="3"><c r="A3" t="str"><f>"https://t.me/"&amp;"x/1"</f><v>https://t.me/x/1</v></c><c r="B3" t="s"><v>1</v></c><c r="D3" t="s"><v>2</v></c><c r="E3" t="b"><v>1</v></c><c r="F3" t="e"><v>#N/A</v></c><c r="G3" t="s"><v>3</v></c><c r="H3"><f>1/3</f><v>0.33333333333333331</v></c></row></sheetData>`,
      ],
    });
    expect(rowsOf(bytes)).toEqual([
      {
        number: 3,
        url: "https://t.me/x/1",
        cells: [
          "https://t.me/x/1",
          "жирный и нет",
          "",
          "東京",
          "TRUE",
          "#N/A",
          "a\nb _x0041_",
          "0.333333333333333",
        ],
      },
    ]);
  });

  it("dates by the format of their cell and by the calendar of the file, times, and numbers with leading zeros", () => {
    const styles =
      '<numFmts><numFmt numFmtId="164" formatCode="[$-419]d\\ mmmm\\ yyyy;@"/><numFmt numFmtId="165" formatCode="00000"/><numFmt numFmtId="166" formatCode="#,##0.00&quot; days&quot;"/><numFmt numFmtId="167" formatCode="dd.mm.yyyy\\ hh:mm"/></numFmts>' +
      '<cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf/><xf numFmtId="14"/><xf numFmtId="164"/><xf numFmtId="167"/><xf numFmtId="20"/><xf numFmtId="165"/><xf numFmtId="166"/></cellXfs>';
    const cells = [
      '<c t="inlineStr"><is><t>https://t.me/x/1</t></is></c>',
      '<c s="1"><v>46027</v></c><c s="2"><v>46027</v></c><c s="3"><v>46027.604166666664</v></c><c s="4"><v>0.60416666666666663</v></c>',
      '<c s="5"><v>42</v></c><c s="6"><v>46027</v></c><c><v>46027</v></c><c t="d"><v>2026-01-05T00:00:00</v></c><c s="1"><v>-5</v></c>',
    ];
    const sheet = `<sheetData>${"<row><c/></row>"}<row>${cells.join("")}</row></sheetData>`;
    const texts = (properties: string) =>
      read(workbook({ styles, properties, worksheets: [sheet] })).rows[0]?.cells;
    expect(texts("")?.slice(1)).toEqual([
      ...["2026-01-05", "2026-01-05", "2026-01-05 14:30", "14:30"],
      ...["00042", "46027", "46027", "2026-01-05", "-5"],
    ]);
    expect(texts('<workbookPr date1904="1"/>')?.slice(1, 3)).toEqual(["2030-01-06", "2030-01-06"]);
    const from1904 = workbook({ styles, properties: '<workbookPr date1904="1"/>', worksheets: [sheet] });
    expect(read(from1904).notes.join()).toContain("counts days from 1904");
    expect(read(workbook({ styles, worksheets: [sheet] })).notes.join()).not.toContain("1904");
  });

  it("a long number with all of its digits, as the spreadsheet keeps it", () => {
    const sheet = `<sheetData><row><c t="inlineStr"><is><t>${clip}</t></is></c><c><v>1234567890123</v></c><c><v>1.2E+20</v></c><c><v>1E-3</v></c><c><v>43.238948999999998</v></c></row></sheetData>`;
    expect(read(workbook({ worksheets: [sheet] })).rows[0]?.cells.slice(1)).toEqual([
      ...["1234567890123", "120000000000000000000", "0.001", "43.238949"],
    ]);
  });
});

describe("an address behind a text", () => {
  const linked = (text: string, ref = "A2", attributes = "") =>
    workbook({
      links: ["https://t.me/example/7", "mailto:a@example.org"],
      worksheets: [
        `${sheetData([
          ["Видео", "Кто"],
          [text, "Анна"],
        ])}<hyperlinks><hyperlink ref="${ref}" r:id="rId1"${attributes}/><hyperlink ref="B2" r:id="rId2"/></hyperlinks>`,
      ],
    });

  it("is captured, the text beside it is kept, the cell is named; a link to a mail is no address", () => {
    const list = read(linked("На площади"));
    expect(list.rows).toMatchObject(
      [
        { url: "На площади https://t.me/example/7", cells: ["На площади https://t.me/example/7", "Анна"] },
      ].map((row) => ({ ...row, url: "https://t.me/example/7" })),
    );
    expect(list.notes).toContain("cells whose address stands in the link behind their text: A2");
  });

  it("takes the place of an address that was cut short, and keeps its fragment", () => {
    expect(rowsOf(linked("https://t.me/exam…"))).toMatchObject([
      { cells: ["https://t.me/example/7", "Анна"] },
    ]);
    expect(rowsOf(linked("Видео", "A2:A2", ' location="t=5"'))).toMatchObject([
      { url: "https://t.me/example/7#t=5" },
    ]);
  });

  it("never takes the place of another address that is shown, and that is said", () => {
    const list = read(linked("https://t.me/example/8"));
    expect(list.rows).toMatchObject([
      { url: "https://t.me/example/8", cells: ["https://t.me/example/8", "Анна"] },
    ]);
    expect(list.notes).toContain(
      "cells that show another address than the link behind them: the one that is shown was taken: A2",
    );
    expect(read(linked("https://T.me/example/7")).notes).toEqual([]);
  });

  it("is read out of =HYPERLINK(), with its result in the file or without", () => {
    const formula = (result: string) =>
      `<c t="str"><f>HYPERLINK("https://t.me/example/9","смотреть")</f>${result}</c>`;
    const sheet = `<sheetData><row><c t="inlineStr"><is><t>Видео</t></is></c></row><row>${formula("<v>смотреть</v>")}</row><row>${formula("")}</row><row><c><f>A1&amp;"x"</f></c></row></sheetData>`;
    const list = read(workbook({ worksheets: [sheet] }));
    expect(list.rows.map(({ url }) => url)).toEqual([
      ...["https://t.me/example/9", "https://t.me/example/9", '=A1&"x"'],
    ]);
    expect(list.notes).toContain("cells whose formula has no result in the file: A4");
  });
});

describe("what a spreadsheet hides or joins is read and named", () => {
  const sheets =
    '<sheet name="Архив" sheetId="3" state="hidden" r:id="rId1"/><sheet name="Работа" sheetId="1" r:id="rId2"/><sheet name="Черновик" sheetId="2" r:id="rId3"/>';
  const three = workbook({
    sheets,
    worksheets: ["1", "2", "3"].map((one) => sheetData([["url"], [`https://t.me/example/${one}`]])),
  });

  it("takes the first sheet that is not hidden, or the one that is named or counted, and names the others", () => {
    expect(read(three)).toMatchObject({ sheet: "Работа", rows: [{ url: "https://t.me/example/2" }] });
    expect(read(three).notes).toEqual([
      "read from the sheet Работа; not read: Архив (hidden), Черновик (--sheet takes another one)",
    ]);
    expect(read(three, { sheet: "черновик" }).sheet).toBe("Черновик");
    expect(read(three, { sheet: "1" })).toMatchObject({
      sheet: "Архив",
      rows: [{ url: "https://t.me/example/1" }],
    });
    expect(said(three, { sheet: "нет" })).toBe(
      "usage: reading the spreadsheet: it has no sheet нет; give one by its name or number: --sheet 1; it has: 1 Архив, 2 Работа, 3 Черновик",
    );
  });

  it("reads hidden rows and columns like others and names them", () => {
    const sheet = `<cols><col min="2" max="2" hidden="1"/><col min="3" max="16384" hidden="1"/></cols>${sheetData(
      [
        ["url", "note"],
        [clip, "a"],
      ],
    )
      .replace("<row>", '<row r="1">')
      .replace("</row><row>", '</row><row r="4" hidden="1">')}`;
    const list = read(workbook({ worksheets: [sheet] }));
    expect(list.rows).toMatchObject([{ number: 4, cells: [clip, "a"] }]);
    expect(list.notes).toEqual([
      "rows that the spreadsheet hides, read like the others: 4",
      "columns that the spreadsheet hides, read like the others: B",
    ]);
  });

  it("counts a text over several rows for each of them, and one over several columns once", () => {
    const rows = [
      ["Отчёт", "", ""],
      ["url", "дело", "note"],
      [clip, "14/2", "a"],
      ["https://t.me/example/2", "", "b"],
      ["https://t.me/example/3", "9", "c"],
    ];
    const merges =
      '<mergeCells><mergeCell ref="A1:C1"/><mergeCell ref="B3:B4"/><mergeCell ref="C5:C1048576"/></mergeCells>';
    const list = read(workbook({ worksheets: [sheetData(rows) + merges] }));
    expect(list.rows.map(({ cells }) => cells[1])).toEqual(["14/2", "14/2", "9"]);
    expect(list.notes).toContain(
      "cells over several rows, whose text counts for each of these rows: B3:B4, C5:C1048576",
    );
  });
});

describe("a table that is not read here is refused by its name, with what to do", () => {
  const old = (...names: readonly string[]) =>
    Buffer.concat([
      Buffer.from("d0cf11e0a1b11ae1", "hex"),
      Buffer.alloc(600),
      ...names.map((name) => Buffer.from(name, "utf16le")),
    ]);

  it.each([
    ["an old workbook", old("Workbook"), /a workbook of Excel's old format \(\.xls\).*save it as \.xlsx/],
    [
      "one that needs a password",
      old("EncryptionInfo", "EncryptedPackage"),
      /protected with a password.*take the password off/,
    ],
    ["an old document", old("WordDocument"), /a Word document.*copy the table/],
    [
      "an OpenDocument table",
      packed({ mimetype: "application/vnd.oasis.opendocument.spreadsheet", "content.xml": "<x/>" }),
      /\(\.ods\).*save it as \.xlsx/,
    ],
    ["a table of Numbers", packed({ "Index/Document.iwa": "x" }), /\(\.numbers\).*Export To/],
    ["a binary workbook", packed({ "xl/workbook.bin": "x" }), /\(\.xlsb\).*save it as \.xlsx/],
    ["a document", packed({ "word/document.xml": "<x/>" }), /a Word document/],
    ["another archive", packed({ "list.csv": "url" }), /a ZIP archive without a spreadsheet.*unpack it/],
    ["a PDF", Buffer.from("%PDF-1.7\n"), /a PDF.*copy the table/],
    ["a web page called .xls", Buffer.from("\ufeff<html><table>"), /a web page or other markup/],
    [
      "a spreadsheet in XML",
      Buffer.from('<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?>'),
      /a spreadsheet in XML/,
    ],
  ])("%s", (_, bytes, words) => {
    expect(said(bytes)).toMatch(words);
    expect(said(bytes, { name: null })).toMatch(/^usage: reading the /);
  });

  it("a list of links of a web page stays a list, and --sheet is refused where there is none", () => {
    const text = Buffer.from(`<${clip}>\n`);
    expect(read(text, { name: "list.txt" }).rows).toMatchObject([{ url: clip }]);
    expect(said(text, { name: "list.txt", sheet: "1" })).toMatch(/--sheet is only for workbooks/);
  });
});

describe("a workbook made to do harm", () => {
  const whole = plainWorkbook([["url"], [clip]]);
  const sheetOf = (content: string) => workbook({ worksheets: [content] });

  it("declares no entities: a document type is refused before anything grows", () => {
    const entities = Array.from({ length: 20 }, (_, n) => `<!ENTITY e${n + 1} "&e${n};&e${n};">`).join("");
    const bytes = packed({
      "xl/worksheets/sheet1.xml": `<!DOCTYPE x [<!ENTITY e0 "${"x".repeat(100)}">${entities}<!ENTITY f SYSTEM "file:///etc/passwd">]><worksheet>&e20;&f;</worksheet>`,
    });
    expect(said(bytes)).toMatch(/declares a document type/);
    expect(said(packed({ "xl/worksheets/sheet1.xml": "<worksheet>&f;</worksheet>" }))).toMatch(
      /not well-formed/,
    );
  });

  it("unpacks to no more than it states, and to no more than the limit", () => {
    const at = zipParts(whole).get("xl/worksheets/sheet1.xml");
    expect(at?.size).toBeLessThan(unpackedLimits.part);
    const grown = packed({ "xl/worksheets/sheet1.xml": `<worksheet>${" ".repeat(5_000_000)}</worksheet>` });
    const stated = (size: number) => {
      const bytes = Buffer.from(grown);
      const entry = bytes.indexOf(Buffer.from("504b0102", "hex"));
      bytes.writeUInt32LE(size, entry + 24);
      return bytes;
    };
    expect(said(stated(1000))).toMatch(/does not unpack to its stated length/);
    expect(said(stated(unpackedLimits.part + 1))).toMatch(/unpacks to more than 256 MiB.*split the list/);
  });

  it.each([
    ["nested deeply", sheetOf("<a>".repeat(1000) + "</a>".repeat(1000)), /nested too deep/],
    [
      "merged over everything, many times",
      sheetOf(
        `${sheetData([["url"], [clip]])}<mergeCells>${'<mergeCell ref="A1:A1048576"/>'.repeat(50)}</mergeCells>`,
      ),
      /cover too much/,
    ],
    [
      "with a text in its last column",
      sheetOf('<sheetData><row r="1"><c r="XFD1"><v>1</v></c></row></sheetData>'),
      /more than 200 columns/,
    ],
    [
      "with a text that is not there",
      sheetOf('<sheetData><row><c t="s"><v>7</v></c></row></sheetData>'),
      /a text that is not there/,
    ],
    ["with a long cell", plainWorkbook([["x".repeat(65_537)]]), /longer than 65536/],
    [
      "with more texts than any list has",
      workbook({ worksheets: [sheetData([["url"]])], strings: "<si/>".repeat(2_000_001) }),
      /too many texts/,
    ],
    ["without a sheet", packed({ "xl/workbook.xml": "<workbook/>" }), /it holds no sheet/],
    ["with an empty sheet", plainWorkbook([]), /the sheet Sheet1 is empty/],
    [
      "with an empty sheet before that of the list",
      titled(sheetData([])),
      /the sheet Титул is empty; that is the sheet Титул; --sheet takes another one: Список$/,
    ],
    [
      "with a title sheet before that of the list",
      titled(sheetData([["Отчёт"], ["Иванов"]])),
      /no column of the list holds web addresses;.*that is the sheet Титул; --sheet takes another one: Список$/,
    ],
  ])("%s is refused", (_, bytes, words) => {
    expect(said(bytes)).toMatch(words);
  });

  it("with as many rows as a spreadsheet has, all blank and coloured, is a small list", () => {
    const blank = Array.from(
      { length: 20_000 },
      (_, row) => `<row r="${row + 5}"><c s="1"/><c r="XFD${row + 5}" s="1"/></row>`,
    );
    const sheet = `<sheetData><row r="1"><c t="inlineStr"><is><t>${clip}</t></is></c></row>${blank.join("")}</sheetData>`;
    expect(read(sheetOf(sheet)).rows).toHaveLength(1);
  });

  it("cut at any byte, or with any byte changed, is a list or refused in words", () => {
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), fc.boolean(), (at, byte, cut) => {
        const bytes = cut ? whole.slice(0, at) : whole.with(at, byte);
        try {
          read(bytes);
        } catch (error) {
          if (!(error instanceof HoldfastError)) throw error;
        }
      }),
      { numRuns: 500 },
    );
  });

  it("with columns that no sheet has is read in no more time than any other", () => {
    const columns =
      '<cols><col min="-9999999999" max="1" hidden="1"/><col min="x" max="y" hidden="1"/></cols>';
    const { rows, notes } = read(sheetOf(columns + sheetData([["url"], [clip]])));
    expect(rows).toHaveLength(1);
    expect(notes).toEqual(["columns that the spreadsheet hides, read like the others: A"]);
  });

  it("is no list of text either, cut so short that nothing tells what it was", () => {
    expect(said(whole.slice(0, 3), { name: "list.csv" })).toMatch(/^usage: /);
  });
});
