import { X509Certificate } from "node:crypto";
import { rootCertificates } from "node:tls";
import { parseAllowedSigners } from "../audit/allowed-signers.js";
import { type Checkpoint, findCheckpoint } from "../audit/checkpoint.js";
import { FormatError, readOr } from "../audit/finding.js";
import type { Trust } from "../audit/log-facts.js";
import type { CheckOutcome } from "../audit/verdict.js";
import { HoldfastError } from "../core/words/error.js";
import { shippedRoots } from "../vault/authority-roots.js";

/** Texts of the files that a checker brought along from elsewhere; null if none was named. */
export interface Brought {
  /** `--against`: older checkpoints, each in whatever it was kept. */
  readonly against: string | readonly string[] | null;
  /** `--signers`: `allowed_signers` as OpenSSH reads it. */
  readonly signers: string | null;
  /** `--tsa-ca`: one or more certificates, as PEM. */
  readonly tsaCa: string | null;
}

/** Of which of it the answers must be shown to the end (FORMAT.md §18). */
export function namedIn({ signers, tsaCa }: Brought): Pick<CheckOutcome, "namedSigners" | "namedRoots"> {
  return { namedSigners: signers !== null, namedRoots: tsaCa !== null };
}

export const nothingBrought: Brought = { against: null, signers: null, tsaCa: null };

/** The checkpoints in the texts of `--against`, one in each. Throws HoldfastError `usage` if one has none, or several. */
export function heldCheckpoints({ against }: Pick<Brought, "against">): readonly Checkpoint[] {
  const texts = typeof against === "string" ? [against] : (against ?? []);
  return orUsage("--against", "give the three lines that 'holdfast checkpoint --show' printed", () =>
    texts.map(findCheckpoint),
  );
}

/**
 * Signers and roots as the audit takes them; if no root is named, those that come with this program, and those of
 * Node.js on the checker's machine. Throws HoldfastError `usage` for a text that holds none.
 */
export function trustOf({ signers, tsaCa }: Pick<Brought, "signers" | "tsaCa">): Trust {
  const list =
    signers === null
      ? null
      : orUsage("--signers", "give the key line that 'holdfast key export' prints", () => {
          const found = parseAllowedSigners(signers);
          if (found.length === 0) throw new FormatError("bad-allowed-signers", "it names no signer");
          return found;
        });
  return {
    signers: list,
    roots:
      tsaCa === null
        ? platformRoots
        : orUsage("--tsa-ca", "give the authority's root certificate", () => certificatesIn(tsaCa)),
    rootsNamed: tsaCa !== null,
  };
}

/** Every certificate of a PEM text, also under OpenSSL's older heading. Throws FormatError `bad-certificate` unless it holds nothing else. */
export function certificatesIn(text: string): readonly string[] {
  const plain = text.replace(/(-----(?:BEGIN|END)) X509 (?=CERTIFICATE-----)/g, "$1 ");
  const found = plain.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (found.length === 0) throw new FormatError("bad-certificate", "it holds no certificate");
  if (found.length !== plain.split("-----BEGIN").length - 1 || !found.every(isCertificate)) {
    throw new FormatError("bad-certificate", "something in it cannot be read as a certificate");
  }
  return found;
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
}

function orUsage<Value>(option: string, hint: string, read: () => Value): Value {
  return readOr(read, (error) => {
    throw new HoldfastError("usage", `reading the file of ${option}: ${error.message}`, hint, error);
  });
}

const shipped: readonly string[] = shippedRoots.map(({ pem }) => pem);

/**
 * The roots that come with this program, and after them those of Node.js, in PEM: for an authority that has none of its
 * own in the settings. What leads to one of the first does not depend on the version of Node.js.
 */
export const platformRoots: readonly string[] = [...shipped, ...rootCertificates];

/** The roots for the answer of an authority: the settings', and beside those that are this program's own also Node's. */
export function rootsFor(own: readonly string[] | undefined): readonly string[] {
  return own === undefined || own.every((root) => shipped.includes(root)) ? platformRoots : own;
}

/** Whether a root of this name comes with this program, and not with Node.js alone. */
export function isShipped(root: string | null): boolean {
  return shippedRoots.some(({ name }) => name === root);
}
