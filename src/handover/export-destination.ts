import { existsSync, lstatSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join, resolve, sep } from "node:path";
import { HoldfastError } from "../core/words/error.js";
import type { PackageRecipient } from "../vault/package/archive.js";

/** The forms of a package. */
export type PackageForm = "folder" | "tar" | "tar.age";

/** The target of a package, checked before anything is opened. */
export interface ExportDestination {
  /** Absolute. */
  readonly to: string;
  readonly form: PackageForm;
  readonly recipients: readonly PackageRecipient[];
  /** The path of the unfinished package: beside the target, on the same file system. */
  readonly growing: string;
}

/** Throws `usage` for a target that is unusable or already exists, and for unusable recipients. */
export async function exportDestination(request: {
  readonly to: string;
  readonly vault: string;
  readonly recipients: readonly string[];
  readonly wacz: string | null;
}): Promise<ExportDestination> {
  const to = resolve(request.to);
  const form = formOf(to);
  const recipients = await recipientsOf(request.recipients);
  if (form === "tar.age" && recipients.length === 0) {
    throw usage(to, "no recipient who can decrypt it was given", "add --encrypt-to with a public key");
  }
  if (form !== "tar.age" && recipients.length > 0) {
    throw usage(
      to,
      "an encrypted package must be a single file",
      "choose a name for --to that ends with .tar.age",
    );
  }
  if (request.wacz !== null) refuseWacz(resolve(request.wacz), { to, form, vault: request.vault });
  const parent = dirname(to);
  if (!statSync(parent, { throwIfNoEntry: false })?.isDirectory()) {
    throw usage(
      to,
      `the folder ${parent} does not exist`,
      "create it first, or choose another place with --to",
    );
  }
  if (isInside(realpathSync(parent), request.vault)) {
    throw usage(to, "this is inside the vault", "choose a place outside it with --to");
  }
  if (lstatSync(to, { throwIfNoEntry: false })) throw notNew(to);
  const growing = join(parent, `.${basename(to)}.unfinished`);
  if (lstatSync(growing, { throwIfNoEntry: false })) throw leftBehind(to, growing);
  return { to, form, recipients, growing };
}

/** A folder of WACZ files stands beside a package, and nothing in it is encrypted. */
function refuseWacz(wacz: string, { to, form, vault }: WaczBeside): void {
  const parent = dirname(wacz);
  const isFolder = statSync(parent, { throwIfNoEntry: false })?.isDirectory() === true;
  const problems = [
    form === "tar.age" && "they would lie unencrypted beside an encrypted package",
    `${wacz}${sep}`.startsWith(`${to}${sep}`) &&
      "they would lie in the package, which holds nothing but what the log names",
    !isFolder && `the folder ${parent} does not exist`,
    isFolder && isInside(realpathSync(parent), vault) && "this is inside the vault",
  ];
  const problem = problems.find((one) => one !== false);
  if (problem === undefined) return;
  throw new HoldfastError(
    "usage",
    `writing WACZ files to ${wacz}: ${problem}`,
    "choose another place with --wacz, or leave it out",
  );
}

interface WaczBeside {
  readonly to: string;
  readonly form: PackageForm;
  readonly vault: string;
}

/** Most packages are for nobody in particular, and what encrypts takes longer to load than all else that an export needs. */
async function recipientsOf(typed: readonly string[]): Promise<readonly PackageRecipient[]> {
  if (typed.length === 0) return [];
  const { parseRecipient } = await import("../vault/package/archive.js");
  return typed.map(parseRecipient);
}

/** The error if something with the target's name exists: nothing is ever overwritten. */
export function notNew(to: string): HoldfastError {
  return usage(to, "a file or folder with this name already exists", "choose a new name with --to");
}

function leftBehind(to: string, growing: string): HoldfastError {
  const quoted = `'${growing.replaceAll("'", "'\\''")}'`;
  return usage(
    to,
    `${basename(growing)} exists beside it: another export is running, or one was killed`,
    `if no export is running, remove what it left: rm -r ${quoted}`,
  );
}

/** Refuses other archive names: an unpacked folder with such a name would mislead. */
function formOf(to: string): PackageForm {
  const name = basename(to).toLowerCase();
  if (name.endsWith(".tar.age")) return "tar.age";
  if (name.endsWith(".tar")) return "tar";
  const other = /\.(age|zip|7z|rar|t?gz|bz2|xz|zst|tgz)$/.exec(name)?.[0];
  if (other === undefined) return "folder";
  throw usage(
    to,
    `holdfast does not make ${other} packages`,
    "choose a folder, or a name that ends with .tar or .tar.age",
  );
}

function isInside(parent: string, vault: string): boolean {
  if (!existsSync(vault)) return false;
  return `${parent}${sep}`.startsWith(`${realpathSync(vault)}${sep}`);
}

function usage(to: string, problem: string, hint: string): HoldfastError {
  return new HoldfastError("usage", `exporting to ${to}: ${problem}`, hint);
}
