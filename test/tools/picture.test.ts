import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { readFitted, sizeOfJpeg, writeJpeg } from "../../src/tools/picture.ts";
import { inFolder } from "../support/keyframes.ts";

const gif = Buffer.from("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7", "base64");
const png = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);
const webp = Buffer.from("UklGRiIAAABXRUJQVlA4IBYAAAAwAQCdASoBAAEADsD+JaQAA3AAAAAA", "base64");

/** One black pixel, little-endian, uncompressed. */
function tiff(): Buffer {
  const tags = [
    [256, 3, 1, 1],
    [257, 3, 1, 1],
    [258, 3, 1, 8],
    [259, 3, 1, 1],
    [262, 3, 1, 1],
    [273, 4, 1, 8],
    [277, 3, 1, 1],
    [278, 3, 1, 1],
    [279, 4, 1, 1],
  ] as const;
  const bytes = Buffer.alloc(12 + 2 + tags.length * 12 + 4);
  bytes.write("II*\0", 0, "latin1");
  bytes.writeUInt32LE(12, 4);
  bytes.writeUInt16LE(tags.length, 12);
  for (const [at, [tag, type, count, value]] of tags.entries()) {
    bytes.writeUInt16LE(tag, 14 + at * 12);
    bytes.writeUInt16LE(type, 16 + at * 12);
    bytes.writeUInt32LE(count, 18 + at * 12);
    bytes.writeUInt32LE(value, 22 + at * 12);
  }
  return bytes;
}

const pictures: Readonly<Record<string, Buffer>> = {
  SVG: Buffer.from(
    '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>',
  ),
  GIF: gif,
  TIFF: tiff(),
  PDF: Buffer.from("%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"),
  PNG: png,
  WebP: webp,
};

/** What kind of picture the library takes it for in a process where no reader was blocked; PDF it never reads. */
function kindUnblocked(bytes: Buffer): string {
  const code = `import sharp from "sharp";
    console.log((await sharp(Buffer.from("${bytes.toString("base64")}", "base64")).metadata()).format)`;
  const argv = ["--input-type=module", "-e", code];
  return execFileSync(process.execPath, argv, { encoding: "utf8", cwd: import.meta.dirname }).trim();
}

describe("the library that draws pictures, inside this process", () => {
  test.each(Object.entries(pictures))("reads no %s, however it is handed over", (_kind, bytes) =>
    inFolder(async (folder) => {
      const file = join(folder, "picture.jpg");
      writeFileSync(file, bytes);
      await expect(sizeOfJpeg(file)).rejects.toThrow(/unsupported image format/);
      await expect(readFitted(file, 10, 10)).rejects.toThrow(/unsupported image format/);
      await expect(sharp(bytes).metadata()).rejects.toThrow(/unsupported image format/);
    }),
  );

  test.each(Object.entries(pictures).filter(([kind]) => kind !== "PDF"))(
    "would read this %s if it were let",
    (kind, bytes) => {
      expect(kindUnblocked(bytes)).toBe(kind.toLowerCase());
    },
  );

  test("reads the JPEG files that it wrote", () =>
    inFolder(async (folder) => {
      const file = join(folder, "picture.jpg");
      await writeJpeg({ data: new Uint8Array(8 * 4 * 3), width: 8, height: 4 }, file);
      expect(await sizeOfJpeg(file)).toEqual({ width: 8, height: 4 });
      expect(await readFitted(file, 4, 4)).toMatchObject({ width: 4, height: 2 });
    }));

  test("works on one thing at a time and keeps nothing of it", () => {
    expect(sharp.concurrency()).toBe(1);
    expect(sharp.cache()).toMatchObject({ memory: { max: 0 }, files: { max: 0 }, items: { max: 0 } });
  });
});
