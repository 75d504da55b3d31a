import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { lookAt } from "../../../src/tools/media/footage.ts";

const folder = mkdtempSync(join(tmpdir(), "holdfast-test-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function seen(bytes: Buffer, extension: string): Promise<string> {
  const file = join(folder, `file.${extension}`);
  writeFileSync(file, bytes);
  const signal = new AbortController().signal;
  return (await lookAt({ ffprobe: null, file, extension, scratch: folder, signal })).is;
}

const latin = (text: string) => Buffer.from(text, "latin1");
const box = (type: string, content: string) => {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(8 + content.length);
  return Buffer.concat([head, latin(type), latin(content)]);
};
const jpeg = latin("\xff\xd8\xff\xe0\0\x10JFIF\0 a picture \xff\xd9");
const film = box("ftyp", "isom\0\0\x02\0isommp41");
const heic = Buffer.concat([
  box("ftyp", "heic\0\0\0\0mif1heic"),
  box("meta", "x"),
  box("mdat", "mpvd in a picture"),
]);

describe("a picture is footage only where it moves or has a film with it", () => {
  test.each([
    ["a photograph", jpeg, "jpg", "picture"],
    ["a motion photo of Google's", Buffer.concat([jpeg, film]), "jpg", "footage"],
    ["a motion photo of Samsung's", Buffer.concat([jpeg, latin("MotionPhoto_Data")]), "jpg", "footage"],
    ["a HEIC photograph", heic, "heic", "picture"],
    ["a HEIC photograph with a film", Buffer.concat([heic, box("mpvd", "film")]), "heic", "footage"],
    ["an animated WebP", latin("RIFF\x30\0\0\0WEBPVP8X\x0a\0\0\0\x02\0\0\0"), "webp", "footage"],
    ["a still WebP", latin("RIFF\x30\0\0\0WEBPVP8X\x0a\0\0\0\x10\0\0\0"), "webp", "picture"],
    ["an animated PNG", latin("\x89PNG\r\n\x1a\n....IHDR....acTL....IDAT"), "png", "footage"],
    ["a still PNG", latin("\x89PNG\r\n\x1a\n....IHDR....IDAT acTL"), "png", "picture"],
    ["a camera's run of JPEGs", Buffer.concat([jpeg, jpeg]), "mjpg", "footage"],
    ["a picture called a film", jpeg, "mp4", "claimed"],
    ["a page called a film", latin("<!doctype html>"), "mp4", "text"],
    ["an archive called a film", latin("PK\x03\x04.."), "mp4", "claimed"],
    ["an archive", latin("PK\x03\x04.."), "zip", "other"],
  ])("%s", async (_, bytes, extension, is) => {
    expect(await seen(bytes, extension)).toBe(is);
  });
});
