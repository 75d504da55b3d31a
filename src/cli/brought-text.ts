import { X509Certificate } from "node:crypto";
import { statSync } from "node:fs";
import { readNamedQuietly } from "../vault/named-file.js";

/** The files that a checker brings are small; a larger one is the wrong file. */
const largestBrought = 4 * 1024 * 1024;

/**
 * Reads a text file that the checker brings along: a checkpoint, a key line, a root certificate. Does not change its access
 * time, as with the files being checked. Throws an error that says why the file is unusable.
 */
export function broughtText(path: string): string {
  return broughtBytes(path).toString("utf8");
}

/** The same of root certificates, as PEM: the file is PEM, or one certificate in DER. */
export function broughtCertificates(path: string): string {
  const bytes = broughtBytes(path);
  // With the tag of a sequence no text begins that holds PEM, unless it is the digit 0.
  return bytes[0] === 0x30 && bytes.includes(0) ? pemOf(bytes) : bytes.toString("utf8");
}

function pemOf(der: Buffer): string {
  const certificate = certificateOf(der);
  if (certificate?.raw.length !== der.length) throw new Error("it is not one certificate in DER");
  return certificate.toString();
}

function certificateOf(der: Buffer): X509Certificate | null {
  try {
    return new X509Certificate(der);
  } catch {
    return null;
  }
}

/** The bytes of a file that the checker brings along. Throws likewise. */
export function broughtBytes(path: string): Buffer {
  const found = statSync(path);
  // A pipe or a device might never end.
  if (!found.isFile()) throw new Error("it is not a regular file");
  if (found.size > largestBrought) throw new Error("it is too large");
  return readNamedQuietly(path);
}
