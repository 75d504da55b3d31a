import { once } from "node:events";
import { mkdirSync, renameSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { pictureLimits } from "../run/limits.js";
import { killGroup, startKeptJailed } from "../run/run.js";
import type { KeptProcess } from "../run/run-request.js";
import type { RawPicture } from "./picture.js";
import {
  encodeMessage,
  type FrameDrawing,
  type FrameFiles,
  type FrameShape,
  messageReader,
  type PictureFacts,
  type PictureJob,
  type PictureMessage,
  partsOf,
} from "./picture-messages.js";

/**
 * Draws pictures in a process of its own that sees no network, only pixels and JPEG files made by holdfast. Of files it sees
 * the raw pixels of the frames that it is asked to draw, read-only, in a folder that no other program is shown, and nothing
 * of the clips themselves.
 */
export interface Pictures {
  /** Draws a decoded frame (RGB, row by row) as displayed: rotated and stretched. */
  readonly drawFrame: (rgb: Uint8Array, shape: FrameShape) => Promise<FrameDrawing>;
  /**
   * The same for a frame in files, and the SHA-256 of its bytes as decoded. The files are taken over at once and gone
   * afterwards: they must be on the file system of `scratch`.
   */
  readonly drawFrameFiles: (
    files: FrameFiles,
    shape: FrameShape,
  ) => Promise<FrameDrawing & { readonly decodedSha256: string }>;
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
 * `scratch`: an existing folder, in which the process has its own; whoever made it removes both. The first picture starts the process, and so does the
 * first one after it has died. If the process dies or takes too long, the pictures in progress are rejected with a reason.
 */
export function openPictures(scratch: string): Pictures {
  const process = new PictureProcess(scratch);
  return {
    drawFrame: async (rgb, shape) =>
      drawingIn(await process.ask({ job: "frame", shape: onlyShape(shape) }, rgb)),
    drawFrameFiles: async (files, shape) => {
      const answer = await process.askAbout(files, (taken) => ({
        job: "frame-files",
        shape: onlyShape(shape),
        ...taken,
      }));
      const { decodedSha256 } = answer.words;
      if (decodedSha256 === undefined) throw new Error(incomplete);
      return { ...drawingIn(answer), decodedSha256 };
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
      const { sharp = "unknown", libvips = "unknown" } = (await process.ask({ job: "libraries" })).words;
      return { sharp, libvips };
    },
    close: () => process.close(),
  };
}

function onlyShape({ width, height, rotation, sampleAspect }: FrameShape): FrameShape {
  return { width, height, rotation, sampleAspect };
}

const incomplete = "the drawing of a frame came back incomplete";

function drawingIn(answer: PictureMessage<PictureFacts>): FrameDrawing {
  const [look, lookAsDecoded, jpeg] = partsOf(answer);
  if (!look || !lookAsDecoded || !jpeg) throw new Error(incomplete);
  return { look: new Uint8Array(look), lookAsDecoded: new Uint8Array(lookAsDecoded), jpeg };
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
  private readonly folder: string;
  private current: Promise<Drawer> | null = null;
  private latest: Drawer | null = null;
  private lastId = 0;
  private lastFrame = 0;

  constructor(scratch: string) {
    this.folder = join(scratch, "drawing");
  }

  /**
   * Asks about a frame in files. They are moved into the process's own folder: no picture passes through this process, and
   * the one that draws sees no folder of a clip's, nor a clip's programs any frame of another.
   */
  async askAbout(
    files: FrameFiles,
    jobOf: (taken: FrameFiles) => PictureJob,
  ): Promise<PictureMessage<PictureFacts>> {
    this.lastFrame += 1;
    const taken = { rgb: `${this.lastFrame}.rgb`, decoded: `${this.lastFrame}.decoded` };
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    renameSync(files.rgb, join(this.folder, taken.rgb));
    renameSync(files.decoded, join(this.folder, taken.decoded));
    try {
      return await this.ask(jobOf(taken));
    } finally {
      for (const name of Object.values(taken)) rmSync(join(this.folder, name), { force: true });
    }
  }

  async ask(job: PictureJob, bytes: Uint8Array = new Uint8Array()): Promise<PictureMessage<PictureFacts>> {
    const { child, questions, over } = await this.started();
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

  /** A start that failed is not remembered: the next picture tries again, and there is nothing to close. */
  private started(): Promise<Drawer> {
    if (this.current !== null) return this.current;
    const starting = this.start();
    this.current = starting;
    starting.catch(() => {
      if (this.current === starting) this.current = null;
    });
    return starting;
  }

  async close(): Promise<void> {
    const drawer = await this.current?.catch(() => null);
    this.current = null;
    if (!drawer || drawer.over) return;
    const ended = once(drawer.child, "close");
    drawer.child.stdin?.end();
    await ended;
  }

  private async start(): Promise<Drawer> {
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    const { child } = await startKeptJailed({
      program: process.execPath,
      argv: [...littleYoung, workerFile],
      env: givingBack,
      cwd: this.folder,
      limits: pictureLimits,
      // Its working folder among what it reads: the jail then shows it read-only.
      jail: { reads: [...ownProgram(), this.folder], writes: [] },
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
