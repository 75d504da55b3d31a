import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { parentPort, workerData } from "node:worker_threads";
import init, { WasmReader } from "@contentauth/c2pa-wasm";
import { printable } from "../../core/words/printable.js";

// A manifest may name an address to fetch from: this thread must never use the network, whatever the library's settings.
Object.assign(globalThis, { fetch: undefined, XMLHttpRequest: undefined, WebSocket: undefined });

/** Returns the manifest store as JSON, or the library's reason why not. */
async function readManifests(
  media: string,
): Promise<{ readonly json: string } | { readonly reason: string }> {
  const wasm = createRequire(import.meta.url).resolve("@contentauth/c2pa-wasm/c2pa.wasm");
  await init({ module_or_path: readFileSync(wasm) });
  const offline = JSON.stringify({ verify: { remote_manifest_fetch: false, ocsp_fetch: false } });
  try {
    const reader = await WasmReader.fromBytes("video/mp4", readFileSync(media), offline);
    return { json: reader.json() };
  } catch (error) {
    return { reason: printable(String(error), 200) };
  }
}

parentPort?.postMessage(await readManifests(String(workerData)));
