import { randomBytes } from "node:crypto";
import { constants, lstatSync, readdirSync, rmSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { Encrypter, type Recipient, Stanza } from "age-encryption";
import { pack as newPack, type Pack } from "tar-stream";
import { FormatError } from "../../audit/finding.js";
import { packagePathProblem } from "../../audit/package-paths.js";
import { parsePublicKey } from "../../audit/ssh-key.js";
import { type AgeSshKey, ageSshKey, wrapForSshKey } from "../../core/package/age-ssh.js";
import { HoldfastError } from "../../core/words/error.js";
import { syncHandle } from "../disk-niceties.js";

/** Somebody for whom a package is encrypted. */
export type PackageRecipient =
  | { readonly kind: "age"; readonly publicKey: string }
  | { readonly kind: "ssh"; readonly key: AgeSshKey };

export interface PackageArchiveRequest {
  /** A finished package (FORMAT.md §17); only its files are read, and nothing may change in it meanwhile. */
  readonly folder: string;
  /** Name of the folder that unpacking makes, as far as §17 allows its characters. */
  readonly name: string;
  /** A new file. */
  readonly to: string;
  /** RFC 3339; every file in the tar gets this time in whole seconds. */
  readonly madeAt: string;
  /** If it is empty, the tar is not encrypted. */
  readonly recipients: readonly PackageRecipient[];
  readonly signal: AbortSignal;
}

/**
 * Packs a package into a POSIX tar file that depends only on the files, `name` and `madeAt`, or, for recipients, into
 * an age file around that tar. Any size; only a few blocks are in memory. Once it returns, the file is on disk:
 * open(O_CREAT|O_EXCL, 0600) → write → fsync → close. Throws HoldfastError `usage` for a recipient that cannot be
 * encrypted to, the signal's reason, and what the disk throws. No file is left then, and one that existed before stays
 * as it is.
 */
export async function writePackageTar(request: PackageArchiveRequest): Promise<{ readonly bytes: number }> {
  const { to, recipients, signal } = request;
  signal.throwIfAborted();
  const file = await open(to, "wx", 0o600);
  const pack = newPack();
  const packing = packFiles(pack, request);
  packing.catch((error: unknown) => pack.destroy(error instanceof Error ? error : new Error(String(error))));
  // Whoever reads the tar gets its errors; without a listener here they would end the process.
  pack.on("error", () => undefined);
  try {
    const bytes = await writeAll(
      file,
      recipients.length === 0 ? pack : await encryptFor(pack, recipients),
      signal,
    );
    await packing;
    await syncHandle(file);
    await file.close();
    return { bytes };
  } catch (error) {
    pack.destroy();
    await Promise.allSettled([packing, file.close()]);
    rmSync(to, { force: true });
    signal.throwIfAborted();
    throw error;
  }
}

async function writeAll(
  file: FileHandle,
  content: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<number> {
  let bytes = 0;
  for await (const block of content) {
    signal.throwIfAborted();
    for (let at = 0; at < block.length; ) at += (await file.write(block, at)).bytesWritten;
    bytes += block.length;
  }
  return bytes;
}

interface PackedFile {
  readonly path: string;
  readonly bytes: number;
}

/** Fills the tar as fast as it is read. Throws too if a file does not have the announced size. */
async function packFiles(pack: Pack, { folder, name, madeAt, signal }: PackageArchiveRequest): Promise<void> {
  const top = topFolder(name);
  // The library writes seconds as a signed number of 32 bits.
  const seconds = Math.min(Math.floor(Date.parse(madeAt) / 1000), 2 ** 31 - 1);
  for (const { path, bytes } of filesOf(folder)) {
    if (!fitsHeader(`${top}/${path}`))
      throw new Error(`packing ${folder}: ${path} does not fit into a header`);
    const file = await open(join(folder, path), constants.O_RDONLY | constants.O_NOFOLLOW);
    try {
      const mode = path === "verify.sh" ? 0o755 : 0o644;
      const mtime = new Date(seconds * 1000);
      const entry = pack.entry({ name: `${top}/${path}`, type: "file", size: bytes, mode, mtime });
      await pipeline(file.createReadStream({ highWaterMark: readSize }), entry, { signal });
    } finally {
      await file.close();
    }
  }
  pack.finalize();
}

const readSize = 256 * 1024;

/** The folder name in the tar: never empty, hidden, or mistaken for an option. */
function topFolder(name: string): string {
  const kept = name.replace(/[^A-Za-z0-9._-]/g, "").replace(/^[.-]+/, "");
  return kept.slice(0, longestTop) || "package";
}

/**
 * Whether a name fits into a header in two parts of 155 and 100 bytes. Otherwise the library writes it into an extended
 * pax header alone, which BusyBox skips; no file of a package has such a name.
 */
function fitsHeader(name: string): boolean {
  const cut = name.lastIndexOf("/", 155);
  return name.length <= 100 || (cut > 0 && name.length - cut - 1 <= 100);
}

/** Shorter than a path may be, so that most names fit into a header. */
const longestTop = 50;

/** Every file in ascending order of path, byte-wise: the characters of paths are ASCII. */
function filesOf(folder: string): readonly PackedFile[] {
  const files: PackedFile[] = [];
  const visit = (inside: string) => {
    for (const name of readdirSync(join(folder, inside))) {
      const path = inside === "" ? name : `${inside}/${name}`;
      const found = lstatSync(join(folder, path));
      if (found.isDirectory()) visit(path);
      else if (found.isFile() && packagePathProblem(path) === null) files.push({ path, bytes: found.size });
      else throw new Error(`packing ${folder}: no package has ${JSON.stringify(path)}`);
    }
  };
  visit("");
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/**
 * The age file (age-encryption.org/v1) around any content, as a stream that reads hardly more of the content than is
 * asked for. There must be a recipient. Throws HoldfastError `usage` for one that cannot be encrypted to; an error of
 * the content comes out of the stream.
 */
async function encryptFor(
  content: AsyncIterable<Uint8Array>,
  recipients: readonly PackageRecipient[],
): Promise<AsyncIterable<Uint8Array>> {
  const encrypter = new Encrypter();
  for (const recipient of recipients) {
    encrypter.addRecipient(recipient.kind === "age" ? recipient.publicKey : wrapper(recipient.key));
  }
  try {
    // This makes the header only; errors of the content come later.
    return await encrypter.encrypt(ReadableStream.from(content));
  } catch {
    throw usage("one of the age public keys is not a point of its curve", "ask for another public key");
  }
}

function wrapper(key: AgeSshKey): Recipient {
  return {
    wrapFileKey(fileKey) {
      const { args, body } = wrapForSshKey(fileKey, key, randomBytes(32));
      return [new Stanza([...args], body)];
    },
  };
}

/**
 * Reads a public key as somebody typed it: `age1…` of any kind that age itself knows, or a line of a `.pub` file with
 * an Ed25519 key. Throws HoldfastError `usage` for anything else and repeats none of it: it may be a secret.
 */
export function parseRecipient(text: string): PackageRecipient {
  const line = text.trim();
  if (/AGE-SECRET-KEY-|AGE-PLUGIN-|PRIVATE KEY/i.test(line)) {
    throw usage(
      "that is a private key, but encryption takes the public one",
      "give the line that begins with age1 or ssh-ed25519; let nobody else see what was typed",
    );
  }
  if (/^age1/i.test(line)) return ageRecipient(line);
  if (/^ssh-ed25519[ \t]/.test(line)) return sshRecipient(line);
  if (/^(sk-)?(ssh|ecdsa)-/.test(line))
    throw usage("ssh-ed25519 is the only kind of SSH key that can be encrypted to");
  throw usage("that is not an age or SSH public key");
}

function ageRecipient(publicKey: string): PackageRecipient {
  try {
    new Encrypter().addRecipient(publicKey);
  } catch {
    throw usage(
      "that age public key is mistyped or cut off, or belongs to an age plugin, which holdfast does not use",
      "copy the whole key again, from age1 on",
    );
  }
  return { kind: "age", publicKey };
}

function sshRecipient(line: string): PackageRecipient {
  try {
    return { kind: "ssh", key: ageSshKey(parsePublicKey(line)) };
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw usage(
      `that SSH public key cannot be used: ${error.message}`,
      "copy the whole line of the .pub file again",
    );
  }
}

function usage(
  problem: string,
  hint = "give a public key: one from age-keygen that begins with age1, or the line in ~/.ssh/id_ed25519.pub",
): HoldfastError {
  return new HoldfastError("usage", `encrypting the package: ${problem}`, hint);
}
