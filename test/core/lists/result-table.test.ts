import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import type { Delimiter } from "../../../src/core/lists/delimited-text.js";
import { guardCell, guardFirstCell, unguardCell } from "../../../src/core/lists/guarded-cell.js";
import { csvLine, failedLines, type ResultRow, resultLines } from "../../../src/core/lists/result-table.js";
import { readSourceList, type SourceList, type SourceRow } from "../../../src/core/lists/source-list.js";

const delimiters: readonly Delimiter[] = [",", ";", "\t", "|"];
const clip = "https://t.me/example/1";

function read(text: string, name = "list.csv"): SourceList {
  return readSourceList(new TextEncoder().encode(text), { name, column: null });
}

/** Text out of what is dangerous in a table, and anything else. */
const hostile = fc.oneof(
  fc.string({ unit: "binary", maxLength: 20 }),
  fc
    .array(
      fc.constantFrom(
        ..."=+-@＝＋－＠\t\r\n,;|\"'# 17.a\u202e",
        "\r\n",
        '""',
        "'=",
        ';"=',
        "=cmd|' /C calc'!A0",
      ),
      { maxLength: 12 },
    )
    .map((parts) => parts.join("")),
);

/** What a text file can hold of a text. */
const storable = (text: string): string =>
  Buffer.from(text, "utf8").toString("utf8").replaceAll("\0", "\ufffd");

describe("a cell begins no formula, and its text comes back exactly", () => {
  test.each([
    ["=1+1", "'=1+1"],
    ["+7 701 000", "'+7 701 000"],
    ["-", "'-"],
    ["@channel", "'@channel"],
    ["＝1", "'＝1"],
    ["\tx", "'\tx"],
    ["\rx", "'\rx"],
    ["'=1", "''=1"],
    [" =1", "' =1"],
    ['" =1', "'\" =1"],
    ["a;=1", "a;'=1"],
    ['a;"=1', "a;'\"=1"],
    ["a\n- b\r\n@c", "a\n'- b\r\n'@c"],
    ["-43.2", "-43.2"],
    ["+7", "+7"],
    ["-43,2", "-43,2"],
    ["'quoted'", "'quoted'"],
    ["a - b = c @ d", "a - b = c @ d"],
    ["#shorts", "#shorts"],
    ["", ""],
  ])("%j is written %j", (text, written) => {
    expect(guardCell(text)).toBe(written);
    expect(unguardCell(written)).toBe(text);
  });

  it("at the start of a row a number and a # are guarded too: other cells may be read as one with them", () => {
    expect(guardFirstCell("-43.2")).toBe("'-43.2");
    expect(guardFirstCell("#tag")).toBe("'#tag");
    expect(guardFirstCell("'#tag")).toBe("''#tag");
  });

  it("for every text", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        expect(unguardCell(guardCell(text))).toBe(text);
        expect(unguardCell(guardFirstCell(text))).toBe(text);
      }),
      { numRuns: 300 },
    );
  });
});

/** How readers of all kinds may cut a file: by any delimiter, minding quotes or not. */
function readings(text: string): readonly string[] {
  return [",", ";", "\t", "|"].flatMap((delimiter) => [
    ...text.split(/[\r\n]/).flatMap((line) => line.split(delimiter)),
    ...parse(text, {
      delimiter,
      record_delimiter: ["\r\n", "\n", "\r"],
      relax_column_count: true,
      relax_quotes: true,
      quote: null,
    }).flat(),
    ...tolerantly(text, delimiter),
  ]);
}

function tolerantly(text: string, delimiter: string): readonly string[] {
  try {
    return parse(text, { delimiter, relax_column_count: true, relax_quotes: true }).flat();
  } catch {
    return [];
  }
}

/** True where a spreadsheet would take a cell for a formula; blank text and quotes in front count for nothing. */
function beginsFormula(cell: string): boolean {
  const text = cell.replace(/^["\t\r\n]+/, "");
  return /^[=+\-@＝＋－＠]/.test(text) && !/^[+-]\d+(?:[.,]\d+)?(?=["\t\r\n]|$)/.test(text);
}

describe("no cell of a written table begins a formula, whichever delimiter the reader takes", () => {
  it.each(delimiters)("written with %j", (delimiter) => {
    fc.assert(
      fc.property(fc.array(fc.array(hostile, { minLength: 1, maxLength: 4 }), { maxLength: 4 }), (rows) => {
        const text = rows.map((cells) => csvLine(cells, delimiter)).join("");
        expect(readings(text).filter(beginsFormula)).toEqual([]);
      }),
      { numRuns: 75 },
    );
  });

  it("and this check finds one", () => {
    expect(readings('x,"a;=1"\r\n').filter(beginsFormula)).not.toEqual([]);
    expect(readings('x,"a;""=1"\r\n').filter(beginsFormula)).not.toEqual([]);
  });
});

describe("a table that was written is read back exactly", () => {
  it.each(delimiters)("arbitrary cells, written with %j", (delimiter) => {
    const table = fc
      .integer({ min: 2, max: 5 })
      .chain((width) =>
        fc.array(fc.array(hostile, { minLength: width - 1, maxLength: width - 1 }), { maxLength: 6 }),
      );
    fc.assert(
      fc.property(
        table,
        fc.array(hostile, { minLength: 4, maxLength: 4 }),
        fc.boolean(),
        (others, more, first) => {
          const rows = others.map((cells) => (first ? [clip, ...cells] : [...cells, clip]));
          const names = (others[0] ?? []).map((_, index) => storable(`n${index}${more[index]}`));
          const header = first ? ["url", ...names] : [...names, "url"];
          const text = [header, ...rows].map((cells) => csvLine(cells, delimiter)).join("");
          const list = read(`\ufeff${text}`);
          expect(list.columns).toEqual(header);
          expect(list.rows.map(({ cells }) => cells)).toEqual(rows.map((cells) => cells.map(storable)));
          if (header.length > 1) expect(list.delimiter).toBe(delimiter);
        },
      ),
      { numRuns: 75 },
    );
  });
});

function result(row: SourceRow, more: Partial<ResultRow> = {}): ResultRow {
  return {
    row,
    status: "captured",
    capture: "20240501-ABCDEFGH",
    sha256: "ab".repeat(32),
    title: '=HYPERLINK("https://evil.example","x")',
    claimedDate: "2024-05-01",
    reason: null,
    rendition: "reduced: no-js-runtime, login-limited",
    decode: "damaged",
    seconds: 2.5,
    ...more,
  };
}

describe("the table of results", () => {
  it("has the row's number, the list's own columns and what became of it, with a byte order mark and CRLF", () => {
    const list = read(`url;note\n${clip};"a, b"\n`);
    expect([
      ...resultLines(
        list,
        list.rows.map((row) => result(row)),
      ),
    ]).toEqual([
      "\ufeffrow;url;note;status;capture;sha256;title;claimed date;reason;rendition;decode;seconds\r\n",
      `2;${clip};"a, b";captured;20240501-ABCDEFGH;${"ab".repeat(32)};"'=HYPERLINK(""https://evil.example"",""x"")";2024-05-01;;"reduced: no-js-runtime, login-limited";damaged;2.5\r\n`,
    ]);
  });

  it("tells its own columns from those of the list, also when an earlier table of results is the list", () => {
    const list = read(`url,Row,title,holdfast title\n${clip},1,x,y\n`);
    const [header] = resultLines(list, []);
    expect(header).toBe(
      "\ufeffholdfast row,url,Row,title,holdfast title,status,capture,sha256,holdfast holdfast title,claimed date,reason,rendition,decode,seconds\r\n",
    );
  });

  it("is itself a list: the same addresses are read from it", () => {
    const list = read(`n\tlink\n1\t${clip}\n-2\thttps://vk.com/video-1_2\n`);
    const again = read(
      [
        ...resultLines(
          list,
          list.rows.map((row) => result(row)),
        ),
      ].join(""),
    );
    expect(again.rows.map(({ url }) => url)).toEqual(list.rows.map(({ url }) => url));
    expect(again.rows.map(({ cells }) => cells[1])).toEqual(["1", "-2"]);
  });
});

describe("the table of what failed is a list again", () => {
  it.each([
    ["a table", "list.csv", `n;Ссылка;n\n-43.2;${clip};"=1\n+2"\n#2;t.me/x/2;"'- a"\n`],
    ["a table without a header", "list.csv", `a,${clip},https://example.kz/b\nc,https://example.kz/c,d\n`],
    ["several addresses in a cell", "list.csv", `url,n\n"${clip} (gone)\nt.me/x/2",1\n`],
    ["one column", "list.csv", `url\n${clip}\nhttps://example.kz/a,b;c\n`],
    ["a batch file", "list.txt", `${clip}\nt.me/x/2 # second\n`],
    ["JSON lines", "list.jsonl", `{"title":"@a","link":"${clip}"}\n{"link":"t.me/x/2","tags":["=1"]}\n`],
  ])("%s: the same addresses, columns and cells", (_, name, text) => {
    const list = read(text, name);
    const written = [...failedLines(list, list.rows)].join("");
    expect(written.startsWith("\ufeff")).toBe(true);
    const again = read(written, "failed.csv");
    const facts = ({ columns, urlColumn, rows }: SourceList) =>
      rows.map(({ url, cells }) => ({
        url,
        address: cells[urlColumn],
        others: columns.flatMap((column, index) => (index === urlColumn ? [] : [[column, cells[index]]])),
      }));
    expect(facts(again)).toEqual(facts(list));
    expect(again.rows.length).toBeGreaterThan(1);
    expect([...failedLines(again, again.rows)].join("")).toBe(written);
  });

  it("of a table it has exactly the columns, in their order; of other lists the address comes first as url", () => {
    const table = read(`n,link\n1,${clip}\n`);
    expect([...failedLines(table, table.rows)]).toEqual(["\ufeffn,link\r\n", `1,${clip}\r\n`]);
    const lines = read(`{"n":1,"link":"${clip}"}\n`, "list.jsonl");
    expect([...failedLines(lines, lines.rows)]).toEqual(["\ufeffurl,n\r\n", `${clip},1\r\n`]);
  });
});
