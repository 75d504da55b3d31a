import type { Look } from "../../core/media/dhash.js";
import type { VideoStream } from "./ffprobe.js";

/** What drawing a decoded frame requires to know about its stream. */
export type FrameShape = Pick<VideoStream, "width" | "height" | "rotation" | "sampleAspect">;

/** A decoded frame on the disk. */
export interface FrameFiles {
  /** RGB, row by row. */
  readonly rgb: string;
  /** As decoded: unrotated, unscaled, in the decoder's pixel format. */
  readonly decoded: string;
}

/** A request to the drawing process; its bytes follow. */
export type PictureJob =
  /** Bytes: a decoded frame, RGB. Parts of the answer: the look as displayed, the look as decoded, the JPEG file. */
  | { readonly job: "frame"; readonly shape: FrameShape }
  /** No bytes: the frame lies in these files of the process's folder. The answer is that of `frame` with `decodedSha256`. */
  | ({ readonly job: "frame-files"; readonly shape: FrameShape } & FrameFiles)
  /** Bytes: a JPEG file made by holdfast. */
  | { readonly job: "size" }
  /** Bytes: a JPEG file made by holdfast. The answer is its RGB pixels, fitted into the box. */
  | { readonly job: "fit"; readonly width: number; readonly height: number }
  /** Bytes: RGB pixels. The answer is the JPEG file. */
  | { readonly job: "encode"; readonly width: number; readonly height: number }
  /** Bytes: RGB pixels. The answer is the PNG file. */
  | { readonly job: "encode-png"; readonly width: number; readonly height: number }
  | { readonly job: "libraries" };

/** What an answer contains besides its bytes. */
export interface PictureFacts {
  readonly width?: number;
  readonly height?: number;
  readonly sharp?: string;
  readonly libvips?: string;
  readonly decodedSha256?: string;
  /** Why no picture was made. */
  readonly failed?: string;
}

/** A drawn frame. */
export interface FrameDrawing {
  /** As displayed, after rotation. */
  readonly look: Look;
  readonly lookAsDecoded: Look;
  readonly jpeg: Uint8Array;
}

/** One message in either direction: a line of JSON, and bytes. `id` links an answer to its request. */
export interface PictureMessage<Words> {
  readonly id: number;
  readonly words: Words;
  /** The lengths of the parts that make up the bytes. */
  readonly parts: readonly number[];
  readonly bytes: Buffer;
}

const headBytes = 8;

/** The pieces to write, in order: the lengths of head and bytes as 32-bit numbers, the head as JSON, then the bytes. */
export function encodeMessage<Words>(
  id: number,
  words: Words,
  parts: readonly Uint8Array[],
): readonly Uint8Array[] {
  const head = Buffer.from(JSON.stringify({ id, words, parts: parts.map((part) => part.byteLength) }));
  const lengths = Buffer.alloc(headBytes);
  lengths.writeUInt32BE(head.length, 0);
  lengths.writeUInt32BE(
    parts.reduce((sum, part) => sum + part.byteLength, 0),
    4,
  );
  return [Buffer.concat([lengths, head]), ...parts];
}

/** Splits a stream into messages. A message that arrives in pieces is joined only once, when it is complete. */
export function messageReader<Words>(onMessage: (message: PictureMessage<Words>) => void) {
  let chunks: Buffer[] = [];
  let held = 0;
  let wanted = headBytes;
  return (chunk: Buffer): void => {
    chunks.push(chunk);
    held += chunk.length;
    while (held >= wanted) {
      const all = chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks);
      chunks = [all];
      const [head, bytes] = [all.readUInt32BE(0), all.readUInt32BE(4)];
      wanted = headBytes + head + bytes;
      if (held < wanted) return;
      const said = JSON.parse(all.toString("utf8", headBytes, headBytes + head));
      const { id, words, parts } = said;
      onMessage({ id, words, parts, bytes: all.subarray(headBytes + head, wanted) });
      chunks = [all.subarray(wanted)];
      held -= wanted;
      wanted = headBytes;
    }
  };
}

/** The parts that make up the bytes of a message. */
export function partsOf({
  bytes,
  parts,
}: Pick<PictureMessage<unknown>, "bytes" | "parts">): readonly Buffer[] {
  let end = 0;
  return parts.map((length) => {
    end += length;
    return bytes.subarray(end - length, end);
  });
}
