import fc from "fast-check";
import { annotationKey, readAnnotation } from "../../src/core/capture/annotation.js";
import { annotatedRows } from "../../src/core/capture/annotation-list.js";
import { parseSourceUrl } from "../../src/core/capture/source-url.js";
import { urlKey } from "../../src/core/capture/url-key.js";
import { addressesIn, hasOtherWords } from "../../src/core/lists/cell-address.js";
import { type Delimiter, readDelimited } from "../../src/core/lists/delimited-text.js";
import { parseDownloadArchive } from "../../src/core/lists/download-archive.js";
import { guardCell, unguardCell } from "../../src/core/lists/guarded-cell.js";
import { csvLine } from "../../src/core/lists/result-table.js";
import { readSourceList } from "../../src/core/lists/source-list.js";
import { readTable } from "../../src/core/lists/table.js";
import { asText, bytesOf, type ForeignReader, mustBeSame, orRefused, stumbling } from "./foreign-reader.js";

const clip = "https://t.me/example/1";

const tables = [
  `url,note\n${clip},"a ""b"", c"\nhttps://vk.com/video-1_2,\n`,
  `Ссылка;Место;Дата\n${clip};"Алматы; центр";2026-01-05\n`,
  `n\tlink\n1\t${clip}\n`,
  `sep=;\nid;place\n20261123-4T9KX2MB;Astana\n`,
  `${clip}\n# later\nt.me/x/2 # second\n`,
  `{"url":"${clip}","n":9007199254740993,"tags":["=1",{"a":null}]}\n"${clip}"\n`,
];

const cell = fc.oneof(
  fc.constantFrom(clip, "t.me/x/2", "=1+1", '"', "", "-43.2", ...stumbling),
  fc.string({ unit: "binary", maxLength: 12 }),
);

const grid = (delimiter: Delimiter) =>
  fc
    .array(fc.array(cell, { minLength: 1, maxLength: 5 }), { maxLength: 8 })
    .map((rows) => rows.map((cells) => csvLine(cells, delimiter)).join(""));

const madeTables = fc.oneof(grid(","), grid(";"), grid("\t"), grid("|"));

const names = ["list.csv", "list.txt", "list.jsonl"];

/** A list is read the same way twice, and what is written of it is read as the same cells again. */
function readList(bytes: Uint8Array, name: string | null): void {
  const list = orRefused(() => readSourceList(bytes, { name, column: null }));
  if (list === null) return;
  const width = list.columns.length;
  if (list.rows.some(({ cells }) => cells.length !== width))
    throw new Error("a row is not as wide as the header");
  // What is written is as long again for each delimiter: for large lists it is enough that they are read.
  if (bytes.length > 64 * 1024) return;
  for (const delimiter of [",", ";", "\t", "|"] as const) {
    for (const { cells } of list.rows) {
      const [again] = readDelimited(csvLine(cells, delimiter), width > 1 ? delimiter : null, 0);
      mustBeSame(JSON.stringify(again?.map(unguardCell)), JSON.stringify(cells));
    }
  }
}

export const listReaders: readonly ForeignReader[] = [
  {
    name: "a list of sources, as text",
    samples: tables,
    made: madeTables,
    read: (text) => {
      for (const name of names) readList(Buffer.from(text), name);
    },
  },
  {
    name: "a list of sources, as bytes",
    samples: [
      ...tables.map((text) => asText(Buffer.from(text))),
      asText(Buffer.from(`\ufeff${tables[1]}`, "utf16le")),
      asText(bytesOf(`\xd1\xf1\xfb\xeb\xea\xe0;n\r\n${clip};1\r\n`)),
    ],
    read: (text) => readList(bytesOf(text), null),
  },
  {
    name: "a list of annotations",
    samples: tables,
    made: madeTables,
    read: (text) =>
      orRefused(() => annotatedRows(readTable(text, null), []).map(({ pairs }) => readAnnotation(pairs))),
  },
  {
    name: "the name of an annotation",
    samples: ["Дата события", "lat", "e\u0301", "__a__"],
    read: (text) => {
      const key = annotationKey(text);
      mustBeSame(annotationKey(key), key);
    },
  },
  {
    name: "a cell that is written to a table",
    samples: ["=1+1", "'=1", 'a;"=1', "-43.2", "#tag"],
    made: fc.array(cell, { maxLength: 8 }).map((parts) => parts.join("")),
    read: (text) => mustBeSame(unguardCell(guardCell(text)), text),
  },
  {
    name: "the addresses in a cell",
    samples: [`(${clip}), t.me/x/2.`, `<${clip}>`, "видео: www.example.kz/a?b=c#d"],
    read: (text) => [addressesIn(text), hasOtherWords(text)],
  },
  {
    name: "an address",
    samples: [
      clip,
      "https://user:pass@пример.kz:8443/a/../b?x=1&utm_source=2#!c",
      "http://[::ffff:10.0.0.1]/",
      "https://youtu.be/dQw4w9WgXcQ?si=1",
    ],
    made: fc.webUrl({ withFragments: true, withQueryParameters: true }),
    read: (text) => {
      const source = parseSourceUrl(text, { allowPrivate: false });
      if (!("url" in source)) return;
      urlKey(source.url);
      // What is handed on is judged like what was typed.
      const again = parseSourceUrl(source.url.href, { allowPrivate: false });
      mustBeSame("url" in again ? again.url.href : "refused", source.url.href);
    },
  },
  {
    name: "an archive of yt-dlp",
    samples: ["youtube dQw4w9WgXcQ\nvk -1_2\n"],
    read: (text) => {
      const videos = parseDownloadArchive(text);
      if (videos === null) return;
      const lines = videos.map(({ extractor, id }) => `${extractor} ${id}\n`).join("");
      mustBeSame(JSON.stringify(parseDownloadArchive(lines)), JSON.stringify(videos));
    },
  },
];
