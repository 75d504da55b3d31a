import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { Worker } from "node:worker_threads";

/** The Content Credentials (C2PA) in a clip: detected, and checked without a trust list, never more. */
export type ContentCredentials =
  | { readonly outcome: "absent" }
  | {
      readonly outcome: "present";
      /** The manifest store as JSON, as the library prints it. */
      readonly manifestJson: string;
      /**
       * The library's result, `Valid` or `Invalid`: whether hashes and signature match. Who signed is not established.
       */
      readonly validationState: string;
    }
  | { readonly outcome: "failed"; readonly reason: string };

const mebibyte = 1024 * 1024;
const maxBytes = 512 * mebibyte;
const maxMs = 60_000;

// A worker thread cannot load TypeScript sources, so even tests that run from the sources use the compiled worker.
const workerFile = new URL("../../../dist/tools/media/content-credentials-worker.js", import.meta.url);

/**
 * Looks for Content Credentials in an MP4-like file (`media`: absolute path) and validates them in a separate thread,
 * without network and within a minute. Other containers count as having none.
 */
export async function readContentCredentials(media: string): Promise<ContentCredentials> {
  const found = findManifestBox(media);
  if (!found.present) return { outcome: "absent" };
  if (found.bytes > maxBytes) {
    return {
      outcome: "failed",
      reason: `a manifest is present; files above ${maxBytes} bytes are not validated`,
    };
  }
  const answer = await askWorker(media);
  if ("reason" in answer) return { outcome: "failed", reason: answer.reason };
  return { outcome: "present", manifestJson: answer.json, validationState: stateIn(answer.json) };
}

// The box with the C2PA manifest store in MP4-like files: `uuid` with this user type.
const manifestBox = "d8fec3d61b0e483c92975828877ec481";
const maxBoxes = 10_000;

/**
 * Walks the top-level boxes without reading their contents. The file's maker controls the sizes, which are only skipped
 * by.
 */
function findManifestBox(media: string): { readonly present: boolean; readonly bytes: number } {
  const file = openSync(media, "r");
  try {
    const bytes = fstatSync(file).size;
    const header = Buffer.alloc(32);
    let at = 0;
    for (let boxes = 0; boxes < maxBoxes && at + 8 <= bytes; boxes++) {
      const got = readSync(file, header, 0, header.length, at);
      const { size, headerBytes } = boxSize(header);
      const type = header.toString("latin1", 4, 8);
      const user = header.toString("hex", headerBytes, headerBytes + 16);
      if (type === "uuid" && got >= headerBytes + 16 && user === manifestBox) return { present: true, bytes };
      if (size < headerBytes) break;
      at += size;
    }
    return { present: false, bytes };
  } finally {
    closeSync(file);
  }
}

function boxSize(header: Buffer): { readonly size: number; readonly headerBytes: number } {
  const size = header.readUInt32BE(0);
  if (size !== 1) return { size, headerBytes: 8 };
  return { size: Number(header.readBigUInt64BE(8)), headerBytes: 16 };
}

type Answer = { readonly json: string } | { readonly reason: string };

/**
 * Uses one thread per file, because hostile bytes may make the library loop or use ever more memory, and a thread can
 * be ended.
 */
async function askWorker(media: string): Promise<Answer> {
  const worker = new Worker(workerFile, {
    workerData: media,
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: 512 },
  });
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<Answer>((resolve) => {
      timer = setTimeout(() => resolve({ reason: "validation took longer than a minute" }), maxMs);
      worker.once("message", resolve);
      worker.once("error", () => resolve({ reason: "the validator crashed" }));
      worker.once("exit", () => resolve({ reason: "the validator ended without an answer" }));
    });
  } finally {
    clearTimeout(timer);
    await worker.terminate();
  }
}

function stateIn(manifestJson: string): string {
  const store: unknown = JSON.parse(manifestJson);
  const state =
    typeof store === "object" && store !== null && "validation_state" in store && store.validation_state;
  return typeof state === "string" ? state : "not stated";
}
