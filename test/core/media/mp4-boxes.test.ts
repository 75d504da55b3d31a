import fc from "fast-check";
import { expect, it } from "vitest";
import { foreignBoxes } from "../../../src/core/media/mp4-boxes.js";

function box(name: string, ...content: readonly (Uint8Array | string)[]): Buffer {
  const inside = Buffer.concat(content.map((part) => Buffer.from(part)));
  const head = Buffer.alloc(8);
  head.writeUInt32BE(inside.length + 8);
  head.write(name, 4, "latin1");
  return Buffer.concat([head, inside]);
}

function found(bytes: Buffer): readonly string[] {
  return foreignBoxes((offset, length) => bytes.subarray(offset, offset + length), bytes.length);
}

const track = box("trak", box("tkhd", "x"), box("mdia", box("mdhd"), box("minf", box("stbl", box("stsd")))));
const clean = [box("ftyp", "isom"), box("moov", box("mvhd", "x"), track), box("mdat", "JFIF is data here")];

it("a container with nothing but what is needed to play it is clean", () => {
  expect(found(Buffer.concat(clean))).toEqual([]);
  const empty = box("udta", box("meta", Buffer.alloc(45)));
  expect(found(Buffer.concat([...clean, box("moov", empty), box("free", Buffer.alloc(9))]))).toEqual([]);
});

it.each([
  ["a box of somebody's own", [box("uuid", "JFIF")], "uuid"],
  ["tags", [box("moov", box("udta", box("meta", Buffer.alloc(46))))], "list of tags"],
  ["a place", [box("moov", box("udta", box("\u00a9xyz", "+43+076/")))], "moov/udta/?xyz"],
  ["free space with a picture in it", [box("free", "\u00ff\u00d8")], "free space"],
  ["a chapter list", [box("moov", box("udta", box("chpl", "x")))], "moov/udta/chpl"],
  ["a reference to another track", [box("moov", box("trak", box("tref", "x")))], "moov/trak/tref"],
  ["bytes behind the last box", [Buffer.from("tail")], "outside any box"],
  [
    "a box longer than what it is in",
    [box("moov", Buffer.from([0, 0, 9, 9, 102, 114, 101, 101]))],
    "outside any box",
  ],
])("%s is found", (_title, more, what) => {
  const [first, ...others] = found(Buffer.concat([...clean, ...more]));
  expect(first).toContain(what);
  expect(others).toEqual([]);
});

it("whatever bytes it is given, it ends and throws nothing", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      expect(Array.isArray(found(Buffer.concat([...clean, Buffer.from(bytes)])))).toBe(true);
    }),
  );
});
