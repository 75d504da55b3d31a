import { closeSync, openSync, readFileSync, readSync, statSync } from "node:fs";
import { createRequire } from "node:module";

export type ContentCredentials =
  | { readonly outcome: "absent" }
  | {
      readonly outcome: "present";
      /** The manifest store as the library prints it, JSON. */
      readonly manifestJson: string;
      /** `Valid`, `Invalid` or `Trusted`, as the library says; no trust list is configured, so who signed is not established. */
      readonly validationState: string;
    }
  | { readonly outcome: "failed"; readonly reason: string };

/** The library reads a whole file into memory. */
const largestFile = 512 * 1024 * 1024;

/**
 * Reads and checks the Content Credentials (C2PA) of a media file, offline and without a trust list. `media`: absolute
 * path. The library is only loaded for a file in which a manifest box was found.
 */
export async function readContentCredentials(media: string): Promise<ContentCredentials> {
  if (!holdsManifestBox(media)) return { outcome: "absent" };
  if (statSync(media).size > largestFile) {
    return {
      outcome: "failed",
      reason: `a manifest is present, but files over ${largestFile} bytes are not checked`,
    };
  }
  try {
    const { WasmReader } = await loadLibrary();
    const reader = await WasmReader.fromBytes("video/mp4", readFileSync(media), offline);
    const manifestJson = reader.json();
    reader.free();
    return { outcome: "present", manifestJson, validationState: stateOf(manifestJson) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (/JumbfNotFound|no JUMBF/i.test(message)) return { outcome: "absent" };
    return { outcome: "failed", reason: `the manifest could not be read: ${message.slice(0, 300)}` };
  }
}

/** Nothing named in a manifest is fetched: it would tell its author who is looking. */
const offline = JSON.stringify({ verify: { remote_manifest_fetch: false, ocsp_fetch: false } });

type Library = typeof import("@contentauth/c2pa-wasm");
let library: Promise<Library> | undefined;

function loadLibrary(): Promise<Library> {
  library ??= (async () => {
    const loaded = await import("@contentauth/c2pa-wasm");
    const wasm = createRequire(import.meta.url).resolve("@contentauth/c2pa-wasm/c2pa.wasm");
    loaded.initSync({ module: readFileSync(wasm) });
    return loaded;
  })();
  return library;
}

function stateOf(manifestJson: string): string {
  const value: unknown = JSON.parse(manifestJson);
  const state =
    typeof value === "object" && value !== null && "validation_state" in value
      ? value.validation_state
      : null;
  return typeof state === "string" ? state : "not stated";
}

/** C2PA's `uuid` box in ISO media files: d8fec3d6-1b0e-483c-9297-5828877ec481 (C2PA specification, A.5). */
const manifestBox = Buffer.from("d8fec3d61b0e483c92975828877ec481", "hex");
/** A file made to have endless boxes must not keep us here. */
const mostBoxes = 10_000;

/** Goes through the top-level boxes of an ISO media file; a file of another kind has none. */
function holdsManifestBox(media: string): boolean {
  const file = openSync(media, "r");
  try {
    const { size } = statSync(media);
    const head = Buffer.alloc(32);
    let at = 0;
    for (let boxes = 0; boxes < mostBoxes && at + 8 <= size; boxes += 1) {
      const read = readSync(file, head, 0, head.length, at);
      const type = head.toString("latin1", 4, 8);
      if (read < 8 || !/^[\x20-\x7e\xa9]{4}$/.test(type)) return false;
      const wide = head.readUInt32BE(0) === 1;
      if (type === "uuid" && head.subarray(wide ? 16 : 8, wide ? 32 : 24).equals(manifestBox)) return true;
      const length = wide ? Number(head.readBigUInt64BE(8)) : head.readUInt32BE(0);
      if (length < 8) return false;
      at += length;
    }
    return false;
  } finally {
    closeSync(file);
  }
}
