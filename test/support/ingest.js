// Captures made-up files one after the other and says "ack ID SHA-256" once each is logged: a process to be killed.
// node ingest.js VAULT RECORD FIRST LAST: texts of these numbers, those that are there already left out; RECORD is a JSON file.
import { createHash, randomBytes } from "node:crypto";
import { readFileSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { hashFile, stageCapture, storeCapture } from "../../dist/capture/store-capture.js";
import { buildCaptureId } from "../../dist/core/capture/capture-id.js";
import { closeAfterWriting } from "../../dist/seal/checkpoint.js";
import { openOrMake } from "../../dist/seal/open-vault.js";
import { syncedAside } from "../../dist/vault/durable.js";
import { filesByDigest } from "../../dist/vault/index/captures.js";
import { beginAttempt } from "../../dist/vault/recovery.js";
import { inTurn, shareVault } from "../../dist/vault/turn.js";

const [vaultPath, recordPath, first, last] = process.argv.slice(2);
const { elements, ...facts } = JSON.parse(readFileSync(recordPath, "utf8"));
const world = {
  now: () => new Date(),
  monotonic: () => performance.now(),
  random: (bytes) => new Uint8Array(randomBytes(bytes)),
  signal: new AbortController().signal,
  env: process.env,
  tool: "holdfast/0.0.0-test",
  progress: () => undefined,
  tell: () => undefined,
};

const vault = await openOrMake(vaultPath, world);
try {
  shareVault(vault, "import", world);
  for (let number = Number(first); number <= Number(last); number += 1) await ingest(`text ${number}`);
} finally {
  await closeAfterWriting(vault, world, { proxy: null, allowPrivate: false, force: false });
}

async function ingest(text) {
  const sha256 = createHash("sha256").update(text).digest("hex");
  const [known] = filesByDigest(vault.database, sha256);
  const capture = known?.capture ?? (await take(text));
  writeSync(1, `ack ${capture} ${sha256}\n`);
}

async function take(text) {
  const capture = buildCaptureId(world.now(), world.random(5));
  const staging = beginAttempt(vault, capture, text);
  const path = join(staging, "media");
  writeFileSync(path, text);
  const as = { logicalPath: "original/track-1.mp4", role: "media_track", receivedAs: null, asReceived: true };
  const file = await hashFile(path, as, world.now);
  const annex = {
    ...{ capture, salt: "00".repeat(16), collector: null, hostname: null, os: "Linux", time_zone: "UTC" },
    ...{ received_from: null, proxy: null, cookies_sha256: null, places: {}, connections: [], rawFiles: [] },
  };
  const url = `https://video.example/${encodeURIComponent(text)}`;
  const stated = { ...facts, parent: null, capture, requested_url: url, elements: () => elements };
  const ready = await syncedAside(stageCapture(vault, staging, stated, [file], annex));
  await inTurn(vault, () => storeCapture(vault, ready));
  return capture;
}
