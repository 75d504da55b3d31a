import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { readDelimited } from "../../../src/core/lists/delimited-text.js";
import { otherCells, readSourceList, type SourceList } from "../../../src/core/lists/source-list.js";
import { HoldfastError } from "../../../src/core/words/error.js";
import { readVectors } from "../../support/vectors.js";

interface Vector {
  readonly comment: string;
  readonly name: string | null;
  readonly column: string | null;
  readonly text?: string;
  readonly base64?: string;
  readonly expect: Readonly<Record<string, unknown>> & { readonly code?: string; readonly says?: string };
}

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

function read(text: string, name: string | null = "list.csv", column: string | null = null): SourceList {
  return readSourceList(bytesOf(text), { name, column });
}

/** The HoldfastError that `act` throws; anything else thrown fails the test. */
function refusal(act: () => unknown): HoldfastError | null {
  try {
    act();
  } catch (error) {
    if (error instanceof HoldfastError) return error;
    throw error;
  }
  return null;
}

/** A list in the words of the vectors. */
function described(list: SourceList): unknown {
  return {
    kind: list.kind,
    encoding: list.encoding,
    delimiter: list.delimiter,
    columns: list.columns,
    url_column: list.columns[list.urlColumn],
    rows: list.rows.map(({ number, part, url, readAs, cells }) => ({
      number,
      part,
      url,
      read_as: readAs,
      cells,
    })),
    notes: list.notes,
  };
}

describe("a list is read as the person sees it in a spreadsheet", () => {
  // The vectors keep the name of the list in `name`, so the loader's own is not used.
  const vectors = readVectors<Vector>("lists");
  test.each(vectors.map((vector) => [vector.comment, vector] as const))("%s", (_, vector) => {
    const bytes =
      vector.base64 === undefined ? bytesOf(vector.text ?? "") : Buffer.from(vector.base64, "base64");
    const act = () => readSourceList(bytes, { name: vector.name, column: vector.column });
    if (vector.expect.code === undefined) {
      expect(described(act())).toEqual(vector.expect);
    } else {
      const error = refusal(act);
      expect(error).toMatchObject({ code: vector.expect.code, message: vector.expect.says });
      expect(error?.hint).not.toBe("");
    }
  });
});

const clip = "https://t.me/example/1";

describe("what nobody can use is refused in words", () => {
  it("beyond the limits: a long cell, many columns, many rows, a large file", () => {
    const says = (text: string, name = "list.csv") => refusal(() => read(text, name))?.message;
    const cell = "x".repeat(65_536);
    expect(says(`url,n\n${clip},${cell}\n`)).toBeUndefined();
    expect(says(`url,n\n${clip},${cell}xxxx\n`)).toBe(
      "row 2 of the list has a cell longer than 65536 characters",
    );
    expect(says(JSON.stringify({ url: clip, n: `${cell}x` }), "list.jsonl")).toContain("a cell longer than");
    const header = Array.from({ length: 200 }, (_, index) => `c${index}`).join(",");
    expect(says(`url${header.slice(2)}\n${clip}\n`)).toBeUndefined();
    expect(says(`url,${header}\n${clip}\n`)).toBe("row 1 of the list has more than 200 columns");
    expect(says(`url,n\n${clip}${",".repeat(200)}\n`)).toBe("row 2 of the list has more than 200 columns");
    expect(says(`url\n${"t.me/a/1\n".repeat(100_000)}`)).toBeUndefined();
    expect(says(`url\n${"t.me/a/1\n".repeat(100_001)}`)).toBe("the list has more than 100000 rows");
    expect(says("t.me/a/1\n".repeat(100_001), "list.txt")).toBe("the list has more than 100000 rows");
    const pairs = `url,n\n${`"t.me/a/1${" t.me/a/2".repeat(99)}",1\n`.repeat(1001)}`;
    expect(says(`{"a":"${"\\\\n".repeat(100_000)}"}`, "list.jsonl")).toContain("a cell longer than");
    expect(says(pairs)).toBe("the list has more than 100000 rows");
    const large = new Uint8Array(64 * 1024 * 1024 + 1).fill(0x0a);
    expect(refusal(() => readSourceList(large, { name: null, column: null }))?.message).toBe(
      "the list is larger than 64 MiB",
    );
  });

  it("no bytes whatever make the reader itself fail", () => {
    const names = fc.constantFrom("a.csv", "a.tsv", "a.txt", "a.jsonl", "a", null);
    const columns = fc.constantFrom(null, "url", "1", "2", "");
    const pieces = [
      '"',
      ",",
      ";",
      "\t",
      "|",
      "\r",
      "\n",
      "#",
      "{",
      "}",
      ":",
      "'",
      "=",
      "<",
      " ",
      "url",
      clip,
    ];
    const texts = fc.array(fc.constantFrom(...pieces, "sep=;\n", "\\", "\u0130", "[", "null", "1e5"), {
      maxLength: 60,
    });
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      texts.map((parts) => bytesOf(parts.join(""))),
      texts.map((parts) => new Uint8Array(Buffer.from(`\ufeff${parts.join("")}`, "utf16le"))),
      fc.json().map(bytesOf),
    );
    fc.assert(
      fc.property(bytes, names, columns, (given, name, column) => {
        const error = refusal(() => {
          const list = readSourceList(given, { name, column });
          for (const { cells } of list.rows) expect(cells.length).toBe(list.columns.length);
          expect(new Set(list.columns).size).toBe(list.columns.length);
          expect(list.columns[list.urlColumn]).toBeDefined();
        });
        if (error !== null) expect(error.code).toBe("usage");
      }),
      { numRuns: 200 },
    );
  });

  // Each is done in under a second; work that grows with the square of the length runs into the limit of the test.
  test.each([
    ["quotes", '"'],
    ["odd quotes", '"a"b'],
    ["doubled quotes in a row", '"",'],
    ["quotes behind commas", ',"'],
    ["line ends", "\n"],
    ["rows of one delimiter", ";\n"],
    ["blanks", " "],
    ["blanks between letters", `${" ".repeat(60_000)}x\n`],
    ["apostrophes", ";'"],
    ["dots", "a."],
    ["commas and full stops", `x${",.".repeat(30_000)}x `],
    ["brackets", "("],
    ["JSON that goes deep", "["],
    ["JSON texts", '{"a":"\\\\'],
    ["hashes", "#"],
    ["addresses", `${clip} `],
  ])(
    "a hostile list of %s is read or refused in time that grows with its length",
    (_, piece) => {
      const fill = (length: number) => piece.repeat(Math.ceil(length / piece.length));
      const texts = [
        fill(250_000),
        `${fill(60_000)}\n`.repeat(4),
        `url;n\n${`${clip};${fill(30_000)}\n`.repeat(4)}`,
      ];
      const names = ["a.csv", "a.txt", "a.jsonl", null];
      const all = [...texts, `url;"${texts[0]}`, `{"a":"${fill(60_000)}"}`];
      for (const [at, text] of all.entries()) {
        const error = refusal(() => read(text, names[(at + piece.length) % names.length] ?? null));
        expect(error === null || error.code === "usage").toBe(true);
      }
    },
    30_000,
  );
});

describe("the reader of delimited text agrees with another one", () => {
  it("rows and cells are those of csv-parse, wherever that finds the text in order", () => {
    let agreed = 0;
    const pieces = [
      '"',
      '""',
      "a",
      "b c",
      ";",
      ",",
      "\r\n",
      "\n",
      "é",
      "'",
      '";"',
      '"x"',
      '"y\nz"',
      "\n",
      ";",
    ];
    const texts = fc.array(fc.constantFrom(...pieces), { maxLength: 30 }).map((parts) => parts.join(""));
    fc.assert(
      fc.property(texts, fc.constantFrom(";" as const, "," as const), (text, delimiter) => {
        const others = parsed(text, delimiter);
        if (others === null) return;
        expect([...readDelimited(text, delimiter, 0)]).toEqual(others);
        agreed += 1;
      }),
      { numRuns: 150 },
    );
    expect(agreed).toBeGreaterThan(50);
  });
});

/** The rows as csv-parse reads them, null where it refuses the text. */
function parsed(text: string, delimiter: string): readonly (readonly string[])[] | null {
  try {
    return parse(text, { delimiter, record_delimiter: ["\r\n", "\n"], relax_column_count: true });
  } catch {
    return null;
  }
}

describe("what stands beside an address is kept", () => {
  it("every other cell of a row comes with the name of its column, blank ones left out", () => {
    const list = read(`who,url,note,when\nAnn,${clip}, ,2024\n`);
    expect(otherCells(list, list.rows[0]!)).toEqual([
      ["who", "Ann"],
      ["when", "2024"],
    ]);
  });
});
