import { once } from "node:events";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { pictureLimits } from "../run/limits.js";
import { killGroup, startKeptJailed } from "../run/run.js";
import type { KeptProcess } from "../run/run-request.js";
import type { RawPicture } from "./picture.js";
import {
  encodeMessage,
  type FrameDrawing,
  type FrameShape,
  messageReader,
  type PictureFacts,
  type PictureJob,
  type PictureMessage,
  partsOf,
} from "./picture-messages.js";

/**
 * Draws pictures in a process of its own that sees no file and no network, only pixels and JPEG files made by holdfast.
 */
export interface Pictures {
  /** Draws a decoded frame (RGB, row by row) as displayed: rotated and stretched. */
  readonly drawFrame: (rgb: Uint8Array, shape: FrameShape) => Promise<FrameDrawing>;
  /** The width and height of a JPEG file made by holdfast. */
  readonly sizeOf: (jpeg: Uint8Array) => Promise<{ readonly width: number; readonly height: number }>;
  /** The pixels of a JPEG file made by holdfast, fitted into a box. */
  readonly fit: (jpeg: Uint8Array, width: number, height: number) => Promise<RawPicture>;
  readonly encode: (picture: RawPicture) => Promise<Uint8Array>;
  readonly encodePng: (picture: RawPicture) => Promise<Uint8Array>;
  /** The versions of the drawing libraries: other versions may produce other bytes for the same frame. */
  readonly libraries: () => Promise<Readonly<Record<string, string>>>;
  /** Resolves when the process has ended. */
  readonly close: () => Promise<void>;
}

/**
 * `scratch`: an existing folder, the process's working folder. The first picture starts the process, and so does the
 * first one after it has died. If the process dies or takes too long, the pictures in progress are rejected with a reason.
 */
export function openPictures(scratch: string): Pictures {
  const process = new PictureProcess(scratch);
  return {
    drawFrame: async (rgb, shape) => {
      const { width, height, rotation, sampleAspect } = shape;
      const asked = { job: "frame", shape: { width, height, rotation, sampleAspect } } as const;
      const [look, lookAsDecoded, jpeg] = partsOf(await process.ask(asked, rgb));
      if (!look || !lookAsDecoded || !jpeg) throw new Error("the drawing of a frame came back incomplete");
      return { look: new Uint8Array(look), lookAsDecoded: new Uint8Array(lookAsDecoded), jpeg };
    },
    sizeOf: async (jpeg) => sizeIn((await process.ask({ job: "size" }, jpeg)).words),
    fit: async (jpeg, width, height) => {
      const { words, bytes } = await process.ask({ job: "fit", width, height }, jpeg);
      return { data: bytes, ...sizeIn(words) };
    },
    encode: async ({ data, width, height }) =>
      (await process.ask({ job: "encode", width, height }, data)).bytes,
    encodePng: async ({ data, width, height }) =>
      (await process.ask({ job: "encode-png", width, height }, data)).bytes,
    libraries: async () => {
      const { sharp = "unknown", libvips = "unknown" } = (
        await process.ask({ job: "libraries" }, new Uint8Array())
      ).words;
      return { sharp, libvips };
    },
    close: () => process.close(),
  };
}

function sizeIn({ width = 0, height = 0 }: PictureFacts) {
  return { width, height };
}

interface Question {
  readonly resolve: (answer: PictureMessage<PictureFacts>) => void;
  readonly reject: (error: Error) => void;
}

/** One process, from its start to its end. */
interface Drawer {
  readonly child: KeptProcess["child"];
  readonly questions: Map<number, Question>;
  over: boolean;
}

class PictureProcess {
  private readonly scratch: string;
  private current: Promise<Drawer> | null = null;
  private latest: Drawer | null = null;
  private lastId = 0;

  constructor(scratch: string) {
    this.scratch = scratch;
  }

  async ask(job: PictureJob, bytes: Uint8Array): Promise<PictureMessage<PictureFacts>> {
    this.current ??= this.start();
    const { child, questions, over } = await this.current;
    if (over) throw new Error(endedBefore);
    this.lastId += 1;
    const id = this.lastId;
    const answered = new Promise<PictureMessage<PictureFacts>>((resolve, reject) => {
      questions.set(id, { resolve, reject });
    });
    for (const piece of encodeMessage(id, job, [bytes])) child.stdin?.write(piece);
    const late = setTimeout(() => killGroup(child.pid, "SIGKILL"), pictureLimits.wallMs);
    try {
      const answer = await answered;
      if (answer.words.failed !== undefined) throw new Error(answer.words.failed);
      return answer;
    } finally {
      clearTimeout(late);
      questions.delete(id);
    }
  }

  async close(): Promise<void> {
    const drawer = await this.current;
    this.current = null;
    if (!drawer || drawer.over) return;
    const ended = once(drawer.child, "close");
    drawer.child.stdin?.end();
    await ended;
  }

  private async start(): Promise<Drawer> {
    const { child } = await startKeptJailed({
      program: process.execPath,
      argv: [...littleYoung, workerFile],
      env: givingBack,
      cwd: this.scratch,
      limits: pictureLimits,
      jail: { reads: ownProgram(), writes: [] },
    });
    const drawer: Drawer = { child, questions: new Map(), over: false };
    this.latest = drawer;
    const onMessage = (answer: PictureMessage<PictureFacts>) =>
      drawer.questions.get(answer.id)?.resolve(answer);
    child.stdin?.on("error", () => undefined);
    child.stderr?.resume();
    child.stdout?.on("data", messageReader<PictureFacts>(onMessage));
    child.once("close", () => this.onEnd(drawer)).once("error", () => this.onEnd(drawer));
    return drawer;
  }

  private onEnd(drawer: Drawer): void {
    drawer.over = true;
    if (this.latest === drawer) this.current = null;
    for (const { reject } of drawer.questions.values()) reject(new Error(endedBefore));
  }
}

// Frames are large and soon done with. By default each thread of the process keeps those that it had for later ones, and so
// does a heap that has grown once: twice the memory, for as long as a batch runs.
const givingBack = { MALLOC_ARENA_MAX: "1", MALLOC_TRIM_THRESHOLD_: "131072" };
const littleYoung = ["--max-semi-space-size=1"];

const endedBefore = "the process that draws pictures ended before it finished this one";

// A separate process cannot load TypeScript sources, so even tests that run from the sources use the compiled program.
const workerFile = fileURLToPath(new URL("../../../bin/picture-worker.js", import.meta.url));

/** What the jail must show so that the process starts: the compiled program, its package.json, and its libraries. */
function ownProgram(): readonly string[] {
  const library = createRequire(import.meta.url).resolve("sharp");
  const libraries = library.slice(0, library.lastIndexOf("/node_modules/") + "/node_modules".length);
  const inOurs = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
  return [workerFile, inOurs("dist"), inOurs("package.json"), libraries];
}
