// node make-log.js VAULT ENTRIES: a vault whose log has that many entries, through the real append code, in few large
// transactions: its index and tree are those that commands make. Failed attempts stand for captures, since only they need
// no files. It is handed on without its private annexes, as vaults can be.
import { createHash, randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { root } from "./machine.js";

const built = (path) => import(join(root, "dist", path));
const { closeAfterWriting } = await built("checkpoint.js");
const { buildCaptureId } = await built("core/capture-id.js");
const { openForWriting } = await built("open-vault.js");
const { logEntry } = await built("vault/vault.js");

const [vaultPath, count] = process.argv.slice(2);
const entriesAtOnce = 20_000;

const world = {
  now: () => new Date(),
  monotonic: () => performance.now(),
  random: (bytes) => randomBytes(bytes),
  signal: new AbortController().signal,
  env: process.env,
  tool: "holdfast/0.0.0-bench",
  progress: () => undefined,
};

const vault = await openForWriting(vaultPath, world, () => undefined);
const many = vault.database.transaction((first, last) => {
  for (let number = first; number <= last; number += 1) append(number);
});
for (let first = 2; first <= Number(count); first += entriesAtOnce) {
  many(first, Math.min(Number(count), first + entriesAtOnce - 1));
}
await closeAfterWriting(vault, world, { proxy: null, allowPrivate: false, force: false });
rmSync(join(vaultPath, "private"), { recursive: true });

/** Every second entry is a failed attempt with its runs; the others are small. */
function append(number) {
  if (number % 2 === 0) return logEntry(vault, "capture-failed", failedAttempt(number));
  if (number % 3 === 0)
    return logEntry(vault, "recovery", {
      what: "staging-removed",
      capture: null,
      detail: `leftover ${number}`,
    });
  const checked = {
    entries: number,
    objects: 1,
    files: 9,
    bytes: 123_456_789,
    annexes: 1,
    digests_per_file: 2,
  };
  return logEntry(vault, "fixity-check", { scope: "vault", ok: true, findings: 0, checked });
}

function failedAttempt(number) {
  const url = `https://video.example/watch/${number}`;
  const at = world.now().toISOString();
  return {
    // Counted and not drawn: among half a million random ids two are likely to be the same.
    capture: buildCaptureId(
      world.now(),
      Uint8Array.from([1, number >> 24, number >> 16, number >> 8, number]),
    ),
    method: "ytdlp",
    url,
    failure: { code: "login-required", reason: "the site asks for a login" },
    runs: [
      {
        ...{
          program: "yt-dlp",
          argv: ["--ignore-config", "--proxy", "<proxy>", "--", url],
          removed: ["<proxy>"],
        },
        ...{
          started_at: at,
          ended_at: at,
          ended_by: "exited",
          exit_code: 1,
          signal: null,
          sandbox: "prlimit",
        },
      },
    ],
    software: [
      { name: "holdfast", version: "0.1.0", sha256: null },
      { name: "yt-dlp", version: "2026.08.19", sha256: createHash("sha256").update("yt-dlp").digest("hex") },
    ],
    attempts: 1,
    annex_sha256: createHash("sha256").update(url).digest("hex"),
    clock: { checked_at: at, source: "timedatectl", synchronised: true },
  };
}
