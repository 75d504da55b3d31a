import fc from "fast-check";
import { unzipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { readSourceList } from "../../../src/core/lists/source-list.js";
import { readList } from "../../../src/tools/sheets/read-list.js";
import { readWorkbook } from "../../../src/tools/sheets/workbook.js";
import { workbookBytes } from "../../../src/tools/sheets/write-workbook.js";

const written = (rows: readonly (readonly string[])[]) => Buffer.concat([...workbookBytes(rows)]);
const cellsOf = (bytes: Uint8Array) => readWorkbook(bytes, null).rows.map(({ cells }) => cells);

describe("a table of results as a workbook", () => {
  it("holds every cell as text: nothing runs as a formula, and nothing becomes a date or a number", () => {
    const cells = [
      "=1+1",
      "+7",
      "-5",
      "@x",
      "14/2",
      "007",
      "1234567890123",
      "2026-01-05",
      "TRUE",
      '=HYPERLINK("http://x")',
    ];
    const bytes = written([["a", "b"], cells]);
    expect(cellsOf(bytes)[1]).toEqual(cells);
    const sheet = new TextDecoder().decode(unzipSync(bytes)["xl/worksheets/sheet1.xml"]);
    expect(sheet).not.toMatch(/<f>|<hyperlink|t="(?:n|str|b|d)"/);
    expect(sheet.match(/<c [^>]*>/g)?.every((cell) => /s="1" t="inlineStr"/.test(cell))).toBe(true);
    const styles = new TextDecoder().decode(unzipSync(bytes)["xl/styles.xml"]);
    expect(styles).toContain('<xf numFmtId="49" fontId="0" fillId="0" borderId="0" xfId="0" quotePrefix="1"');
  });

  it("gives back any text, with what XML cannot hold, and only NUL and half letters become U+FFFD", () => {
    const kept = (text: string) =>
      Buffer.from(text.replaceAll("\0", "\ufffd"), "utf8").toString("utf8").replaceAll(/\r\n?/g, "\n");
    const text = fc.oneof(
      fc.string({ unit: "binary", maxLength: 20 }),
      fc.constantFrom("_x0041_", "a_x005F_b", "<&>\"'", "]]>", "\u0008\u001f\ufffe", "a\r\nb", " x "),
    );
    fc.assert(
      fc.property(
        fc.array(
          text.filter((one) => one !== ""),
          { minLength: 1, maxLength: 5 },
        ),
        (cells) => {
          const [row] = cellsOf(written([["x", ...cells]]));
          expect(row?.slice(1)).toEqual(cells.map(kept));
        },
      ),
      { numRuns: 200 },
    );
  });

  it("is the same bytes for the same rows, cuts only what no spreadsheet takes, and is a list as the CSV file is", () => {
    const rows = [
      ["row", "url", "Дело"],
      ["2", "https://t.me/example/1", "14/2"],
    ];
    expect(written(rows).equals(written(rows))).toBe(true);
    const [, [, long = ""] = []] = cellsOf(
      written([
        ["a", "b"],
        ["x", "y".repeat(40_000)],
      ]),
    );
    expect([long.length, long.at(-1)]).toEqual([32_767, "…"]);
    const csv = Buffer.from(rows.map((cells) => cells.join(",")).join("\n"));
    const text = readSourceList(csv, { name: "a.csv", column: null });
    expect(readList(written(rows), { name: "a.xlsx", column: null }).rows).toEqual(text.rows);
  });

  it("of as many rows as a list may have is written in pieces", () => {
    let largest = 0;
    let pieces = 0;
    const many = Array.from({ length: 20_000 }, (_, row) => [
      String(row),
      "https://t.me/example/1",
      "x".repeat(row % 90),
    ]);
    for (const piece of workbookBytes(many)) {
      largest = Math.max(largest, piece.length);
      pieces += 1;
    }
    expect(pieces).toBeGreaterThan(10);
    expect(largest).toBeLessThan(1024 * 1024);
  });
});
