import { existsSync, lstatSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join, resolve, sep } from "node:path";
import { HoldfastError } from "../core/words/error.js";
import { type PackageRecipient, parseRecipient } from "../vault/package/archive.js";

/** What a package is written as. */
export type PackageForm = "folder" | "tar" | "tar.age";

/** The place of a package, looked at before anything is opened. */
export interface ExportDestination {
  /** Absolute. */
  readonly to: string;
  readonly form: PackageForm;
  readonly recipients: readonly PackageRecipient[];
  /** Where it grows: beside its place, on the same file system. */
  readonly growing: string;
}

/** Throws `usage` for a place that cannot be used or is not new, and for keys that cannot be encrypted for. */
export function exportDestination(request: {
  readonly to: string;
  readonly vault: string;
  readonly recipients: readonly string[];
}): ExportDestination {
  const to = resolve(request.to);
  const form = formOf(to);
  const recipients = request.recipients.map(parseRecipient);
  if (form === "tar.age" && recipients.length === 0) {
    throw usage(to, "nobody was named who could decrypt it", "add --encrypt-to with a public key");
  }
  if (form !== "tar.age" && recipients.length > 0) {
    throw usage(to, "an encrypted package is one file", "give --to a name that ends with .tar.age");
  }
  const parent = dirname(to);
  if (!statSync(parent, { throwIfNoEntry: false })?.isDirectory()) {
    throw usage(to, `there is no folder ${parent}`, "make it first, or give --to another place");
  }
  if (isInside(realpathSync(parent), request.vault)) {
    throw usage(to, "that is inside the vault", "give --to a place outside of it");
  }
  if (lstatSync(to, { throwIfNoEntry: false })) throw notNew(to);
  const growing = join(parent, `.${basename(to)}.unfinished`);
  if (lstatSync(growing, { throwIfNoEntry: false })) throw leftBehind(to, growing);
  return { to, form, recipients, growing };
}

/** Something stands under the name that was asked for: nothing is ever overwritten. */
export function notNew(to: string): HoldfastError {
  return usage(to, "there is something of that name already", "give --to a new name");
}

function leftBehind(to: string, growing: string): HoldfastError {
  const quoted = `'${growing.replaceAll("'", "'\\''")}'`;
  return usage(
    to,
    `${basename(growing)} is beside it: another export is at work there, or one was killed`,
    `where none is at work, remove what it left: rm -r ${quoted}`,
  );
}

/** Others pack a folder as they like; what is named like a packed one and is none misleads. */
function formOf(to: string): PackageForm {
  const name = basename(to).toLowerCase();
  if (name.endsWith(".tar.age")) return "tar.age";
  if (name.endsWith(".tar")) return "tar";
  const other = /\.(age|zip|7z|rar|t?gz|bz2|xz|zst|tgz)$/.exec(name)?.[0];
  if (other === undefined) return "folder";
  throw usage(
    to,
    `packages are not made as ${other}`,
    "give --to a folder, or a name that ends with .tar or .tar.age",
  );
}

function isInside(parent: string, vault: string): boolean {
  if (!existsSync(vault)) return false;
  return `${parent}${sep}`.startsWith(`${realpathSync(vault)}${sep}`);
}

function usage(to: string, problem: string, hint: string): HoldfastError {
  return new HoldfastError("usage", `exporting to ${to}: ${problem}`, hint);
}
