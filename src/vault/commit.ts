import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import type { Json } from "../audit/canonical-json.js";
import { type CaptureId, sha256, sha512 } from "../audit/digest.js";
import type { Entry, EventName } from "../audit/entry.js";
import { encodeSidecar, type Inventory, type InventoryFile } from "../audit/inventory.js";
import { objectPath } from "../audit/log-captures.js";
import {
  encodeInventory,
  firstInventory,
  nextInventory,
  type VersionNote,
  vaultAddress,
} from "../core/capture/new-inventory.js";
import { HoldfastError } from "../core/words/error.js";
import { syncFolder } from "./disk-niceties.js";
import { makeFolder, moveDurably, placeFile, syncFolderTree, writeNewFile } from "./durable.js";
import type { Intent } from "./journal.js";
import { logEntry, type Vault } from "./vault.js";
import { refuseWithdrawn } from "./withdrawals.js";

/** The conformance declaration of every object (OCFL §3.3). */
const objectDeclaration = { name: "0=ocfl_object_1.1", text: "ocfl_object_1.1\n" } as const;

/** The steps of a commit, in order; a test may end the process at any of them. */
export type CommitStep =
  | "staged"
  | "journalled"
  | "annex-moved"
  | "version-moved"
  | "inventory-replaced"
  | "logged";

/** A version that is ready to commit: every file is hashed, synced and in place under `content`. */
export interface StagedVersion {
  readonly capture: CaptureId;
  /** Absolute folder on the vault's file system whose tree becomes the version's content. */
  readonly content: string;
  readonly files: readonly InventoryFile[];
  /** Its address is the vault's. */
  readonly note: Omit<VersionNote, "address">;
  readonly event: EventName;
  /** The entry's body without `object`, `version` and `inventory_sha512`, which the commit adds. */
  readonly body: Readonly<Record<string, Json>>;
}

export interface Committed {
  readonly entry: Entry;
  readonly inventory: Inventory;
}

function noteOf({ settings }: Vault, { note }: StagedVersion): VersionNote {
  return { ...note, address: vaultAddress(settings.vault_id) };
}

/**
 * Commits version v1 of a new object and its annex, then logs it. The order is the guarantee (FORMAT.md §8):
 * write and sync everything in staging → journal the intent → rename the annex → rename the object → sync both
 * folders → log entry, index rows and removal of the intent in one transaction. A kill at any instant leaves either
 * nothing but staging, or an intent from which `finishInterrupted` goes on.
 */
export function commitFirstVersion(
  vault: Vault,
  staged: StagedVersion & { readonly annex: string },
  onStep: (step: CommitStep) => void = () => undefined,
): Committed {
  const inventory = firstInventory(staged.capture, staged.files, noteOf(vault, staged));
  const object = stagedObject(vault, staged.capture);
  const placeOf = bringToTurn(vault, staged.capture);
  makeFolder(join(object, "v1"));
  renameSync(placeOf(staged.content), join(object, "v1", "content"));
  writeNewFile(join(object, objectDeclaration.name), objectDeclaration.text);
  const digest = writeInventory(join(object, "v1"), inventory);
  writeInventory(object, inventory);
  renameSync(placeOf(staged.annex), stagedAnnex(vault, staged.capture));
  syncFolderTree(dirname(object));
  onStep("staged");
  const intent = intentFor(staged, "v1", digest);
  journal(vault, intent);
  onStep("journalled");
  moveAnnex(vault, staged.capture);
  onStep("annex-moved");
  moveObject(vault, staged.capture);
  onStep("version-moved");
  const entry = conclude(vault, intent);
  onStep("logged");
  return { entry, inventory };
}

/**
 * Commits the next version of an existing object, then logs it. Logical paths under `replaced` give way to the new
 * version's files. Once the version folder is in place, two renames replace the root inventory and its sidecar; a
 * reader in between finds the journal that explains it.
 */
export function commitNextVersion(
  vault: Vault,
  previous: Inventory,
  staged: StagedVersion & { readonly replaced: string | null },
  onStep: (step: CommitStep) => void = () => undefined,
): Committed {
  refuseWithdrawn(vault.database, staged.capture, "adding a version to");
  const inventory = nextInventory(previous, staged.files, staged.replaced, noteOf(vault, staged));
  refuseOtherVersion(vault, staged.capture, inventory.head);
  const folder = stagedVersion(vault, staged.capture);
  const placeOf = bringToTurn(vault, staged.capture);
  makeFolder(folder);
  renameSync(placeOf(staged.content), join(folder, "content"));
  const digest = writeInventory(folder, inventory);
  syncFolderTree(folder);
  onStep("staged");
  const intent = intentFor(staged, inventory.head, digest);
  journal(vault, intent);
  onStep("journalled");
  moveVersion(vault, intent);
  onStep("version-moved");
  replaceRootInventory(vault, intent);
  onStep("inventory-replaced");
  const entry = conclude(vault, intent);
  onStep("logged");
  return { entry, inventory };
}

/** Logs a capture of which only the annex is kept, with the same order of writes. */
export function commitFailure(
  vault: Vault,
  failed: {
    readonly capture: CaptureId;
    readonly annex: string;
    readonly body: Readonly<Record<string, Json>>;
  },
): Entry {
  const placeOf = bringToTurn(vault, failed.capture);
  mkdirSync(dirname(stagedAnnex(vault, failed.capture)), { recursive: true });
  renameSync(placeOf(failed.annex), stagedAnnex(vault, failed.capture));
  syncFolderTree(stagingOf(vault, failed.capture));
  const intent: Intent = {
    capture: failed.capture,
    version: "",
    inventory_sha512: "",
    event: "capture-failed",
    body: failed.body,
  };
  journal(vault, intent);
  moveAnnex(vault, failed.capture);
  return conclude(vault, intent);
}

/** The folder in which a capture is made; on the vault's file system, so that every move is a rename. */
export function attemptOf({ layout, hold }: Vault, capture: CaptureId): string {
  return join(hold.work?.path ?? layout.staging, capture);
}

/** The folder from which a capture is committed, in a turn: the next writer looks for what a kill left of it there. */
export function stagingOf(vault: Vault, capture: CaptureId): string {
  return join(vault.layout.staging, capture);
}

/** Removes what is staged of an attempt; needs no turn. */
export function discardAttempt(vault: Vault, capture: CaptureId): void {
  rmSync(attemptOf(vault, capture), { recursive: true, force: true });
}

/** The same, and what a commit left that failed before it was journalled. Must be in turn. */
export function discardCommit(vault: Vault, capture: CaptureId): void {
  discardAttempt(vault, capture);
  rmSync(stagingOf(vault, capture), { recursive: true, force: true });
}

/**
 * Takes an attempt out of the folder of a command that shares the vault. Returns where a path in it lies now. Without a
 * journalled intent, the next writer removes it and says so.
 */
function bringToTurn(vault: Vault, capture: CaptureId): (path: string) => string {
  if (!vault.hold.isOwnTurn) throw new Error("a commit was about to begin out of turn");
  const [from, to] = [attemptOf(vault, capture), stagingOf(vault, capture)];
  if (from !== to) renameSync(from, to);
  return (path) => join(to, relative(from, path));
}

/** An older holdfast does not see which captures a living command is at. */
function refuseOtherVersion({ layout }: Vault, capture: CaptureId, version: string): void {
  if (!existsSync(join(layout.root, objectPath(capture), version))) return;
  throw new HoldfastError(
    "not-as-recorded",
    `storing ${version} of ${capture}: there is one already`,
    "run the same command again; it begins from what is there now",
  );
}

export function stagedObject(vault: Vault, capture: CaptureId): string {
  return join(stagingOf(vault, capture), "commit", "object");
}

export function stagedVersion(vault: Vault, capture: CaptureId): string {
  return join(stagingOf(vault, capture), "commit", "version");
}

export function stagedAnnex(vault: Vault, capture: CaptureId): string {
  return join(stagingOf(vault, capture), "commit", "annex");
}

export function moveAnnex(vault: Vault, capture: CaptureId): void {
  makeFolder(vault.layout.private, 0o700);
  moveDurably(stagedAnnex(vault, capture), join(vault.layout.private, capture));
}

export function moveObject(vault: Vault, capture: CaptureId): void {
  const place = join(vault.layout.root, objectPath(capture));
  makeFolder(dirname(place));
  moveDurably(stagedObject(vault, capture), place);
}

export function moveVersion(vault: Vault, intent: Intent): void {
  moveDurably(
    stagedVersion(vault, intent.capture),
    join(vault.layout.root, objectPath(intent.capture), intent.version),
  );
}

/** Copies the version folder's own inventory and sidecar over the root's, inventory first. Safe to repeat. */
export function replaceRootInventory(vault: Vault, intent: Intent): void {
  const object = join(vault.layout.root, objectPath(intent.capture));
  for (const name of ["inventory.json", "inventory.json.sha512"]) {
    placeFile(join(object, name), readFileSync(join(object, intent.version, name)));
  }
  syncFolder(object);
}

/** The last step of every commit: entry, index and removal of the intent in one transaction; then staging goes. */
export function conclude(vault: Vault, intent: Intent): Entry {
  const entry = logEntry(vault, intent.event, intent.body, (database) => {
    database.prepare("DELETE FROM intent WHERE capture = ?").run(intent.capture);
  });
  vault.memory.journalEnded(intentDigest(intent));
  const staging = stagingOf(vault, intent.capture);
  if (existsSync(staging)) rmSync(staging, { recursive: true, force: true });
  return entry;
}

function intentFor(staged: StagedVersion, version: string, digest: string): Intent {
  return {
    capture: staged.capture,
    version,
    inventory_sha512: digest,
    event: staged.event,
    body: { ...staged.body, object: objectPath(staged.capture), version, inventory_sha512: digest },
  };
}

/** The digest by which a journalled commit is remembered outside the vault. */
export function intentDigest({ capture, version, inventory_sha512, event, body }: Intent): string {
  return sha256(JSON.stringify([capture, version, inventory_sha512, event, body]));
}

function journal(vault: Vault, intent: Intent): void {
  vault.memory.journalling(intentDigest(intent));
  vault.database
    .prepare(
      `INSERT INTO intent (capture, version, inventory_sha512, event, body, started_at) VALUES (?, ?, ?, ?, ?, ?)`,
    )
    .run(
      intent.capture,
      intent.version,
      intent.inventory_sha512,
      intent.event,
      JSON.stringify(intent.body),
      vault.now().toISOString(),
    );
}

/** Writes `inventory.json` and its sidecar into a folder and returns the inventory's SHA-512. */
function writeInventory(folder: string, inventory: Inventory): string {
  const text = encodeInventory(inventory);
  const digest = sha512(text);
  writeNewFile(join(folder, "inventory.json"), text);
  writeNewFile(join(folder, "inventory.json.sha512"), encodeSidecar(digest));
  return digest;
}
