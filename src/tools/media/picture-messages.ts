import type { Look } from "../../core/media/dhash.js";
import type { VideoStream } from "./ffprobe.js";

/** What a drawing needs to know of the stream that a decoded frame is from. */
export type FrameShape = Pick<VideoStream, "width" | "height" | "rotation" | "sampleAspect">;

/** What the process that draws is asked for; the bytes that belong to it follow. */
export type PictureJob =
  /** With a frame as decoded, RGB. The answer's parts: the look as shown, the look as decoded, the JPEG file. */
  | { readonly job: "frame"; readonly shape: FrameShape }
  /** With a JPEG file of ours. */
  | { readonly job: "size" }
  /** With a JPEG file of ours; the answer is its RGB pixels, fitted into the box. */
  | { readonly job: "fit"; readonly width: number; readonly height: number }
  /** With RGB pixels; the answer is the JPEG file. */
  | { readonly job: "encode"; readonly width: number; readonly height: number }
  | { readonly job: "libraries" };

/** What is said in an answer besides its bytes. */
export interface PictureFacts {
  readonly width?: number;
  readonly height?: number;
  readonly sharp?: string;
  readonly libvips?: string;
  /** Why there is no picture. */
  readonly failed?: string;
}

/** A frame that was drawn. */
export interface FrameDrawing {
  /** As shown, turned for display. */
  readonly look: Look;
  readonly lookAsDecoded: Look;
  readonly jpeg: Uint8Array;
}

/** One message either way: a line of JSON and bytes. `id` ties an answer to its question. */
export interface PictureMessage<Words> {
  readonly id: number;
  readonly words: Words;
  /** Lengths of the parts that the bytes consist of. */
  readonly parts: readonly number[];
  readonly bytes: Buffer;
}

const headBytes = 8;

/** The pieces to write, in order: lengths of head and bytes as 32 bit numbers, the head as JSON, then the bytes. */
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

/** Takes a stream of messages apart. What comes in pieces is put together once, when it is whole. */
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

/** The parts that the bytes of a message consist of. */
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
