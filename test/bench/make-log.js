// node make-log.js VAULT ENTRIES [captures]: a vault whose log has that many entries, through the real append code, in few
// large transactions: its index and tree are those that commands make. Failed attempts stand for captures, since only they
// need no files. It is handed on without its private annexes, as vaults can be. With `captures` every second entry is a
// capture instead, and every third of the others notes something about one: a vault to search, but not to verify, since
// the objects are not there.
import { createHash } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { root } from "./machine.js";
import { world } from "./make-world.js";

const built = (path) => import(join(root, "dist", path));
const { closeAfterWriting } = await built("seal/checkpoint.js");
const { buildCaptureId } = await built("core/capture/capture-id.js");
const { openOrMake } = await built("seal/open-vault.js");
const { logEntry } = await built("vault/vault.js");

const [vaultPath, count, kind] = process.argv.slice(2);
const began = new Date();
const entriesAtOnce = 20_000;

const vault = await openOrMake(vaultPath, world);
const many = vault.database.transaction((first, last) => {
  for (let number = first; number <= last; number += 1) append(number);
});
for (let first = 2; first <= Number(count); first += entriesAtOnce) {
  many(first, Math.min(Number(count), first + entriesAtOnce - 1));
}
await closeAfterWriting(vault, world, { proxy: null, allowPrivate: false, force: false });
rmSync(join(vaultPath, "private"), { recursive: true });

/** Every second entry is a failed attempt with its runs, or a capture; the others are small. */
function append(number) {
  if (kind === "captures" && number % 2 === 0) return logEntry(vault, "capture", capture(number));
  if (kind === "captures" && number % 3 === 0) return logEntry(vault, "annotate", annotation(number));
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

// Counted and not drawn: among half a million random ids two are likely to be the same.
function idOf(number) {
  return buildCaptureId(began, Uint8Array.from([1, number >> 24, number >> 16, number >> 8, number]));
}

function digest(name, text) {
  return createHash(name).update(text).digest("hex");
}

/** One in a thousand is from a site of its own, one in a hundred thousand from another. */
function hostOf(number) {
  if (number % 100_000 === 0) return "rare.example";
  return number % 1000 === 0 ? `site-${number % 7}.example` : "www.video.example";
}

function capture(number) {
  const id = idOf(number);
  const files = ["original/track-1.mp4", "original/track-2.m4a", "record.json"].map((path) => {
    return { path, bytes: 1_234_567, sha256: digest("sha256", `${path} ${number}`) };
  });
  return {
    ...{ capture: id, object: `objects/${digest("sha256", id).slice(0, 2)}/${id}`, version: "v1" },
    ...{ method: "ytdlp", status: "captured", url: `https://${hostOf(number)}/watch/${number}` },
    ...{ record_sha256: files[2].sha256, inventory_sha512: digest("sha512", id) },
    ...{ annex_sha256: digest("sha256", `annex ${number}`), files },
  };
}

/** A word in every note, one in some, one in few; a case for each thousand. */
function annotation(number) {
  const some = number % 1000 === 3 ? "Тараз" : "Алматы";
  const values = {
    case: `14/${number % 1000}`,
    note: `свидетель ${number} прислал видео с места события, час ${number % 24}`,
    place: number % 100_000 === 99_999 ? "Қордай" : `${some}, көше ${number % 500}`,
  };
  const pairs = Object.entries(values).map(([key, value]) => ({ key, value }));
  return { capture: idOf(number - 1), values: pairs, basis: "person_assertion", from: "command line" };
}

function failedAttempt(number) {
  const url = `https://video.example/watch/${number}`;
  const at = world.now().toISOString();
  return {
    capture: idOf(number),
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
