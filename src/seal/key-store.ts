import { existsSync, readdirSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { dirname, isAbsolute, join, relative, resolve } from "node:path";
import { FormatError } from "../audit/finding.js";
import { parsePublicKey, type SshPublicKey, sameKey } from "../audit/ssh-key.js";
import { HoldfastError } from "../core/words/error.js";
import { nameAnew, syncFile, syncFolder } from "../vault/disk-niceties.js";
import { makeFolder, writeNewFile } from "../vault/durable.js";
import type { World } from "../world.js";
import { configFolder } from "./config-folder.js";
import { type Ed25519Secret, encodePrivateKey, publicKeyOfPrivate } from "./private-key.js";

/** A signing key that this machine has or knows about. */
export interface StoredKey {
  readonly publicKey: SshPublicKey;
  /** Its file in the configuration folder: the private key itself, or a note about a key kept elsewhere. */
  readonly path: string;
  /** The absolute path of the private key; null for a key that only an agent has. */
  readonly keyFile: string | null;
}

/** The folder that holds one vault's keys. */
export function keyFolder(env: World["env"], vaultId: string): string {
  return join(configFolder(env), "keys", vaultId);
}

/** Finds a key in any vault's folder: the vault may be a copy, and people move keys between machines. */
export function findKey(env: World["env"], key: SshPublicKey): StoredKey | null {
  const keys = join(configFolder(env), "keys");
  for (const vaultId of namesIn(keys)) {
    const found = storedKeys(env, vaultId).find(({ publicKey }) => sameKey(publicKey, key));
    if (found) return found;
  }
  return null;
}

/** One vault's keys in the order in which they were made. Skips files that are not keys or cannot be read. */
export function storedKeys(env: World["env"], vaultId: string): readonly StoredKey[] {
  const folder = keyFolder(env, vaultId);
  return numbered(folder).flatMap(({ name }) => {
    const path = join(folder, name);
    const found = orNull(() => (name.endsWith(".json") ? readNote(path) : readSecretFile(path)));
    return found === null ? [] : [found];
  });
}

/** Stores a new private key under the next free name, readable by its owner alone. */
export function storeSecret(
  vaultId: string,
  secret: Ed25519Secret,
  comment: string,
  world: World,
): StoredKey {
  const check = Buffer.from(world.random(4)).readUInt32BE();
  const text = encodePrivateKey(secret, comment, check);
  const path = placeNext(world.env, vaultId, "", (temporary) => writeNewFile(temporary, text, 0o600));
  return withPublicFile({ publicKey: secret.publicKey, path, keyFile: path }, comment);
}

/** Stores the private key that another program, for instance `ssh-keygen`, writes to the given path. */
export async function storeMade(
  vaultId: string,
  comment: string,
  env: World["env"],
  make: (path: string) => Promise<void>,
): Promise<StoredKey> {
  const temporary = temporaryIn(makeKeyFolder(env, vaultId));
  try {
    await make(temporary);
    syncFile(temporary);
    return withPublicFile(readSecretFile(linkNext(env, vaultId, "", temporary)), comment);
  } finally {
    rmSync(temporary, { force: true });
    rmSync(`${temporary}.pub`, { force: true });
  }
}

/** Stores a note about a key kept elsewhere: in the user's own file or, if `keyFile` is null, in an agent. */
export function storeNote(
  vaultId: string,
  publicKey: SshPublicKey,
  keyFile: string | null,
  env: World["env"],
): StoredKey {
  const note = { v: 1, public_key: publicKey.line, key_file: keyFile };
  const text = `${JSON.stringify(note, null, 2)}\n`;
  const path = placeNext(env, vaultId, ".json", (temporary) => writeNewFile(temporary, text, 0o600));
  return { publicKey, path, keyFile };
}

/** Throws `usage` if the configuration folder or `keyFile` is inside the vault: a key must not travel with it. */
export function refuseKeyInside(root: string, env: World["env"], keyFile: string | null): void {
  for (const path of [configFolder(env), ...(keyFile === null ? [] : [keyFile])]) {
    if (!isInside(root, path)) continue;
    throw new HoldfastError(
      "usage",
      `using ${path} for the signing key: it is inside the vault, and anyone given the vault would get the key`,
      "keep the key elsewhere: choose another vault folder or --key, or set XDG_CONFIG_HOME",
    );
  }
}

/** Throws `usage` for a file inside the vault: verification would report it as not belonging there. */
export function refuseFileInside(root: string, file: string): void {
  if (!isInside(root, file)) return;
  throw new HoldfastError(
    "usage",
    `writing ${file}: it would be inside the vault`,
    "choose a file outside the vault",
  );
}

/** Whether the path is the folder or lies in it, whatever links lead there. */
export function isInside(root: string, path: string): boolean {
  const way = relative(realPath(root), realPath(path));
  return way !== ".." && !way.startsWith("../") && !isAbsolute(way);
}

/** The path with symbolic links resolved, as far as it exists. */
export function realPath(path: string): string {
  const absolute = resolve(path);
  if (existsSync(absolute)) return realpathSync(absolute);
  const parent = dirname(absolute);
  return parent === absolute ? absolute : join(realPath(parent), relative(parent, absolute));
}

const keyName = /^signing-key-([1-9]\d{0,5})(\.json)?$/;

function numbered(folder: string): readonly { readonly name: string; readonly number: number }[] {
  return namesIn(folder)
    .flatMap((name) => {
      const number = keyName.exec(name)?.[1];
      return number === undefined ? [] : [{ name, number: Number(number) }];
    })
    .sort((a, b) => a.number - b.number);
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).sort();
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR", "EACCES")) return [];
    throw error;
  }
}

function makeKeyFolder(env: World["env"], vaultId: string): string {
  const folder = keyFolder(env, vaultId);
  makeFolder(folder, 0o700);
  return folder;
}

/** In the same folder as the final file; the process id keeps two writers apart. */
function temporaryIn(folder: string): string {
  const temporary = join(folder, `.new-${process.pid}`);
  rmSync(temporary, { force: true });
  return temporary;
}

function placeNext(
  env: World["env"],
  vaultId: string,
  ending: string,
  write: (path: string) => void,
): string {
  const temporary = temporaryIn(makeKeyFolder(env, vaultId));
  try {
    write(temporary);
    return linkNext(env, vaultId, ending, temporary);
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** Gives a complete, synced file the next free name. */
function linkNext(env: World["env"], vaultId: string, ending: string, temporary: string): string {
  const folder = keyFolder(env, vaultId);
  for (;;) {
    const last = numbered(folder).at(-1)?.number ?? 0;
    const path = join(folder, `signing-key-${last + 1}${ending}`);
    try {
      nameAnew(temporary, path);
      syncFolder(folder);
      return path;
    } catch (error) {
      // A copy of this vault on the same machine shares this folder: another process took the name, so try the next one.
      if (!hasCode(error, "EEXIST")) throw error;
    }
  }
}

function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return (
    error instanceof Error && "code" in error && typeof error.code === "string" && codes.includes(error.code)
  );
}

/** Writes the `.pub` file that OpenSSH expects beside a key. With it, the private key is read only to sign. */
function withPublicFile(stored: StoredKey, comment: string): StoredKey {
  const path = `${stored.path}.pub`;
  rmSync(path, { force: true });
  writeNewFile(path, `${stored.publicKey.line} ${comment}\n`, 0o600);
  syncFolder(dirname(path));
  return stored;
}

/** The key file also holds the public key, in case a kill kept the `.pub` file from being written. */
function readSecretFile(path: string): StoredKey {
  const beside = orNull(() => parsePublicKey(readFileSync(`${path}.pub`, "latin1")));
  if (beside !== null && existsSync(path)) return { publicKey: beside, path, keyFile: path };
  return { publicKey: publicKeyOfPrivate(readFileSync(path, "latin1")), path, keyFile: path };
}

/** Null for a file that is missing, unreadable or malformed. */
function orNull<Read>(read: () => Read): Read | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof FormatError || (error instanceof Error && "syscall" in error)) return null;
    throw error;
  }
}

function readNote(path: string): StoredKey {
  const note = parseNote(readFileSync(path, "utf8"));
  const key = new Map(typeof note === "object" && note !== null ? Object.entries(note) : []);
  const [line, keyFile] = [key.get("public_key"), key.get("key_file")];
  if (typeof line !== "string" || (keyFile !== null && typeof keyFile !== "string")) {
    throw new FormatError("bad-key-note", "it is not a note about a key");
  }
  return { publicKey: parsePublicKey(line), path, keyFile };
}

function parseNote(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new FormatError("bad-key-note", "it is not JSON");
  }
}
