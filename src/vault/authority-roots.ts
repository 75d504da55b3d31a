import { readFileSync } from "node:fs";

/** A root certificate that comes with this program: of an authority that is asked if nobody chose any. */
export interface ShippedRoot {
  /** The authority's name in the settings. */
  readonly authority: string;
  /** The common name in the certificate. */
  readonly name: string;
  /** When it ends, RFC 3339. */
  readonly ends: string;
  /** Of the certificate in DER. */
  readonly sha256: string;
  readonly pem: string;
}

/** `schemas/authority-roots.json`. What a verdict rests on is the same with every version of Node.js then. */
export const shippedRoots: readonly ShippedRoot[] = JSON.parse(
  readFileSync(new URL("../../schemas/authority-roots.json", import.meta.url), "utf8"),
).roots;

/** Those of one authority, in PEM. */
export function shippedRootsOf(authority: string): readonly string[] {
  return shippedRoots.filter((root) => root.authority === authority).map(({ pem }) => pem);
}
