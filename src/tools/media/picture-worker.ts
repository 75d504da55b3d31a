import type { Readable, Writable } from "node:stream";
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
import { encodeMessage, messageReader, type PictureFacts, type PictureJob } from "./picture-messages.js";

interface Answer {
  readonly facts: PictureFacts;
  readonly parts: readonly Uint8Array[];
}

async function draw(job: PictureJob, bytes: Buffer): Promise<Answer> {
  switch (job.job) {
    case "frame": {
      const { shape } = job;
      const look = await lookOf(bytes, shape);
      const asDecoded = shape.rotation === 0 ? look : await lookOf(bytes, { ...shape, rotation: 0 });
      return { facts: {}, parts: [look, asDecoded, await jpegOf(bytes, shape)] };
    }
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
