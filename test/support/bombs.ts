import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { crc32, deflateSync, gzipSync } from "node:zlib";

const u16 = (...values: readonly number[]) => numbers(values, 2);
const u32 = (...values: readonly number[]) => numbers(values, 4);

function numbers(values: readonly number[], bytes: 2 | 4): Buffer {
  const buffer = Buffer.alloc(values.length * bytes);
  for (const [at, value] of values.entries()) buffer.writeUIntBE(value, at * bytes, bytes);
  return buffer;
}

const cat = (...parts: readonly (Uint8Array | string)[]) =>
  Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part, "latin1") : part)));

/** A box of ISO/IEC 14496-12; `announced` is the size that it claims. */
function box(type: string, body: Uint8Array, announced: number = body.length + 8): Buffer {
  return cat(u32(announced), type, body);
}

const fullBox = (type: string, body: Uint8Array, flags = 0) => box(type, cat(u32(flags), body));
const matrix = u32(0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000);

/** What a small MP4 file can claim about itself. */
interface Claims {
  readonly width?: number;
  readonly height?: number;
  readonly tracks?: number;
  /** Samples of one and the same size: such a number takes four bytes, whatever it is. */
  readonly samples?: number;
  /** How many entries the table of times and the table of chunks say they have. */
  readonly timeEntries?: number;
  readonly chunkEntries?: number;
  readonly duration?: number;
  readonly moovSize?: number;
  /** Puts the moov box inside a box of 64-bit size. */
  readonly largeSize?: boolean;
}

function mp4({ tracks = 1, duration = 1000, moovSize, largeSize, ...claims }: Claims): Buffer {
  const header = cat(
    u32(0, 0, 1000, duration, 0x10000),
    u16(0x100),
    Buffer.alloc(10),
    matrix,
    Buffer.alloc(24),
    u32(2),
  );
  const boxes = Array.from({ length: tracks }, (_, at) => track(at + 1, duration, claims));
  const moov = cat(fullBox("mvhd", header), ...boxes);
  const large = cat(u32(1), "moov", u32(0x7fffffff, 0xffffffff), moov);
  return cat(
    box("ftyp", cat("isom", u32(512), "isomiso2mp41")),
    largeSize === true ? large : box("moov", moov, moovSize),
    box("mdat", Buffer.alloc(1000)),
  );
}

function track(id: number, duration: number, claims: Omit<Claims, "tracks" | "duration">): Buffer {
  const { width = 320, height = 240, samples = 1, timeEntries = 1, chunkEntries = 1 } = claims;
  const picture = cat(
    Buffer.alloc(6),
    u16(1),
    Buffer.alloc(16),
    u16(width, height),
    u32(0x480000, 0x480000, 0),
    u16(1),
    Buffer.alloc(32),
    u16(24, 0xffff),
  );
  const tables = cat(
    fullBox("stsd", cat(u32(1), box("mp4v", picture))),
    fullBox("stts", u32(timeEntries, samples, 1)),
    fullBox("stsc", u32(1, 1, samples, 1)),
    fullBox("stsz", u32(10, samples)),
    fullBox("stco", u32(chunkEntries, 48)),
  );
  const reference = fullBox("dref", cat(u32(1), fullBox("url ", Buffer.alloc(0), 1)));
  const information = cat(fullBox("vmhd", Buffer.alloc(8), 1), box("dinf", reference), box("stbl", tables));
  const media = cat(
    fullBox("mdhd", cat(u32(0, 0, 1000, duration), u16(0x55c4, 0))),
    fullBox("hdlr", cat(u32(0), "vide", Buffer.alloc(12), "V\0")),
    box("minf", information),
  );
  const head = cat(u32(0, 0, id, 0, duration), Buffer.alloc(16), matrix, u32(width * 65536, height * 65536));
  return box("trak", cat(fullBox("tkhd", head, 3), box("mdia", media)));
}

/** Boxes in boxes, so many deep. */
function nested(depth: number): Buffer {
  const heads = Array.from({ length: depth }, (_, at) => cat(u32((depth - at) * 8), "udta"));
  return cat(box("ftyp", cat("isom", u32(512), "isom")), box("moov", cat(...heads)));
}

/** A PNG whose header claims a size that its rows need not have. */
function png(width: number, height: number): Buffer {
  const chunk = (type: string, body: Uint8Array) => {
    const whole = cat(type, body);
    return cat(u32(body.length), whole, u32(crc32(whole)));
  };
  const header = cat(u32(width, height), Buffer.from([8, 6, 0, 0, 0]));
  return cat(
    "\x89PNG\r\n\x1a\n",
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(Buffer.alloc(99))),
    chunk("IEND", Buffer.alloc(0)),
  );
}

/** A GIF of 65535 by 65535 pixels in 26 bytes and one picture that fills it. */
const gif = cat(
  "GIF89a",
  Buffer.from([255, 255, 255, 255, 0x80, 0, 0, 0, 0, 0, 255, 255, 255]),
  Buffer.from([0x2c, 0, 0, 0, 0, 255, 255, 255, 255, 0, 2, 2, 0x44, 1, 0, 0x3b]),
);

function avi(width: number, height: number): Buffer {
  const little = (...values: readonly number[]) => {
    const buffer = Buffer.alloc(values.length * 4);
    for (const [at, value] of values.entries()) buffer.writeUInt32LE(value, at * 4);
    return buffer;
  };
  const riff = (type: string, body: Uint8Array) => cat(type, little(body.length), body);
  const main = little(40000, 0, 0, 16, 0x7fffffff, 0, 1, 0, width, height, 0, 0, 0, 0);
  const stream = cat("vidsMJPG", little(0, 0, 0, 1, 25, 0, 0x7fffffff, 0, 0, 0), Buffer.alloc(8));
  const format = cat(little(40, width, height), Buffer.from([1, 0, 24, 0]), "MJPG", little(0, 0, 0, 0, 0));
  const list = cat(
    "hdrl",
    riff("avih", main),
    riff("LIST", cat("strl", riff("strh", stream), riff("strf", format))),
  );
  const picture = Buffer.from("ffd8ffc0000b08ffffffff01011100ffd9", "hex");
  return riff("RIFF", cat("AVI ", riff("LIST", list), riff("LIST", cat("movi", riff("00dc", picture)))));
}

/** Files of a few kilobytes that claim to be without measure, by what they claim. Figures of SECURITY §1.4. */
export const smallBombs: Readonly<Record<string, Buffer>> = {
  "B-01 thirty tracks of 20,000,000 samples each": mp4({ tracks: 30, samples: 20_000_000 }),
  "B-02 ten tracks of 40,000,000 samples each": mp4({ tracks: 10, samples: 40_000_000 }),
  "B-03 a box that claims 4 GiB": mp4({ moovSize: 0xffffffff }),
  "B-03 a box without an end": mp4({ moovSize: 0 }),
  "B-03 a box that claims 2^63 bytes": mp4({ largeSize: true }),
  "B-04 a table of times with 2^32 entries": mp4({ timeEntries: 0xffffffff }),
  "B-04 a table of chunks with 2^30 entries": mp4({ chunkEntries: 0x3fffffff }),
  "B-05 boxes in boxes, 20,000 deep": nested(20_000),
  "B-06 a thousand tracks": mp4({ tracks: 1000 }),
  "B-06 five thousand tracks": mp4({ tracks: 5000 }),
  "B-07 a picture that claims 100,000 by 100,000": png(100_000, 100_000),
  "B-07 a moving picture of 65,535 by 65,535": gif,
  "B-07 a film that claims 65,535 by 65,535": mp4({ width: 65_535, height: 65_535 }),
  "B-07 a film of 100,000 by 100,000 in an AVI file": avi(100_000, 100_000),
  "a film that claims to last 49 days": mp4({ duration: 0xffffffff }),
  "B-13 64 MiB in 64 KB of gzip": gzipSync(Buffer.alloc(64 * 1024 * 1024)),
  "B-14 a billion laughs": Buffer.from(
    `<?xml version="1.0"?><!DOCTYPE MPD [<!ENTITY a "ha">${Array.from({ length: 9 }, (_, n) => `<!ENTITY ${"bcdefghij"[n]} "${`&${"abcdefghi"[n]};`.repeat(10)}">`).join("")}]><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static">&j;</MPD>`,
  ),
  "B-19 a drawing that refers to files and servers": Buffer.from(
    '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><image href="file:///etc/passwd" width="9" height="9"/><image href="http://127.0.0.1:9/x" width="9" height="9"/></svg>',
  ),
  "B-20 a picture cut off": Buffer.from("ffd8ffe000104a46494600010100000100010000ffdb0043", "hex"),
};

/** Films that a real encoder made, each a bomb for what decodes or shows it naively. */
export const encodedBombs: Readonly<Record<string, readonly string[]>> = {
  "B-10 frames of 8,192 by 8,192": [
    "-f",
    "lavfi",
    "-i",
    "color=s=8192x8192:r=2:d=1",
    "-c:v",
    "libx264",
    "-preset",
    "ultrafast",
  ],
  "B-12 three frames in 55 hours": [
    "-f",
    "lavfi",
    "-i",
    "testsrc=s=64x64:r=1/100000",
    "-frames:v",
    "3",
    "-c:v",
    "libx264",
    "-preset",
    "ultrafast",
  ],
};

/** Writes every bomb as a file of `folder`; returns what each claims with its path. */
export function writeBombs(folder: string): ReadonlyMap<string, string> {
  const paths = new Map<string, string>();
  const place = (claim: string, extension: string) => {
    const path = join(folder, `bomb-${paths.size + 1}.${extension}`);
    paths.set(claim, path);
    return path;
  };
  for (const [claim, bytes] of Object.entries(smallBombs)) writeFileSync(place(claim, "mp4"), bytes);
  for (const [claim, options] of Object.entries(encodedBombs))
    execFileSync("ffmpeg", [
      "-nostdin",
      "-loglevel",
      "error",
      ...options,
      "-pix_fmt",
      "yuv420p",
      place(claim, "mkv"),
    ]);
  return paths;
}
