import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { foreignTag, oddOrientation, revealingTags, tagTexts } from "../../../src/core/media/media-tags.js";

const original = "original/track-1.mp4";
const told = (exiftool: object, ffprobe: object = {}) =>
  revealingTags([{ [original]: exiftool }, { [original]: ffprobe }]);

describe("tags that tell a place or a device", () => {
  it.each([
    ["Keys:GPSCoordinates", "location"],
    ["Composite:GPSPosition", "location"],
    ["UserData:LocationInformation", "location"],
    ["QuickTime:GPSCoordinates-kaz", "location"],
    ["XMP-exif:GPSLatitude", "location"],
    ["ItemList:GPSCoordinates", "location"],
    ["Keys:Make", "device"],
    ["UserData:Model", "device"],
    ["UserData:SerialNumber", "device"],
    ["ExifIFD:LensModel", "device"],
    ["Keys:AndroidVersion", "device"],
    ["Keys:Author", "device"],
    ["XMP-dc:Artist", "device"],
  ])("%s of ExifTool is one", (name, kind) => {
    expect(told({ [name]: "x" })).toEqual([{ original, location: [], device: [], [kind]: [name] }]);
  });

  it.each([
    ["com.apple.quicktime.location.ISO6709", "location"],
    ["location-eng", "location"],
    ["com.apple.quicktime.model", "device"],
    ["com.android.manufacturer", "device"],
    ["com.android.version", "device"],
    ["make-und", "device"],
  ])("%s of ffprobe is one, of the file and of a stream", (name, kind) => {
    const expected = [{ original, location: [], device: [], [kind]: [name] }];
    expect(told({}, { format: { tags: { [name]: "x" } }, streams: [] })).toEqual(expected);
    expect(told({}, { streams: [{ tags: { [name]: "x" } }] })).toEqual(expected);
  });

  it.each([
    "QuickTime:MajorBrand",
    "Track1:HandlerDescription",
    "H264:ChromaLocation",
    "Track1:CompressorName",
    "File:FileTypeExtension",
    "QuickTime:MatrixStructure",
    "Composite:Rotation",
    "Track1:ModifyDate",
    "Track1:MediaLanguageCode",
    "ItemList:Encoder",
  ])("%s is none", (name) => {
    expect(told({ [name]: "x" })).toEqual([]);
  });

  it("an empty tag tells nothing, and streams are not tags", () => {
    expect(told({ "Keys:Make": " " }, { streams: [{ chroma_location: "left", tags: {} }] })).toEqual([]);
  });

  it("nothing that a file can say stops it", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
        expect(Array.isArray(revealingTags([one, { [original]: other }]))).toBe(true);
        expect(Array.isArray(tagTexts(JSON.stringify(one)))).toBe(true);
        foreignTag(JSON.stringify(other));
        oddOrientation(JSON.stringify(other), 0);
      }),
    );
  });
});

describe("what a finished copy may say", () => {
  const stream = { tags: { language: "und", handler_name: "VideoHandler", encoder: "Lavc libx264" } };
  const probe = (changes: object) => JSON.stringify({ format: { tags: {} }, streams: [stream], ...changes });

  it("is what every file of the muxer says", () => {
    expect(foreignTag(probe({}))).toBeNull();
  });

  it.each([
    [{ format: { tags: { title: "x" } } }, "title"],
    [{ format: { tags: { creation_time: "2026-01-02T03:04:05.000000Z" } } }, "creation_time"],
    [{ format: { tags: { encoder: "Lavf59.27.100" } } }, "encoder"],
    [{ streams: [{ tags: { handler_name: "Core Media Video" } }] }, "handler_name"],
    [{ streams: [{ tags: { language: "kaz" } }] }, "language"],
    [{ chapters: [{ id: 0 }] }, "chapters"],
    [{ streams: [{ ...stream, side_data_list: [{ rotation: 90 }] }] }, "beside a stream"],
  ])("and not %j", (changes, what) => {
    expect(foreignTag(probe(changes))).toContain(what);
  });
});

describe("how a picture lies", () => {
  const lying = (rows: string) =>
    JSON.stringify({ streams: [{ index: 0, side_data_list: [{ displaymatrix: rows }] }] });
  const matrix = (a: number, b: number, c: number, d: number) =>
    lying(
      `\n00000000: ${a * 65536} ${b * 65536} 0\n00000001: ${c * 65536} ${d * 65536} 0\n00000002: 0 0 1073741824\n`,
    );

  it.each([
    [1, 0, 0, 1],
    [0, 1, -1, 0],
    [-1, 0, 0, -1],
    [0, -1, 1, 0],
  ])("turned by quarters: %d %d %d %d", (a, b, c, d) => {
    expect(oddOrientation(matrix(a, b, c, d), 0)).toBeNull();
  });

  it.each([
    [-1, 0, 0, 1],
    [1, 0, 0, -1],
    [0, 1, 1, 0],
    [0.7, 0.7, -0.7, 0.7],
    [0.98, 0.17, -0.17, 0.98],
  ])("mirrored or slanted: %d %d %d %d", (a, b, c, d) => {
    expect(oddOrientation(matrix(a, b, c, d), 0)).toContain("mirrored");
  });

  it("in no way that it says, or in one that cannot be read", () => {
    expect(oddOrientation(JSON.stringify({ streams: [{ index: 0 }] }), 0)).toBeNull();
    expect(oddOrientation(lying("nothing"), 0)).not.toBeNull();
  });
});
