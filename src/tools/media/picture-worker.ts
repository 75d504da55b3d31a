import type { Readable, Writable } from "node:stream";
import { FrameQueue, readWhole, sha256Of } from "./frame-queue.js";
import {
  encodeJpeg,
  encodePng,
  jpegOf,
  lookOf,
  pictureLibraries,
  prepareToDraw,
  readFitted,
  sizeOfJpeg,
} from "./picture.js";
import {
  encodeMessage,
  type FrameShape,
  messageReader,
  type PictureFacts,
  type PictureJob,
} from "./picture-messages.js";

interface Answer {
  readonly facts: PictureFacts;
  readonly parts: readonly Uint8Array[];
}

async function draw(job: PictureJob, bytes: Buffer): Promise<Answer> {
  switch (job.job) {
    case "frame":
      return { facts: {}, parts: await drawFrame(bytes, job.shape) };
    case "frame-files":
      return drawFrameFiles(job);
    case "size":
      return { facts: await sizeOfJpeg(bytes), parts: [] };
    case "fit": {
      const { data, width, height } = await readFitted(bytes, job.width, job.height);
      return { facts: { width, height }, parts: [data] };
    }
    case "encode":
      return { facts: {}, parts: [await encodeJpeg({ data: bytes, width: job.width, height: job.height })] };
    case "encode-png":
      return { facts: {}, parts: [await encodePng({ data: bytes, width: job.width, height: job.height })] };
    case "libraries":
      return { facts: pictureLibraries(), parts: [] };
  }
}

async function drawFrame(rgb: Uint8Array, shape: FrameShape): Promise<readonly Uint8Array[]> {
  const look = await lookOf(rgb, shape);
  const asDecoded = shape.rotation === 0 ? look : await lookOf(rgb, { ...shape, rotation: 0 });
  return [look, asDecoded, await jpegOf(rgb, shape)];
}

const framesInHand = new FrameQueue();

/** Few at a time: those that wait do so on the disk and not in memory. */
function drawFrameFiles({
  shape,
  rgb,
  decoded,
}: PictureJob & { readonly job: "frame-files" }): Promise<Answer> {
  return framesInHand.take(shape.width * shape.height * 3, async (pixels) => {
    readWhole(rgb, pixels);
    const parts = await drawFrame(pixels, shape);
    return { facts: { decodedSha256: sha256Of(decoded, pixels) }, parts };
  });
}

/**
 * Reads jobs until the input ends, draws several at a time and writes the answers to the output
 * (`picture-messages.ts`).
 */
export function drawAsAsked(input: Readable, output: Writable): void {
  prepareToDraw();
  input.on(
    "data",
    messageReader<PictureJob>(({ id, words, bytes }) => {
      void draw(words, bytes)
        .catch((error: unknown): Answer => ({ facts: { failed: String(error) }, parts: [] }))
        .then(({ facts, parts }) => {
          for (const piece of encodeMessage(id, facts, parts)) output.write(piece);
        });
    }),
  );
}
