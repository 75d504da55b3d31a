import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Decrypter, generateX25519Identity, identityToRecipient } from "age-encryption";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { logAnnotation } from "../../src/capture/annotate.js";
import { preserve } from "../../src/capture/store-capture.js";
import { fromCommandLine } from "../../src/core/capture/annotation.js";
import { buildCaptureId } from "../../src/core/capture/capture-id.js";
import type { CaptureRecord } from "../../src/core/capture/record.js";
import { type ExportRequest, exportPackage } from "../../src/handover/export.js";
import type { ToldByFiles } from "../../src/handover/told-by-files.js";
import { closeAfterWriting } from "../../src/seal/checkpoint.js";
import { digestFile } from "../../src/vault/digest-file.js";
import { beginAttempt } from "../../src/vault/recovery.js";
import type { Vault } from "../../src/vault/vault.js";
import { verifyPackage } from "../../src/verify/package.js";
import * as samples from "../support/samples.js";
import { copyVault, openTestVault, temporaryFolder, testWorld } from "../support/vaults.js";

/** What only the annex may say of the chosen capture. */
const ofAnnex = {
  collector: "canary-collector-Aigerim",
  hostname: "canary-hostname-7",
  os: "canary-system-9",
  time_zone: "Canary/Zone",
  received_from: "canary-source-person",
  proxy: "socks5://user:canary-proxy-password@198.51.100.77:1080",
  place: "/home/canary-user/evidence",
  address: "203.0.113.199",
  cookie: "session=canary-cookie-value",
} as const;

/** What people noted about the chosen capture, which names a source. */
const ofNotes = {
  source: "canary-noted-source",
  "canary-noted-column": "canary-noted-text",
  superseded: "canary-noted-before",
} as const;

/** What no package may say at all. */
const ofOthers = {
  note: "canary-noted-of-another",
  url: "https://canary-other-source.example/watch",
  title: "canary title of another capture",
  collector: "canary-collector-of-another",
  settings: "canary-settings-proxy-password",
} as const;

const scratch = temporaryFolder();
const root = join(scratch.path, "canary-vault-folder");
const seal = { proxy: null, allowPrivate: false, force: false };
let chosen = "";
let other = "";
/** A capture that nobody noted anything about. */
let untouched = "";
/** A capture whose record states the digests of before, and what they were. */
let older = "";
const ofOlder = { yt: "5e".repeat(32), raw: "6f".repeat(32) } as const;
const hasPython =
  spawnSync("python3", ["-c", "import sqlite3, sys; sys.exit(sys.version_info < (3, 9))"]).status === 0;

beforeAll(async () => {
  let vault = await openTestVault(root);
  await closeAfterWriting(vault, testWorld(), seal);
  const path = join(root, "holdfast.json");
  const settings = JSON.parse(readFileSync(path, "utf8"));
  settings.settings.proxy = `http://user:${ofOthers.settings}@127.0.0.1:9`;
  writeFileSync(path, JSON.stringify(settings, null, 2));
  vault = await openTestVault(root);
  chosen = capture(vault, { url: "https://video.example/chosen", title: "chosen", annex: ofAnnex });
  const theirs = { ...ofAnnex, collector: ofOthers.collector };
  other = capture(vault, { url: ofOthers.url, title: ofOthers.title, annex: theirs });
  untouched = capture(vault, { url: "https://video.example/untouched", title: "untouched", annex: theirs });
  older = capture(
    vault,
    { url: "https://video.example/older", title: "older", annex: theirs },
    {
      software: [{ name: "yt-dlp", version: "2026.08.19", sha256: ofOlder.yt }],
      redactions: [{ path: "source/info.json", raw_sha256: ofOlder.raw, cut: [] }],
    },
  );
  logAnnotation(vault, chosen, ofNotes, fromCommandLine);
  logAnnotation(vault, chosen, { superseded: "in force" }, fromCommandLine);
  logAnnotation(vault, other, { note: ofOthers.note }, fromCommandLine);
  await closeAfterWriting(vault, testWorld(), seal);
});
afterAll(() => scratch.remove());

interface Planted {
  readonly url: string;
  readonly title: string;
  readonly annex: Record<keyof typeof ofAnnex, string>;
}

function capture(
  vault: Vault,
  { url, title, annex }: Planted,
  stated: Partial<Pick<CaptureRecord, "software" | "redactions">> = {},
): string {
  const id = buildCaptureId(vault.now(), vault.random(5));
  const staging = beginAttempt(vault, id, url);
  const path = join(staging, "track-1.mp4");
  writeFileSync(path, `the clip at ${url}`, { mode: 0o444 });
  const raw = join(staging, "raw");
  writeFileSync(raw, `{"cookies":"${annex.cookie}","ip":"${annex.address}"}`);
  const { files: _, v: _v, elements, source, ...facts } = samples.record;
  const claim = { value: title, basis: "platform_claim", from: "info.json:title" } as const;
  const record = {
    ...facts,
    parent: null,
    capture: id,
    requested_url: url,
    final_url: url,
    redirects: [url],
    ...stated,
  };
  preserve(
    vault,
    staging,
    { ...record, source: { ...source, title: claim }, elements: () => elements },
    [
      {
        path,
        logicalPath: "original/track-1.mp4",
        role: "media_track",
        receivedAs: "track-1.mp4",
        asReceived: true,
        digest: digestFile(path),
        hashedAt: vault.now().toISOString(),
      },
    ],
    {
      capture: id,
      salt: Buffer.from(vault.random(16)).toString("hex"),
      collector: annex.collector,
      hostname: annex.hostname,
      os: annex.os,
      time_zone: annex.time_zone,
      received_from: annex.received_from,
      proxy: annex.proxy,
      cookies_sha256: "ca".repeat(32),
      places: { "<staging>": annex.place },
      connections: [
        {
          at: samples.record.started_at,
          host: "h",
          port: 443,
          address: annex.address,
          bytes_in: 1,
          bytes_out: 1,
          refused: null,
        },
      ],
      rawFiles: [{ path: raw, name: "info.json" }],
    },
  );
  return id;
}

let count = 0;

async function exported(
  name: string,
  asked: Partial<ExportRequest> = {},
  onTold: (told: ToldByFiles) => void = () => undefined,
): Promise<string> {
  count += 1;
  const place = join(scratch.path, `canary-place-${count}`);
  mkdirSync(place);
  const vault = copyVault(root, join(scratch.path, `canary-vault-${count}`));
  const to = join(place, name);
  const request = {
    vault,
    ids: [chosen],
    to,
    withAnnex: false,
    withAnnotations: false,
    recipients: [],
    wacz: null,
    seal,
    ...asked,
  };
  await exportPackage(request, testWorld(), onTold);
  return to;
}

/** The secrets that occur in any file of a folder, in its bytes or in its name, or in one file. */
function found(secrets: readonly string[], path: string): string[] {
  const whole = execFileSync("tar", ["-cf", "-", "-C", path, "."], { maxBuffer: 1 << 28 });
  return secrets.filter((secret) => whole.includes(secret));
}

const annexSecrets = [...Object.values(ofAnnex), "ca".repeat(32), "canary-proxy-password", "198.51.100.77"];
const noteSecrets = [...Object.values(ofNotes), "canary-noted-column"];
/** With what this machine calls the folders that were read and written. */
const neverSecrets = (): string[] => [
  ...Object.values(ofOthers),
  other,
  scratch.path,
  "canary-vault",
  "canary-place",
];

describe("what a package does not say", () => {
  it("of the annex and the other captures there is no byte in it, by default", async () => {
    const folder = await exported("package");
    expect(found([...annexSecrets, ...noteSecrets, ...neverSecrets()], folder)).toEqual([]);
    // That the search finds what is there:
    expect(found(["https://video.example/chosen", chosen], folder)).toHaveLength(2);
  });

  it("of digests that an older record states and that tell, whoever exports is told first, and nothing but the record repeats them", async () => {
    const told: unknown[] = [];
    const folder = await exported("package", { ids: [chosen, older] }, ({ telling_digests }) =>
      told.push(telling_digests),
    );
    const digests = [
      { file: "record.json", of: "yt-dlp" },
      { file: "record.json", of: "source/info.json" },
    ];
    expect(told).toEqual([[{ capture: older, digests }]]);
    const holding = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((path) => Object.values(ofOlder).some((digest) => readFileSync(path).includes(digest)))
      .map((path) => path.slice(folder.length + 1));
    expect(holding).toEqual([`data/${older}/record.json`]);
    // Of the new record the digest of yt-dlp goes into the metadata as well.
    const crate = readFileSync(join(folder, "data/ro-crate-metadata.json"), "utf8");
    expect(crate).toContain(`sha256:${samples.software.sha256}`);
  });

  it("nor in the tar file, its headers included", async () => {
    const tar = readFileSync(await exported("canary-name.tar"));
    const said = [...annexSecrets, ...noteSecrets, ...neverSecrets(), "canary-name"].filter((secret) =>
      tar.includes(secret),
    );
    expect(said).toEqual([]);
    expect(tar.includes(chosen)).toBe(true);
  });

  it("with the annex asked for, it says all that the annex says, and still nothing of the others", async () => {
    const folder = await exported("package", { withAnnex: true });
    expect(found(annexSecrets, folder)).toEqual(annexSecrets);
    expect(found([...noteSecrets, ...neverSecrets()], folder)).toEqual([]);
    expect(readdirSync(join(folder, "data", chosen, "annex")).sort()).toEqual(["annex.json", "info.json"]);
    const report = await verifyPackage(
      { path: folder, against: null, signers: null, tsaCa: null, quick: false },
      testWorld(),
    );
    expect(report.findings.filter(({ severity }) => severity === "error")).toEqual([]);
    expect(report).toMatchObject({ package: { profile: "with-annex" }, checked: { annexes: 1 } });
  });

  it("with annotations asked for, it says what people noted, also before, and proves that it was noted", async () => {
    const folder = await exported("package", { withAnnotations: true });
    expect(found(noteSecrets, folder)).toEqual(noteSecrets);
    expect(found([...annexSecrets, ...neverSecrets()], folder)).toEqual([]);
    const page = readFileSync(join(folder, "data/index.html"), "utf8");
    expect(page).toContain("What people noted about it");
    expect(page).toContain(ofNotes.source);
    expect(page).not.toContain(ofNotes.superseded);
    const request = { path: folder, against: null, signers: null, tsaCa: null, quick: false };
    const report = await verifyPackage(request, testWorld());
    expect(report).toMatchObject({ ok: true, chain: "pass", signature: "unchecked" });
    expect(report.findings.filter(({ severity }) => severity === "error")).toEqual([]);
  });

  it("a package without annotations says the same whether there are any or not", async () => {
    const told = (folder: string) => [
      readFileSync(join(folder, "data/index.html"), "utf8").match(/noted/gi)?.length,
      readFileSync(join(folder, "data/ro-crate-metadata.json"), "utf8").match(/noted/gi),
    ];
    const [noted, bare] = [await exported("package"), await exported("package", { ids: [untouched] })];
    expect(told(noted)).toEqual(told(bare));
  });

  it.skipIf(!hasPython)("and two other programs find a package with annotations as recorded", async () => {
    const folder = await exported("package", { withAnnotations: true });
    const script = join(import.meta.dirname, "../second-opinion/verify.py");
    const python = spawnSync("python3", ["-B", script, folder], { encoding: "utf8" });
    const report = JSON.parse(python.stdout);
    expect(report).toMatchObject({ hashes: "pass", chain: "pass", signature: "unchecked" });
    const shell = spawnSync("sh", [join(folder, "verify.sh")], { encoding: "utf8" });
    expect(shell.stdout).not.toMatch(/^FAIL/m);
    expect(shell.stdout).toMatch(/^PASS +entries/m);
  });

  it("encrypted, it says not even which capture it holds, and opens with the key to a package that is as recorded", async () => {
    const identity = await generateX25519Identity();
    const recipients = [await identityToRecipient(identity)];
    const file = await exported("package.tar.age", { recipients, withAnnex: true });
    const bytes = readFileSync(file);
    expect([chosen, ...annexSecrets, ...neverSecrets()].filter((secret) => bytes.includes(secret))).toEqual(
      [],
    );
    const decrypter = new Decrypter();
    decrypter.addIdentity(identity);
    const tar = join(scratch.path, "opened.tar");
    writeFileSync(tar, await decrypter.decrypt(bytes));
    const request = { path: tar, against: null, signers: null, tsaCa: null, quick: false };
    const report = await verifyPackage(request, testWorld());
    expect([report.ok, report.hashes, report.chain, report.signature]).toEqual([
      true,
      "pass",
      "pass",
      "unchecked",
    ]);
  });
});
