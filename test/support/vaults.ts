import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeCanonical } from "../../src/audit/canonical-json.js";
import { type Preserved, preserve } from "../../src/capture/store-capture.js";
import { buildCaptureId } from "../../src/core/capture/capture-id.js";
import { nextVersion } from "../../src/core/capture/new-inventory.js";
import type { CaptureRecord, DerivationRecord, DerivedFile } from "../../src/core/capture/record.js";
import type { PageRecord } from "../../src/core/page/page-record.js";
import { firstKey, newKey } from "../../src/seal/make-key.js";
import { entryMemory } from "../../src/seal/remembering.js";
import { type AnnexFacts, writeAnnex } from "../../src/vault/annex.js";
import { type CommitStep, commitNextVersion } from "../../src/vault/commit.js";
import { digestFile } from "../../src/vault/digest-file.js";
import type { CaptureQuery } from "../../src/vault/index/captures.js";
import { indexCheck } from "../../src/vault/index/check.js";
import { readObject } from "../../src/vault/objects.js";
import { beginAttempt } from "../../src/vault/recovery.js";
import { closeVault, openVault, type Vault } from "../../src/vault/vault.js";
import { type WithCaveats, withVaultCaveats } from "../../src/verify/caveats.js";
import type { VerifyReport } from "../../src/verify/reports.js";
import { nothingBrought } from "../../src/verify/trust.js";
import { verifyVault } from "../../src/verify/vault.js";
import type { World } from "../../src/world.js";
import { copyMachine, goToMachineOf } from "./machines.js";
import * as samples from "./samples.js";

/** A temporary folder that is removed by `remove`. */
export function temporaryFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), "holdfast-test-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** What the clock of the tests of one file has come to: a world that is opened later is not earlier. */
let seconds = 0;

/** A world with a clock that moves a second at each look and random bytes that count up. */
export function testWorld(signal: AbortSignal = new AbortController().signal): World {
  let byte = 0;
  const now = () => {
    seconds += 1;
    return new Date(Date.UTC(2026, 10, 23, 18, 0, seconds));
  };
  const nextByte = () => {
    byte = (byte * 31 + 17) % 251;
    return byte;
  };
  return {
    now,
    monotonic: () => seconds * 1000,
    random: (length) => Uint8Array.from({ length }, nextByte),
    signal,
    env: process.env,
    tool: "holdfast/0.0.0-test",
    progress: () => undefined,
    tell: () => undefined,
  };
}

export function openTestVault(root: string, world: World = testWorld()): Promise<Vault> {
  goToMachineOf(root);
  const makeKey = (vaultId: string) => firstKey(root, vaultId, newKey, world);
  const memory = (vaultId: string) => entryMemory(world, vaultId);
  return openVault(root, { ...world, onWait: () => undefined, makeKey, memory });
}

/** Stages, hashes and commits a made-up capture whose two files hold the given text. */
export function captureText(
  vault: Vault,
  text: string,
  url = `https://video.example/${text.length}`,
): Preserved {
  const names = ["track-1.mp4", "track-2.m4a"];
  return captureFiles(vault, Object.fromEntries(names.map((name) => [name, `${name}: ${text}`])), url);
}

/** The same with tracks of these names and bytes. */
export function captureFiles(
  vault: Vault,
  tracks: Readonly<Record<string, string | Uint8Array>>,
  url: string,
): Preserved {
  const capture = buildCaptureId(vault.now(), vault.random(5));
  const staging = beginAttempt(vault, capture, url);
  const files = Object.entries(tracks).map(([name, bytes]) => {
    writeFileSync(join(staging, name), bytes, { mode: 0o444 });
    const as = {
      logicalPath: `original/${name}`,
      role: "media_track",
      receivedAs: name,
      asReceived: true,
    } as const;
    const path = join(staging, name);
    return { path, ...as, digest: digestFile(path), hashedAt: vault.now().toISOString() };
  });
  writeFileSync(join(staging, "raw"), "the site's raw answer");
  const { files: _files, v: _v, elements, ...facts } = samples.record;
  return preserve(
    vault,
    staging,
    { ...facts, parent: null, capture, requested_url: url, elements: () => elements },
    files,
    annexFacts(vault, capture, join(staging, "raw")),
  );
}

function annexFacts(vault: Vault, capture: CaptureRecord["capture"], raw: string): AnnexFacts {
  return {
    capture,
    salt: Buffer.from(vault.random(16)).toString("hex"),
    collector: "somebody",
    hostname: "somewhere",
    os: "Linux",
    time_zone: "UTC",
    received_from: null,
    proxy: null,
    cookies_sha256: null,
    places: {},
    connections: [],
    rawFiles: [{ path: raw, name: "info.json" }],
  };
}

/** Commits a made-up derivation of a capture as its next version. */
export function deriveText(
  vault: Vault,
  record: CaptureRecord,
  text: string,
  onStep: (step: CommitStep) => void = () => undefined,
): void {
  const object = readObject(objectFolder(vault.layout.root, vault, record.capture));
  const staging = beginAttempt(vault, record.capture, "derivation");
  const content = join(staging, "content");
  mkdirSync(join(content, "derived"), { recursive: true });
  writeFileSync(join(content, "derived/hashes.json"), text);
  const hashes: DerivedFile = {
    kind: "stream_hashes",
    path: "derived/hashes.json",
    ...digestFile(join(content, "derived/hashes.json")),
  };
  const derivation: DerivationRecord = {
    ...samples.derivation,
    capture: record.capture,
    files: [hashes],
    keyframes: [],
    contact_sheet: null,
    playable: null,
  };
  const path = "derived/derivation.json";
  writeFileSync(join(content, path), encodeCanonical(derivation));
  const files = [hashes, { path, ...digestFile(join(content, path)) }];
  const staged = {
    capture: record.capture,
    content,
    files,
    replaced: "derived/",
    note: { created: vault.now().toISOString(), message: "derived", user: vault.tool },
    event: "derive",
    body: {
      capture: record.capture,
      record_sha256: files[1]!.sha256,
      completeness: "whole",
      files: files.map(({ path: logical, bytes, sha256 }) => ({ path: logical, bytes, sha256 })),
    },
  } as const;
  commitNextVersion(vault, object.inventory, staged, onStep);
}

/** Commits a made-up page of a capture whose picture holds the given text. */
export function pageText(
  vault: Vault,
  record: CaptureRecord,
  text: string,
  onStep: (step: CommitStep) => void = () => undefined,
  facts: Pick<PageRecord, "status" | "wall"> = samples.page,
  warc: Uint8Array | null = null,
): PageRecord {
  const { capture } = record;
  const object = readObject(objectFolder(vault.layout.root, vault, capture));
  const staging = beginAttempt(vault, capture, "page");
  const version = nextVersion(object.inventory.head);
  const [content, folder] = [join(staging, "content"), `page/${version}`];
  mkdirSync(join(content, folder), { recursive: true });
  const write = (name: string, bytes: string | Uint8Array) => {
    writeFileSync(join(content, folder, name), bytes);
    return { path: `${folder}/${name}`, ...digestFile(join(content, folder, name)) };
  };
  const view = { kind: "page_view", as_received: true, ...write("view.png", text) } as const;
  const kept =
    warc === null ? [] : [{ kind: "page_warc", as_received: true, ...write("page.warc.gz", warc) } as const];
  const page = {
    ...samples.page,
    status: facts.status,
    wall: facts.wall,
    capture,
    version,
    tiles: [],
    redactions: [],
    files: [view, ...kept],
  };
  const files = [view, ...kept, write("page.json", encodeCanonical(page))];
  writeFileSync(join(staging, "raw"), `the page with the visitor's address: ${text}`);
  const annex_sha256 = writeAnnex(join(staging, "annex"), annexFacts(vault, capture, join(staging, "raw")));
  const staged = {
    capture,
    content,
    annex: join(staging, "annex"),
    files,
    replaced: null,
    note: { created: vault.now().toISOString(), message: "page", user: vault.tool },
    event: "page",
    body: {
      ...{ capture, url: page.requested_url, status: page.status, wall: page.wall, annex_sha256 },
      record_sha256: files.at(-1)!.sha256,
      files: files.map(({ path, bytes, sha256 }) => ({ path, bytes, sha256 })),
    },
  } as const;
  commitNextVersion(vault, object.inventory, staged, onStep);
  return page;
}

export function objectFolder(root: string, vault: Pick<Vault, "database">, capture: string): string {
  const row = vault.database
    .prepare<[string], { object: string }>("SELECT object FROM capture WHERE id = ?")
    .get(capture);
  return join(root, row!.object);
}

/** A vault with two captures, one derived twice and one not, closed; every kind of file a vault can hold is in it. */
export async function makeVault(root: string): Promise<readonly Preserved[]> {
  const vault = await openTestVault(root);
  try {
    const first = captureText(vault, "first");
    deriveText(vault, first.record, "one");
    deriveText(vault, first.record, "two");
    const second = captureText(vault, "second, longer");
    return [first, second];
  } finally {
    closeVault(vault);
  }
}

/** What `list` is asked where nothing is to be left out. */
export const everything: CaptureQuery = {
  since: null,
  until: null,
  uploader: null,
  host: null,
  status: null,
  text: null,
  sort: "at",
  descending: false,
  limit: null,
};

/** A full audit of the stored bytes. */
export async function audit(root: string): Promise<WithCaveats<VerifyReport>> {
  const request = { vault: root, ids: [], quick: false, index: indexCheck };
  return withVaultCaveats(await verifyVault(request, testWorld()), nothingBrought);
}

export async function errorCodes(root: string): Promise<readonly string[]> {
  const report = await audit(root);
  return report.findings.filter(({ severity }) => severity === "error").map(({ code }) => code);
}

/** What the program found in a vault that it wrote by the clock of this machine, which may be put back while tests run. */
export async function foundByClock(root: string): Promise<readonly string[]> {
  return (await audit(root)).findings.map(({ code }) => code).filter((code) => code !== "clock-back");
}

/** A copy of a vault to damage, on a machine of its own that remembers the same; this process goes there. */
export function copyVault(from: string, to: string): string {
  copyMachine(from, to);
  goToMachineOf(to);
  cpSync(from, to, { recursive: true, preserveTimestamps: true });
  return to;
}
