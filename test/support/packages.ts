import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { hex } from "../../src/audit/bytes.js";
import { encodeCanonical } from "../../src/audit/canonical-json.js";
import { checkpointNamespace, encodeCheckpoint } from "../../src/audit/checkpoint.js";
import { sha256, sha512 } from "../../src/audit/digest.js";
import { genesisPrev, lineHash } from "../../src/audit/entry.js";
import { inclusionProof, leafHash, merkleRoot } from "../../src/core/package/merkle-proofs.js";
import { type Ed25519Secret, secretOfSeed, signMessage } from "../../src/seal/private-key.js";
import { fixedText } from "../../src/verify/known-texts.js";
import * as samples from "./samples.js";
import { withoutUnusual } from "./unusual-stamps.js";

/*
 * A second writer of packages, from schemas/FORMAT.md §13 to §17 alone: everything is a map of paths to bytes that a test
 * changes as it likes before it is written as a folder or tar file.
 */

/** Path inside the package → bytes. */
export type PackageFiles = Map<string, Buffer>;

/** A log as lines without their line feed, made with one key after the other. */
export interface MadeLog {
  readonly vaultId: string;
  readonly secret: Ed25519Secret;
  readonly lines: readonly string[];
}

export const captureA = "20261123-4T9KX2MB";
export const captureB = "20261123-BBBBBBBB";
export const captureC = "20261123-CCCCCCCC";

const vaultId = "0f6c3d3b5a1e4c9d8b7a69584736251f";

export function secretOf(seed: number): Ed25519Secret {
  return secretOfSeed(Buffer.alloc(32, seed));
}

/** The files of a capture by logical path: v1, and the newest derivation where there is one. */
export interface MadeCapture {
  readonly first: ReadonlyMap<string, Buffer>;
  readonly derived: ReadonlyMap<string, Buffer>;
  readonly annex: ReadonlyMap<string, Buffer>;
}

export interface MadePackage {
  readonly log: MadeLog;
  readonly files: PackageFiles;
  readonly captures: ReadonlyMap<string, MadeCapture>;
}

/** Bytes of a token over these signed bytes, by the name of its authority. */
export type Stamp = (authority: string, signed: Buffer) => Buffer;

interface MakeOptions {
  readonly secret?: Ed25519Secret;
  readonly vaultId?: string;
  readonly stamp?: Stamp;
  readonly withAnnex?: boolean;
  /** A log of version 1.1, whose entry 8 lists the entries of A and C. The newest checkpoint is then 8. */
  readonly listed?: boolean;
  /** Content of capture A's video. */
  readonly video?: Buffer;
  /** On which the log was written. */
  readonly day?: string;
}

/**
 * A log of 7 entries: the vault, captures A, B, C of which A is derived twice, and the token over checkpoint 4. The
 * package holds A and C with the checkpoints 4 and 7.
 */
export function makePackage(options: MakeOptions = {}): MadePackage {
  const secret = options.secret ?? secretOf(7);
  const vault = options.vaultId ?? vaultId;
  const lines: string[] = [];
  const add = (event: string, body: object) => {
    const prev = lines.length === 0 ? genesisPrev : lineHash(lines.at(-1) ?? "");
    const seq = lines.length + 1;
    const at = `${options.day ?? "2026-11-23"}T18:22:${String(seq).padStart(2, "0")}.000Z`;
    lines.push(encodeCanonical({ v: 1, seq, prev, at, event, actor: "operator-7f3a", tool: "t/1", body }));
  };
  const video = options.video ?? Buffer.from("the video of A\n".repeat(4000));
  const captures = new Map([
    [captureA, makeCapture(captureA, video, "two")],
    [captureC, makeCapture(captureC, Buffer.from("the video of C\n"), null)],
  ]);
  const captureOfB = makeCapture(captureB, Buffer.from("the video of B\n"), null);
  add("vault-created", {
    vault_id: vault,
    public_key: secret.publicKey.line,
    settings_sha256: sha256("settings"),
    readme_sha256: sha256("readme"),
    schema: options.listed === true ? "1.1" : "1",
  });
  add("capture", captureBody(captureA, captures.get(captureA)));
  add("capture", captureBody(captureB, captureOfB));
  add("derive", deriveBody(captureA, "v2", derivedFiles(captureA, "v2", "one")));
  const stamp = options.stamp;
  const four = sealed(vault, secret, lines, 4);
  const token = stamp?.("first", Buffer.concat([four.body, four.signature]));
  if (token) add("token", tokenBody(4, "first", token));
  else add("fixity-check", { scope: "vault", ok: true, findings: 0, checked: { entries: 4 } });
  add("capture", captureBody(captureC, captures.get(captureC)));
  add("derive", deriveBody(captureA, "v3", captures.get(captureA)?.derived ?? new Map()));
  if (options.listed === true) add("export-begun", listBody([2, 4, 7], [6]));
  const log = { vaultId: vault, secret, lines };
  const files: PackageFiles = new Map();
  for (const [id, capture] of captures) {
    const parts = [capture.first, capture.derived];
    for (const part of parts) for (const [path, bytes] of part) files.set(`data/${id}/${path}`, bytes);
    if (options.withAnnex === true) {
      for (const [path, bytes] of capture.annex) files.set(`data/${id}/annex/${path}`, bytes);
    }
  }
  files.set("data/index.html", Buffer.from("<!doctype html><title>package</title>\n"));
  files.set("data/ro-crate-metadata.json", Buffer.from('{"@graph":[]}\n'));
  files.set("VERIFY.md", fixedText("VERIFY.md"));
  files.set("verify.sh", fixedText("verify.sh"));
  files.set("proof/allowed_signers", Buffer.from(allowedSignersOf(log)));
  const newest = lines.length;
  const entries = [1, 2, 4, ...(token ? [5] : []), 6, 7, ...(newest > 7 ? [newest] : [])];
  putEntries(files, log, entries);
  for (const size of [4, newest]) {
    putCheckpoint(
      files,
      log,
      size,
      entries.filter((seq) => seq <= size),
    );
    const signed = files.get(`proof/00000${size}/signed`) ?? Buffer.alloc(0);
    const stamped = size === 4 ? token : stamp?.("first", signed);
    if (stamped) files.set(`proof/00000${size}/first.tsr`, stamped);
  }
  files.set("bagit.txt", Buffer.from("BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"));
  putBagInfo(files, {
    origin: `holdfast/${vault}`,
    captures: [...captures.keys()],
    withAnnex: options.withAnnex === true,
  });
  rebag(files);
  return { log, files, captures };
}

export function allowedSignersOf({ vaultId: id, secret }: Pick<MadeLog, "vaultId" | "secret">): string {
  return `holdfast/${id} namespaces="${checkpointNamespace}" ${secret.publicKey.line}\n`;
}

/** `proof/entries.jsonl` with these entries of the log. */
export function putEntries(files: PackageFiles, { lines }: MadeLog, seqs: readonly number[]): void {
  files.set("proof/entries.jsonl", Buffer.from(seqs.map((seq) => `${lines[seq - 1]}\n`).join("")));
}

/** A checkpoint with its signature and the proofs of these entries. */
export function putCheckpoint(
  files: PackageFiles,
  { vaultId: id, secret, lines }: MadeLog,
  size: number,
  seqs: readonly number[],
): void {
  const folder = `proof/${String(size).padStart(6, "0")}`;
  const { body, signature } = sealed(id, secret, lines, size);
  files.set(`${folder}/checkpoint`, body);
  files.set(`${folder}/checkpoint.sig`, signature);
  files.set(`${folder}/signed`, Buffer.concat([body, signature]));
  const leaves = lines.slice(0, size).map(leafHash);
  for (const seq of seqs) {
    const hashes = inclusionProof(leaves, seq - 1).map((hash) => `${hex(hash)}\n`);
    files.set(
      `${folder}/${seq}.proof`,
      Buffer.from(`holdfast-inclusion 1\n${seq}\n${size}\n${hashes.join("")}`),
    );
  }
}

export function sealed(
  id: string,
  secret: Ed25519Secret,
  lines: readonly string[],
  size: number,
): { readonly body: Buffer; readonly signature: Buffer } {
  const root = merkleRoot(lines.slice(0, size).map(leafHash));
  const body = Buffer.from(encodeCheckpoint({ origin: `holdfast/${id}`, size, root }));
  return { body, signature: Buffer.from(signMessage(body, checkpointNamespace, secret)) };
}

function putBagInfo(
  files: PackageFiles,
  facts: { readonly origin: string; readonly captures: readonly string[]; readonly withAnnex: boolean },
): void {
  const lines = [
    "Bagging-Date: 2026-11-23",
    "Payload-Oxum: 0.0",
    ...facts.captures.map((id) => `External-Identifier: ${id}`),
    "Holdfast-Package: 1",
    `Holdfast-Origin: ${facts.origin}`,
    `Holdfast-Profile: ${facts.withAnnex ? "with-annex" : "redacted"}`,
  ];
  files.set("bag-info.txt", Buffer.from(lines.map((line) => `${line}\n`).join("")));
}

/** Replaces text in a text of the package. */
export function edit(
  files: PackageFiles,
  path: string,
  from: string | RegExp,
  to: string | ((...found: string[]) => string),
): void {
  const before = files.get(path)?.toString("latin1") ?? "";
  const after = typeof to === "string" ? before.replace(from, to) : before.replace(from, to);
  if (after === before) throw new Error(`there is nothing to change in ${path}`);
  files.set(path, Buffer.from(after, "latin1"));
}

/** Makes Payload-Oxum and all manifests anew, as somebody would who changed something and hopes to hide it. */
export function rebag(files: PackageFiles): void {
  const manifests = [
    "manifest-sha256.txt",
    "manifest-sha512.txt",
    "tagmanifest-sha256.txt",
    "tagmanifest-sha512.txt",
  ];
  for (const name of manifests) files.delete(name);
  const payload = [...files].filter(([path]) => path.startsWith("data/"));
  const bytes = payload.reduce((sum, [, content]) => sum + content.length, 0);
  const info = files.get("bag-info.txt")?.toString("latin1") ?? "";
  const oxum = `Payload-Oxum: ${bytes}.${payload.length}`;
  files.set("bag-info.txt", Buffer.from(info.replace(/Payload-Oxum: .*/, oxum), "latin1"));
  const list = (isListed: (path: string) => boolean, digest: (content: Buffer) => string) =>
    Buffer.from(
      [...files.keys()]
        .filter(isListed)
        .sort()
        .map((path) => `${digest(files.get(path) ?? Buffer.alloc(0))}  ${path}\n`)
        .join(""),
    );
  const isPayload = (path: string) => path.startsWith("data/");
  files.set("manifest-sha256.txt", list(isPayload, sha256));
  files.set("manifest-sha512.txt", list(isPayload, sha512));
  const isTag = (path: string) => !isPayload(path) && !path.startsWith("tagmanifest-");
  const tags = { sha256: list(isTag, sha256), sha512: list(isTag, sha512) };
  files.set("tagmanifest-sha256.txt", tags.sha256);
  files.set("tagmanifest-sha512.txt", tags.sha512);
}

export function writeFolder(files: PackageFiles, folder: string): string {
  for (const [path, content] of files) {
    const target = join(folder, path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, content);
  }
  return folder;
}

/** One member of a tar file, as POSIX.1-2001 has it; nothing is checked. */
export interface TarMember {
  readonly name: string;
  readonly content?: Buffer;
  readonly type?: string;
  readonly link?: string;
  /** Instead of the content's. */
  readonly size?: string | Buffer;
}

export function tarMember({
  name,
  content = Buffer.alloc(0),
  type = "0",
  link = "",
  size,
}: TarMember): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0, 100, "latin1");
  header.write("0000644\u00000000000\u00000000000\u0000", 100, "latin1");
  const stated = size ?? `${content.length.toString(8).padStart(11, "0")}\u0000`;
  if (typeof stated === "string") header.write(stated, 124, 12, "latin1");
  else stated.copy(header, 124);
  header.write("00000000000\u0000        ", 136, "latin1");
  header.write(type, 156, 1, "latin1");
  header.write(link, 157, 100, "latin1");
  header.write("ustar\u000000", 257, "latin1");
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\u0000 `, 148, "latin1");
  const padding = Buffer.alloc((512 - (content.length % 512)) % 512);
  return Buffer.concat([header, content, padding]);
}

/** The members of a package under one folder. */
export function tarMembers(files: PackageFiles, top = "package"): TarMember[] {
  return [...files].map(([path, content]) => ({ name: `${top}/${path}`, content }));
}

export function tarOf(members: readonly TarMember[], end: Buffer = Buffer.alloc(1024)): Buffer {
  return Buffer.concat([...members.map(tarMember), end]);
}

function makeCapture(id: string, video: Buffer, derived: string | null): MadeCapture {
  const info = Buffer.from('{"title":"somewhere"}');
  const named = (path: string, role: "media_track" | "info_json", bytes: Buffer) => ({
    ...samples.record.files[0],
    role,
    path,
    bytes: bytes.length,
    sha256: sha256(bytes),
    sha512: sha512(bytes),
  });
  const record = {
    ...samples.record,
    capture: id,
    files: [
      named("original/track-1.mp4", "media_track", video),
      named("source/info.json", "info_json", info),
    ],
  };
  const raw = Buffer.from("the site's raw answer");
  const annex = {
    v: 1,
    capture: id,
    salt: "00".repeat(16),
    files: [{ path: "info.json", bytes: raw.length, sha256: sha256(raw) }],
  };
  return {
    first: new Map([
      ["record.json", Buffer.from(encodeCanonical(record))],
      ["original/track-1.mp4", video],
      ["source/info.json", info],
    ]),
    derived: derived === null ? new Map() : derivedFiles(id, "v3", derived),
    annex: new Map([
      ["annex.json", Buffer.from(encodeCanonical(annex))],
      ["info.json", raw],
    ]),
  };
}

function derivedFiles(id: string, version: string, text: string): Map<string, Buffer> {
  return new Map([
    [
      "derived/derivation.json",
      Buffer.from(encodeCanonical({ ...samples.derivation, capture: id, version })),
    ],
    ["derived/ffprobe.json", Buffer.from(text)],
  ]);
}

/** What an `export-begun` entry says of A and C. */
export function listBody(ofA: readonly number[], ofC: readonly number[], annotations = false): object {
  const listed = [
    { capture: captureA, entries: ofA },
    { capture: captureC, entries: ofC },
  ];
  return { annotations, captures: listed };
}

function filesOf(files: ReadonlyMap<string, Buffer>) {
  return [...files].map(([path, bytes]) => ({ path, bytes: bytes.length, sha256: sha256(bytes) }));
}

function objectOf(id: string): string {
  return `objects/${sha256(id).slice(0, 2)}/${id}`;
}

function captureBody(id: string, capture: MadeCapture | undefined): object {
  const { first, annex } = capture ?? { first: new Map<string, Buffer>(), annex: new Map<string, Buffer>() };
  return {
    capture: id,
    object: objectOf(id),
    method: "ytdlp",
    status: "captured",
    url: `https://video.example/${id}`,
    version: "v1",
    record_sha256: sha256(first.get("record.json") ?? ""),
    inventory_sha512: sha512("inventory"),
    annex_sha256: sha256(annex.get("annex.json") ?? ""),
    files: filesOf(first),
  };
}

function deriveBody(id: string, version: string, files: ReadonlyMap<string, Buffer>): object {
  return {
    capture: id,
    object: objectOf(id),
    version,
    inventory_sha512: sha512(version),
    record_sha256: sha256(files.get("derived/derivation.json") ?? ""),
    completeness: "whole",
    files: filesOf(files),
  };
}

/** What the entry of a token says; its time, policy and serial number as openssl reads them. */
function tokenBody(checkpoint: number, authority: string, token: Buffer): object {
  const { time, policy, serial } = readToken(token);
  return {
    checkpoint,
    kind: "rfc3161",
    authority,
    url: "https://tsa.example/",
    path: `log/00000${checkpoint}.${authority}.tsr`,
    bytes: token.length,
    sha256: sha256(token),
    status: "granted",
    gen_time: time,
    accuracy_ms: 1000,
    policy,
    serial,
    signer_sha256: null,
    clock_difference_ms: 0,
    height: null,
  };
}

function readToken(token: Buffer): {
  readonly time: string;
  readonly policy: string;
  readonly serial: string;
} {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-token-"));
  try {
    writeFileSync(join(folder, "t.tsr"), withoutUnusual(token));
    const text = execFileSync("openssl", ["ts", "-reply", "-in", join(folder, "t.tsr"), "-text"], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    const field = (name: string) => new RegExp(`^${name}: (.*)$`, "m").exec(text)?.[1] ?? "";
    return {
      time: new Date(field("Time stamp")).toISOString(),
      policy: field("Policy OID"),
      serial: BigInt(field("Serial number")).toString(),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A throw-away authority made with `openssl ts`: stamps, and the root that it leads to. */
export interface PlayAuthority {
  readonly root: string;
  readonly stamp: Stamp;
  remove(): void;
}

const authorityConfig = `[req]
distinguished_name=dn
[dn]
[ca]
basicConstraints=critical,CA:TRUE
keyUsage=critical,keyCertSign,cRLSign
[tsaext]
basicConstraints=CA:FALSE
keyUsage=critical,digitalSignature
extendedKeyUsage=critical,timeStamping
[tsa]
default_tsa=t
[t]
serial=./serial
crypto_device=builtin
signer_digest=sha256
default_policy=1.3.6.1.4.1.55555.1
digests=sha256
accuracy=secs:1
ordering=yes
tsa_name=yes
ess_cert_id_chain=no
ess_cert_id_alg=sha256
`;

export function makeAuthority(name: string): PlayAuthority {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-authority-"));
  const openssl = (...args: string[]) =>
    execFileSync("openssl", args, { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
  writeFileSync(join(folder, "tsa.cnf"), authorityConfig);
  writeFileSync(join(folder, "serial"), "01\n");
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  openssl(
    ..."req -x509 -keyout ca.key -out ca.pem -days 3650 -config tsa.cnf -extensions ca".split(" "),
    ...key,
    "-subj",
    `/CN=${name} Root`,
  );
  openssl(
    ..."req -keyout tsa.key -out tsa.csr -config tsa.cnf".split(" "),
    ...key,
    "-subj",
    `/CN=${name} TSA`,
  );
  openssl(
    ..."x509 -req -in tsa.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out tsa.pem -days 30 -extfile tsa.cnf -extensions tsaext".split(
      " ",
    ),
  );
  const stamp: Stamp = (_, signed) => {
    writeFileSync(join(folder, "signed"), signed);
    openssl(..."ts -query -data signed -sha256 -cert -out q.tsq".split(" "));
    openssl(
      ..."ts -reply -config tsa.cnf -section t -queryfile q.tsq -signer tsa.pem -inkey tsa.key -out r.tsr".split(
        " ",
      ),
    );
    return readFileSync(join(folder, "r.tsr"));
  };
  return {
    root: readFileSync(join(folder, "ca.pem"), "utf8"),
    stamp,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Everything below a folder as one text, to see that nothing was written or changed. */
export function digestOfTree(files: Iterable<readonly [string, Buffer]>): string {
  const hash = createHash("sha256");
  for (const [path, bytes] of files) hash.update(`${path}\n${sha256(bytes)}\n`);
  return hash.digest("hex");
}
