// node make-captures.js VAULT COUNT ADDRESS: adds captures of ADDRESS1, ADDRESS2, … to a vault that holds one fetched capture
// with its derivation, through the real commits. Each is a copy of that one with an address of its own; only the
// pictures are left out. What is on the disk and in the log is what `batch` would have left.
import fs, { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { root } from "./machine.js";
import { world } from "./make-world.js";

// Nobody pulls the plug of a bench, and ten thousand captures are a hundred thousand flushes of the disk.
fs.fsyncSync = () => undefined;
syncBuiltinESMExports();

const built = (path) => import(join(root, "dist", path));
const { closeAfterWriting } = await built("seal/checkpoint.js");
const { buildCaptureId } = await built("core/capture/capture-id.js");
const { encodeCanonical } = await built("audit/canonical-json.js");
const { openOrMake } = await built("seal/open-vault.js");
const { preserve } = await built("capture/store-capture.js");
const { commitNextVersion } = await built("vault/commit.js");
const { digestFile } = await built("vault/digest-file.js");
const { contentPath, readObject } = await built("vault/objects.js");
const { beginAttempt } = await built("vault/recovery.js");

const [vaultPath, count, address] = process.argv.slice(2);
const atOnce = 500;

const vault = await openOrMake(vaultPath, world);
vault.database.pragma("synchronous = OFF");
const { object: folder } = vault.database
  .prepare("SELECT object FROM capture WHERE object IS NOT NULL")
  .get();
const template = readObject(join(vaultPath, folder));

const many = vault.database.transaction((first, last) => {
  for (let number = first; number <= last; number += 1) capture(`${address}${number}`);
});
for (let first = 1; first <= Number(count); first += atOnce) {
  many(first, Math.min(Number(count), first + atOnce - 1));
}
await closeAfterWriting(vault, world, { proxy: null, allowPrivate: false, force: false });

function capture(url) {
  const id = buildCaptureId(world.now(), world.random(5));
  const staging = beginAttempt(vault, id, url);
  const { v: _, files, elements, ...facts } = template.record;
  const staged = files.map((file) => {
    const path = join(staging, file.path.replaceAll("/", "-"));
    copyFileSync(contentPath(template, file.path), path);
    return {
      ...{ path, logicalPath: file.path, role: file.role, receivedAs: file.received_as },
      ...{ asReceived: file.as_received, digest: digestFile(path), hashedAt: world.now().toISOString() },
    };
  });
  const own = { ...facts, capture: id, requested_url: url, elements: () => elements };
  preserve(vault, staging, own, staged, annexOf(id));
  derive(id);
}

function annexOf(capture) {
  const nobody = { collector: null, hostname: "bench", os: "bench", time_zone: "UTC", received_from: null };
  const nothing = { proxy: null, cookies_sha256: null, places: {}, connections: [], rawFiles: [] };
  return { capture, salt: Buffer.from(world.random(16)).toString("hex"), ...nobody, ...nothing };
}

function derive(capture) {
  const row = vault.database.prepare("SELECT object FROM capture WHERE id = ?").get(capture);
  const { inventory, record } = readObject(join(vaultPath, row.object));
  const content = join(beginAttempt(vault, capture, "derivation"), "content");
  mkdirSync(join(content, "derived"), { recursive: true });
  const path = "derived/derivation.json";
  const bare = { files: [], keyframes: [], contact_sheet: null, playable: null };
  writeFileSync(join(content, path), encodeCanonical({ ...template.derivation, ...bare, capture }));
  const file = { path, ...digestFile(join(content, path)) };
  const body = {
    ...{ capture, record_sha256: file.sha256 },
    ...{ completeness: record.completeness.verdict },
    files: [{ path, bytes: file.bytes, sha256: file.sha256 }],
  };
  const note = { created: world.now().toISOString(), message: "derived", user: vault.tool };
  commitNextVersion(vault, inventory, {
    capture,
    content,
    files: [file],
    replaced: "derived/",
    note,
    event: "derive",
    body,
  });
}
