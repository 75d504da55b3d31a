import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
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
import {
  makeFolder,
  moveDurably,
  placeFile,
  type SyncedWork,
  syncedHere,
  treeToSync,
  writeUnsynced,
} from "./durable.js";
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

/** A version that is about to be committed: every file is hashed and in place under `content`. */
export interface StagedVersion {
  readonly capture: CaptureId;
  /** Absolute folder in the attempt's own whose tree becomes the version's content. */
  readonly content: string;
  readonly files: readonly InventoryFile[];
  /** Its address is the vault's. */
  readonly note: Omit<VersionNote, "address">;
  readonly event: EventName;
  /** The entry's body without `object`, `version` and `inventory_sha512`, which the commit adds. */
  readonly body: Readonly<Record<string, Json>>;
}

/** A version that is complete in its attempt's folder, on disk to the last byte and folder. */
export interface ReadyVersion {
  readonly inventory: Inventory;
  /** What the journal is to say about it. */
  readonly intent: Intent;
}

export interface Committed {
  readonly entry: Entry;
  readonly inventory: Inventory;
}

/*
 * The order is the guarantee (FORMAT.md §8): write and sync everything in staging → journal the intent → rename the annex
 * → rename the object or version, each folder that receives something synced before the next step → log entry, index
 * rows and removal of the intent in one transaction. A kill at any instant leaves either nothing but staging, or an
 * intent from which `finishInterrupted` goes on.
 *
 * Up to the journal only two things have to be in order: the files of a version are on disk before its inventory states
 * them, and all of it is before the intent does. Among the files no order is promised, so they are synced together, and
 * before the turn: until an intent names it, an attempt concerns nobody but its own command. From the journal on each
 * step stands on the one before. These steps are few and run on this thread without a break: no other part of this
 * process, which shares the turn, comes between what was found in it (no such capture, no such version) and the entry.
 */

/** Completes version v1 of a new object, and its annex, in the attempt's folder. Needs no turn. */
export function* stageFirstVersion(
  vault: Vault,
  staged: StagedVersion & { readonly annex: string },
): SyncedWork<ReadyVersion> {
  const inventory = firstInventory(staged.capture, staged.files, noteOf(vault, staged));
  const commit = commitFolder(attemptOf(vault, staged.capture));
  const version = join(commit, objectName, "v1");
  mkdirSync(version, { recursive: true, mode: 0o755 });
  renameSync(staged.content, join(version, "content"));
  renameSync(staged.annex, join(commit, annexName));
  yield { files: treeToSync(commit).files, folders: [] };
  const declaration = join(commit, objectName, objectDeclaration.name);
  writeUnsynced(declaration, objectDeclaration.text);
  const { digest, files } = writeInventory(version, inventory);
  const atRoot = writeInventory(dirname(version), inventory);
  yield { files: [declaration, ...files, ...atRoot.files], folders: foldersOf(commit) };
  return { inventory, intent: intentFor(staged, "v1", digest) };
}

/** Puts a version v1 that is ready into place and logs it. Must be in turn. */
export function commitFirst(
  vault: Vault,
  { inventory, intent }: ReadyVersion,
  onStep: (step: CommitStep) => void = () => undefined,
): Committed {
  bringToTurn(vault, intent.capture);
  onStep("staged");
  journal(vault, intent);
  onStep("journalled");
  moveAnnex(vault, intent);
  onStep("annex-moved");
  moveObject(vault, intent.capture);
  onStep("version-moved");
  const entry = conclude(vault, intent);
  onStep("logged");
  return { entry, inventory };
}

/** Commits version v1 of a new object and its annex at one go, within a turn. */
export function commitFirstVersion(
  vault: Vault,
  staged: StagedVersion & { readonly annex: string },
  onStep: (step: CommitStep) => void = () => undefined,
): Committed {
  return commitFirst(vault, syncedHere(stageFirstVersion(vault, staged)), onStep);
}

/**
 * Completes the next version of an existing object in the attempt's folder, and its annex if it has one of its own. Logical
 * paths under `replaced` give way to the new version's files. Needs no turn.
 */
export function* stageNextVersion(
  vault: Vault,
  previous: Inventory,
  staged: StagedVersion & { readonly replaced: string | null; readonly annex?: string },
): SyncedWork<ReadyVersion> {
  const inventory = nextInventory(previous, staged.files, staged.replaced, noteOf(vault, staged));
  const commit = commitFolder(attemptOf(vault, staged.capture));
  const version = join(commit, versionName);
  const root = join(commit, rootName);
  for (const folder of [version, root]) mkdirSync(folder, { recursive: true, mode: 0o755 });
  renameSync(staged.content, join(version, "content"));
  if (staged.annex !== undefined) renameSync(staged.annex, join(commit, annexName));
  yield { files: treeToSync(commit).files, folders: [] };
  const { digest, files } = writeInventory(version, inventory);
  const atRoot = writeInventory(root, inventory);
  yield { files: [...files, ...atRoot.files], folders: foldersOf(commit) };
  return { inventory, intent: intentFor(staged, inventory.head, digest) };
}

/**
 * Puts a further version that is ready into place and logs it. Must be in turn. Once the version folder is in place, two
 * renames replace the root inventory and its sidecar; a reader in between finds the journal that explains it. Throws if
 * the capture was withdrawn meanwhile, or has such a version by now.
 */
export function commitNext(
  vault: Vault,
  { inventory, intent }: ReadyVersion,
  onStep: (step: CommitStep) => void = () => undefined,
): Committed {
  refuseWithdrawn(vault.database, intent.capture, "adding a version to");
  refuseOtherVersion(vault, intent.capture, intent.version);
  bringToTurn(vault, intent.capture);
  onStep("staged");
  journal(vault, intent);
  onStep("journalled");
  if (annexPlaceOf(vault, intent) !== null) {
    moveAnnex(vault, intent);
    onStep("annex-moved");
  }
  moveVersion(vault, intent);
  onStep("version-moved");
  const object = join(vault.layout.root, objectPath(intent.capture));
  const root = join(commitFolder(stagingOf(vault, intent.capture)), rootName);
  for (const name of inventoryNames) moveDurably(join(root, name), join(object, name));
  onStep("inventory-replaced");
  const entry = conclude(vault, intent);
  onStep("logged");
  return { entry, inventory };
}

/** Commits the next version of an existing object at one go, within a turn. */
export function commitNextVersion(
  vault: Vault,
  previous: Inventory,
  staged: StagedVersion & { readonly replaced: string | null },
  onStep: (step: CommitStep) => void = () => undefined,
): Committed {
  return commitNext(vault, syncedHere(stageNextVersion(vault, previous, staged)), onStep);
}

/** A capture of which only the annex is kept. */
export interface FailedAttempt {
  readonly capture: CaptureId;
  readonly annex: string;
  readonly body: Readonly<Record<string, Json>>;
}

/** Completes the annex of a failed attempt in the attempt's folder. Needs no turn. */
export function* stageFailure(vault: Vault, failed: FailedAttempt): SyncedWork<Intent> {
  const commit = commitFolder(attemptOf(vault, failed.capture));
  mkdirSync(commit, { recursive: true, mode: 0o755 });
  renameSync(failed.annex, join(commit, annexName));
  yield { files: treeToSync(commit).files, folders: foldersOf(commit) };
  const { capture, body } = failed;
  return { capture, version: "", inventory_sha512: "", event: "capture-failed", body };
}

/** Puts the annex of a failed attempt into place and logs the attempt, with the same order of writes. Must be in turn. */
export function commitFailed(vault: Vault, intent: Intent): Entry {
  bringToTurn(vault, intent.capture);
  journal(vault, intent);
  moveAnnex(vault, intent);
  return conclude(vault, intent);
}

/** Logs a failed attempt at one go, within a turn. */
export function commitFailure(vault: Vault, failed: FailedAttempt): Entry {
  return commitFailed(vault, syncedHere(stageFailure(vault, failed)));
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
 * Takes an attempt out of the folder of a command that shares the vault. Without a journalled intent, the next writer
 * removes it and says so.
 */
function bringToTurn(vault: Vault, capture: CaptureId): void {
  if (!vault.hold.isOwnTurn) throw new Error("a commit was about to begin out of turn");
  const [from, to] = [attemptOf(vault, capture), stagingOf(vault, capture)];
  if (from !== to) renameSync(from, to);
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

/** What a commit moves, in the attempt's folder: the object or version, its annex, what replaces the root's inventory. */
function commitFolder(attempt: string): string {
  return join(attempt, "commit");
}

const [objectName, versionName, annexName, rootName] = ["object", "version", "annex", "root"] as const;

/** Everything below it and the folder that names it. */
function foldersOf(commit: string): readonly string[] {
  return [...treeToSync(commit).folders, dirname(commit)];
}

export function stagedObject(vault: Vault, capture: CaptureId): string {
  return join(commitFolder(stagingOf(vault, capture)), objectName);
}

export function stagedVersion(vault: Vault, capture: CaptureId): string {
  return join(commitFolder(stagingOf(vault, capture)), versionName);
}

export function stagedAnnex(vault: Vault, capture: CaptureId): string {
  return join(commitFolder(stagingOf(vault, capture)), annexName);
}

/** The folder that receives the annex of a commit: a page has its own inside that of its capture. Null if it has none. */
export function annexPlaceOf({ layout }: Vault, { capture, event, version }: Intent): string | null {
  const own = join(layout.private, capture);
  if (event === "page") return join(own, version);
  return event === "capture" || event === "capture-failed" ? own : null;
}

export function moveAnnex(vault: Vault, intent: Intent): void {
  const place = annexPlaceOf(vault, intent);
  if (place === null) return;
  makeFolder(vault.layout.private, 0o700);
  // A vault may have been handed on without the annex of the capture.
  if (dirname(place) !== vault.layout.private) makeFolder(dirname(place), 0o700);
  moveDurably(stagedAnnex(vault, intent.capture), place);
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

function noteOf({ settings }: Vault, { note }: StagedVersion): VersionNote {
  return { ...note, address: vaultAddress(settings.vault_id) };
}

/** In the order in which they are replaced. */
const inventoryNames = ["inventory.json", "inventory.json.sha512"] as const;

/**
 * For a commit that a kill cut short: copies the version folder's own inventory and sidecar over the root's. Those that
 * may lie ready in staging are not trusted. Safe to repeat.
 */
export function replaceRootInventory(vault: Vault, intent: Intent): void {
  const object = join(vault.layout.root, objectPath(intent.capture));
  for (const name of inventoryNames) {
    placeFile(join(object, name), readFileSync(join(object, intent.version, name)));
  }
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

/** Writes `inventory.json` and its sidecar into a folder; they are on disk once these files are synced. */
function writeInventory(
  folder: string,
  inventory: Inventory,
): { readonly digest: string; readonly files: readonly string[] } {
  const text = encodeInventory(inventory);
  const digest = sha512(text);
  const contents = [text, encodeSidecar(digest)];
  const files = inventoryNames.map((name) => join(folder, name));
  for (const [index, path] of files.entries()) writeUnsynced(path, contents[index] ?? "");
  return { digest, files };
}
