import { existsSync, renameSync } from "node:fs";
import { dirname, join } from "node:path";
import { type AuthorityTime, earliestByAuthority } from "../audit/authority-times.js";
import type { Json } from "../audit/canonical-json.js";
import { originOf } from "../audit/checkpoint.js";
import type { Entry } from "../audit/entry.js";
import type { Finding } from "../audit/finding.js";
import { objectPath } from "../audit/log-captures.js";
import { packageName } from "../core/package/choice.js";
import { HoldfastError } from "../core/words/error.js";
import { type HeadReport, type SealOptions, sealHead } from "../seal/checkpoint.js";
import { openForWriting } from "../seal/open-vault.js";
import { syncFolder } from "../vault/disk-niceties.js";
import { type CaptureRowRecord, oneCaptureByPart } from "../vault/index/captures.js";
import { scratchFolder } from "../vault/layout.js";
import { keyHistoryOf } from "../vault/log.js";
import { readObject } from "../vault/objects.js";
import { beginPackage, discardPackage } from "../vault/package/folder.js";
import { refuseMissingVault } from "../vault/reader.js";
import { inTurn, shareVault } from "../vault/turn.js";
import { closeVault, logEntry, type Vault } from "../vault/vault.js";
import { refuseWithdrawn } from "../vault/withdrawals.js";
import { verifyPackage } from "../verify/package.js";
import type { PackageReport } from "../verify/reports.js";
import type { World } from "../world.js";
import { logExportBegun } from "./export-begun.js";
import { type ExportDestination, exportDestination, notNew, type PackageForm } from "./export-destination.js";
import { type GatheredPackage, gatherPackage, type PackageMade, writePackage } from "./package-write.js";
import type { ToldByDigests } from "./told-by-digests.js";
import { type ToldByFiles, toldByFiles } from "./told-by-files.js";
import type { ToldByTags } from "./told-by-tags.js";
import type { GrownWaczs } from "./wacz.js";

export interface ExportRequest {
  readonly vault: string;
  /** Parts of capture ids, as typed. */
  readonly ids: readonly string[];
  /** Absolute path: a new folder, or a new file that ends with `.tar` or `.tar.age`. */
  readonly to: string;
  /** Includes the private annexes. The caller must have asked the user to confirm. */
  readonly withAnnex: boolean;
  /** Includes people's assertions about the captures, which may name sources. */
  readonly withAnnotations: boolean;
  /** Public keys as typed, for `.tar.age`. */
  readonly recipients: readonly string[];
  /** Absolute path of a new folder for a WACZ of each page, beside the package; null for none. */
  readonly wacz: string | null;
  readonly seal: SealOptions;
}

/** What was exported; one line with `--json`. */
export interface ExportResult {
  readonly to: string;
  readonly form: PackageForm;
  readonly captures: readonly string[];
  readonly annex: boolean;
  /** The number of `annotate` entries in the package. */
  readonly annotations: number;
  readonly recipients: number;
  readonly files: number;
  readonly bytes: number;
  /** Size of the newest checkpoint in the package. */
  readonly checkpoint: number;
  /** What the tags of the files as received reveal, for each capture. */
  readonly revealing_tags: readonly ToldByTags[];
  /** What digests in older records reveal, for each capture with such a record. */
  readonly telling_digests: readonly ToldByDigests[];
  /** The WACZ files that were made beside it, absolute; empty unless they were asked for. */
  readonly wacz: readonly string[];
  /** The digest that stands for every byte of the package. */
  readonly tagmanifest_sha256: string;
  /**
   * Authorities whose token over a checkpoint in the package leads to a root trusted by this machine, each with its
   * earliest time.
   */
  readonly existed_by: readonly AuthorityTime[];
  /** Number of the log entry that states this export. */
  readonly entry: number;
  /** How the log was sealed afterwards. */
  readonly head: HeadReport;
}

/** Thrown if the check of a finished package found something not as recorded; the package has been removed. */
class PackageRefused extends HoldfastError {
  readonly findings: readonly Finding[];

  constructor(findings: readonly Finding[]) {
    const [first] = findings;
    const what = first ? `${first.where}: ${first.message} (${first.code})` : "the check did not pass";
    super(
      "not-as-recorded",
      `checking the package: ${what}`,
      "no package was made; run 'holdfast verify' to list everything that is not as recorded",
    );
    this.findings = findings;
  }
}

/**
 * Makes a package of some captures for a reader without holdfast (FORMAT.md §17). The package gets its name only after it
 * has been written, read again and checked. Throws `usage`, `not-found`, `not-as-recorded`, whatever opening a vault or
 * the disk throws, and the reason if the log could not be signed; nothing of the package is left then. Before anything is
 * written, `onTold` receives what the files reveal besides what they show.
 */
export async function exportPackage(
  request: ExportRequest,
  world: World,
  onTold: (told: ToldByFiles) => void = () => undefined,
): Promise<ExportResult> {
  // 1. check the target and the recipients, before anything is opened
  const destination = await exportDestination(request);
  refuseMissingVault(request.vault);
  const vault = await openForWriting(request.vault, world);
  try {
    // 2. choose the captures, and sign a checkpoint that ends with the list of all their entries
    const captures = chosenCaptures(vault, request.ids, world);
    const told = toldByFiles(captures.map((id) => readObject(join(vault.layout.root, objectPath(id)))));
    onTold(told);
    const { withAnnex, withAnnotations } = request;
    shareVault(vault, "export", world);
    const gathered = await inTurn(vault, async () => {
      const begun = await logExportBegun(vault, { captures, withAnnotations }, request.seal, world);
      const order = { captures, withAnnex, withAnnotations, begun };
      return gatherPackage(vault, order).catch((error: unknown) => {
        throw notWritten(destination, error, []);
      });
    });

    // 3. write the package beside the target, read it again, check it and give it its name
    const grown = await grownWaczs(request, gathered, world);
    const made = await makeAndPlace(vault, destination, gathered, world).catch((error: unknown) => {
      grown?.discard();
      throw error;
    });

    // 4. log the export and seal the log
    const { files, bytes, checkpoint, tagmanifestSha256: tagmanifest_sha256 } = made;
    const recipients = destination.recipients.length;
    const body = { captures, form: destination.form, annex: withAnnex, recipients };
    const stated = { ...body, checkpoint, files, bytes, tagmanifest_sha256 };
    const { annotations } = made;
    const { seq: entry } = await logExport(
      vault,
      destination,
      withAnnotations ? { ...stated, annotations } : stated,
    ).catch((error: unknown) => {
      grown?.discard();
      throw error;
    });
    const wacz = grown?.place() ?? [];
    const head = await sealHead(vault, world, request.seal);
    const existed_by = earliestTimes(made.report);
    return { to: destination.to, ...stated, annotations, existed_by, wacz, ...told, entry, head };
  } finally {
    closeVault(vault);
  }
}

async function grownWaczs(
  { wacz }: ExportRequest,
  { captures }: GatheredPackage,
  world: World,
): Promise<GrownWaczs | null> {
  if (wacz === null) return null;
  const { growWaczs } = await import("./wacz.js");
  return growWaczs(captures, wacz, world.signal);
}

/** Each capture once, in ascending order of id. Refuses failed attempts, of which nothing can be handed over. */
function chosenCaptures({ database }: Vault, parts: readonly string[], world: World): readonly string[] {
  const named = parts.map((part) => oneCaptureByPart(database, part));
  const rows = named.filter(({ status }) => status !== "withdrawn");
  const [withdrawn] = named.filter(({ status }) => status === "withdrawn");
  if (rows.length === 0 && withdrawn) refuseWithdrawn(database, withdrawn.id, "exporting");
  for (const { id, status, reason } of named)
    if (status === "withdrawn") world.tell(`left out of the package: ${id} was withdrawn: ${reason ?? ""}`);
  const failed: CaptureRowRecord | undefined = rows.find(({ object }) => object === null);
  if (failed === undefined) return [...new Set(rows.map(({ id }) => id))].sort();
  throw new HoldfastError(
    "usage",
    `exporting ${failed.id}: this attempt failed, and holdfast kept nothing of it`,
    `to see what is known about it: holdfast report ${failed.id}`,
  );
}

type Placed = PackageMade & { readonly report: PackageReport };

/**
 * Packs a tar from a folder in the vault's scratch folder, so that contents to be encrypted are unencrypted nowhere else.
 * A kill leaves the unfinished file; the next writer clears the scratch folder.
 */
async function makeAndPlace(
  vault: Vault,
  destination: ExportDestination,
  gathered: GatheredPackage,
  world: World,
): Promise<Placed> {
  const madeAt = world.now().toISOString();
  const name = `package-${Buffer.from(world.random(8)).toString("hex")}`;
  const scratch = join(vault.hold.work?.path ?? vault.layout.staging, scratchFolder, name);
  const folder = destination.form === "folder" ? destination.growing : scratch;
  let standing = [destination.growing, scratch];
  try {
    const onCopied = (done: number, total: number) => tellCopied(world, destination, done, total);
    const order = { madeAt, tool: world.tool, signal: world.signal, onCopied };
    const made = await writePackage(beginPackage(folder), gathered, order);
    if (destination.form !== "folder") {
      const { writePackageTar } = await import("../vault/package/archive.js");
      const archive = { folder, name: packageName(gathered.order.captures), to: destination.growing, madeAt };
      await writePackageTar({ ...archive, recipients: destination.recipients, signal: world.signal });
    }
    // Check exactly what goes out; for an encrypted package, check the folder that was encrypted.
    const report = await checkPackage(
      vault,
      destination.form === "tar" ? destination.growing : folder,
      world,
    );
    discardPackage(scratch);
    if (existsSync(destination.to)) throw notNew(destination.to);
    renameSync(destination.growing, destination.to);
    standing = [destination.to];
    syncFolder(dirname(destination.to));
    return { ...made, report };
  } catch (error) {
    throw notWritten(destination, error, discard(standing));
  }
}

/** Logs the export. If that fails, the package is removed: no package leaves without an entry. */
async function logExport(
  vault: Vault,
  destination: ExportDestination,
  body: Readonly<Record<string, Json>>,
): Promise<Entry> {
  try {
    return await inTurn(vault, () => logEntry(vault, "export", body));
  } catch (error) {
    throw notWritten(destination, error, discard([destination.to]));
  }
}

/** Removes what exists of a package and returns the paths that could not be removed. */
function discard(paths: readonly string[]): readonly string[] {
  return paths.filter((path) => {
    try {
      discardPackage(path);
      return false;
    } catch {
      return true;
    }
  });
}

/** Describes a disk error; returns any other error unchanged. A FAT file system accepts no file of 4 GiB. */
function notWritten({ to }: ExportDestination, error: unknown, left: readonly string[]): unknown {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (!(error instanceof Error) || !/^(E[A-Z0-9]+|SQLITE_[A-Z_]+)$/.test(code)) return error;
  const remains =
    left.length === 0 ? "nothing is left of this package" : `remove ${left.join(" and ")} first`;
  const hint =
    code === "EFBIG"
      ? "this file system does not accept a file this large; choose a place on another one with --to"
      : `free some space or check the disk, then export again; ${remains}`;
  return new HoldfastError("io", `writing ${to}: ${error.message}`, hint, error);
}

/**
 * Checks the finished package like anybody else's, but with the vault's own keys; its recipient must bring theirs. Does
 * not check when each key was in force, so that a clock set back or a late time-stamp does not prevent an export.
 */
async function checkPackage(vault: Vault, path: string, world: World): Promise<PackageReport> {
  const origin = originOf(vault.settings.vault_id);
  const signers = keyHistoryOf(vault.database)
    .map(({ key }) => `${origin} ${key.line}\n`)
    .join("");
  const report = await verifyPackage({ path, against: null, signers, tsaCa: null, quick: false }, world);
  const { hashes, chain, signature, findings } = report;
  const passed = [hashes, chain, signature].every((state) => state === "pass");
  if (report.ok && passed) return report;
  throw new PackageRefused(findings.filter(({ severity }) => severity === "error"));
}

function earliestTimes({ package: { captures } }: PackageReport): ExportResult["existed_by"] {
  return earliestByAuthority(captures.flatMap(({ existed_by }) => existed_by));
}

function tellCopied(world: World, { to }: ExportDestination, done: number, total: number): void {
  const unknown = { speed: null, etaSeconds: null };
  world.progress({ subject: to, stage: "commit", detail: "bytes", done, total, ...unknown });
}
