import { describe, expect, test } from "vitest";
import { sniff, textKindIn, trackExtension } from "../../../src/tools/media/kind.ts";

const packet = (count: number) =>
  Buffer.concat(Array.from({ length: count }, () => Buffer.alloc(188, "\x47\0\0", "latin1")));

/** Packets of a size, each with `before` bytes ahead of its mark; their payload is padding. */
const packets = (size: number, before: number, count: number) =>
  Buffer.concat(
    Array.from({ length: count }, () => {
      const one = Buffer.alloc(size, 0xff);
      one[before] = 0x47;
      return one;
    }),
  );
const cut = (bytes: Buffer, from: number) => bytes.subarray(from);

describe("what the first bytes are", () => {
  test.each([
    ["an MP4", Buffer.from("\0\0\0\x20ftypisom\0\0\0\0", "latin1"), "mp4"],
    ["a Matroska file", Buffer.from("1a45dfa3a3428681", "hex"), "matroska"],
    ["an MPEG transport stream", packet(4), "mpeg-ts"],
    ["an AVI", Buffer.from("RIFF\x10\0\0\0AVI LIST", "latin1"), "avi"],
    ["an MP3 with tags", Buffer.from("ID3\x04\0\0\0\0", "latin1"), "mp3"],
    ["an MP3 frame", Buffer.from("fffb9064", "hex"), "mp3"],
    ["an AAC frame", Buffer.from("fff15080", "hex"), "aac"],
    ["an Ogg file", Buffer.from("OggS\0\x02", "latin1"), "ogg"],
    ["a transport stream of a camcorder's card", packets(192, 4, 3), "mpeg-ts"],
    ["a transport stream cut inside the padding of a packet", cut(packets(188, 0, 21), 100), "mpeg-ts"],
    ["padding", Buffer.alloc(4096, 0xff), "unknown"],
    ["a stream of H.264", Buffer.from("00000001674d401f", "hex"), "h264"],
    ["a stream of H.265", Buffer.from("0000000140010c01", "hex"), "hevc"],
    ["an MPEG program stream", Buffer.from("000001ba44000400", "hex"), "mpeg-ps"],
    ["an AIFF", Buffer.from("FORM\0\0\0\x10AIFFCOMM", "latin1"), "aiff"],
    ["a CAF", Buffer.from("caff\0\x01\0\0", "latin1"), "caf"],
    ["an MXF", Buffer.from("060e2b34020501010d010201", "hex"), "mxf"],
    ["RealMedia", Buffer.from(".RMF\0\0\0\x12", "latin1"), "realmedia"],
    ["a recording of Dahua's", Buffer.from("DHAV\xfd\0\0\0", "latin1"), "dahua"],
    ["a recording of Hikvision's", Buffer.from("IMKH\x01\x01\0\0", "latin1"), "hikvision"],
    [
      "a photograph of a phone, which is an ISO file too",
      Buffer.from("\0\0\0\x18ftypheic\0\0\0\0", "latin1"),
      "heif",
    ],
    ["words in UTF-16", Buffer.from("\ufeffurl\r\nhttps://a.example/1\r\n", "utf16le"), "text"],
    ["an HTML page", Buffer.from("\ufeff  <!DOCTYPE html><html>"), "text"],
    ["a manifest", Buffer.from("#EXTM3U\n"), "text"],
    ["words", Buffer.from("This video is not available in your country"), "text"],
    [
      "words in another script, cut in the middle of a letter",
      Buffer.from("Видео удалено").subarray(0, -1),
      "text",
    ],
    ["bytes nobody knows", Buffer.from([0, 1, 2, 3, 250, 251, 0, 9]), "unknown"],
    ["nothing", Buffer.alloc(0), "unknown"],
  ])("%s", (_, head, kind) => expect(sniff(head)).toBe(kind));
});

describe("the extension of a track", () => {
  test.each([
    ["mpeg-ts", "mp4", "ts"],
    ["mp4", "m4a", "m4a"],
    ["mp4", "sh", "mp4"],
    ["matroska", "webm", "webm"],
    ["matroska", "desktop", "mkv"],
    ["unknown", "html", "bin"],
    ["unknown", "mp4", "bin"],
    ["text", "mp4", "bin"],
  ] as const)("%s called .%s is kept as .%s", (kind, claimed, kept) =>
    expect(trackExtension(kind, claimed)).toBe(kept),
  );
});

describe("what kind of text a page is", () => {
  test.each([
    ["<?xml version='1.0'?>\n<!-- a --> <!--b-->\n<MPD xmlns='x'>", "dash"],
    ["<MPD>", "dash"],
    ["<!-- <MPD> --><html>", "page"],
    ["<?xml version='1.0'?><rss>", "xml"],
    ["#EXTM3U\n", "hls"],
    ['{"a":1}', "json"],
  ])("%s", (text, kind) => {
    expect(textKindIn(text)).toBe(kind);
  });

  test("as many comments as fit into its beginning are looked at once each", () => {
    expect(textKindIn("<!---->".repeat(585))).toBe("page");
    expect(textKindIn(`${"<!---->".repeat(500)}<MPD>`)).toBe("dash");
  });
});
