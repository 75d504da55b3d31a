import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type CaptureId, isCaptureId } from "../audit/digest.js";

export type VaultLayout = Readonly<ReturnType<typeof vaultLayout>>;

/** Where everything lies in a vault (FORMAT.md §3). Pure: names only, no disk. */
export function vaultLayout(root: string) {
  return {
    root,
    readme: join(root, "README.txt"),
    settings: join(root, "holdfast.json"),
    database: join(root, "vault.db"),
    objects: join(root, "objects"),
    log: join(root, "log"),
    private: join(root, "private"),
    staging: join(root, "staging"),
    writerLock: join(root, "staging", "writer.lock"),
  };
}

/**
 * The object's folder relative to the vault, by OCFL extension 0003 with one tuple of two:
 * `20261123-ABCDEFGH` lies at `objects/<first two hex digits of its SHA-256>/20261123-ABCDEFGH`.
 */
export function objectPath(id: CaptureId): string {
  const digest = createHash("sha256").update(id).digest("hex");
  return `objects/${digest.slice(0, 2)}/${id}`;
}

/**
 * Whether an entry names its object only by the path that follows from the capture's id, and versions only by number.
 */
export function isOwnPlace({ capture, object, version }: Readonly<Record<string, unknown>>): boolean {
  if (object === undefined && version === undefined) return true;
  const own = typeof capture === "string" && isCaptureId(capture) ? objectPath(capture) : null;
  return own !== null && object === own && typeof version === "string" && /^v[1-9]\d*$/.test(version);
}

/** The files that make `objects/` an OCFL 1.1 storage root, with their exact bytes (OCFL §4.1, §4.2). */
export const storageRootFiles: Readonly<Record<string, string>> = {
  "0=ocfl_1.1": "ocfl_1.1\n",
  "ocfl_layout.json": indented({
    extension: "0003-hash-and-id-n-tuple-storage-layout",
    description: "objects/<first two hex digits of the SHA-256 of the capture id>/<capture id>",
  }),
  "extensions/0003-hash-and-id-n-tuple-storage-layout/config.json": indented({
    extensionName: "0003-hash-and-id-n-tuple-storage-layout",
    digestAlgorithm: "sha256",
    tupleSize: 2,
    numberOfTuples: 1,
  }),
};

function indented(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** Inside staging: the working folder of programs that stay open, and the only folder there that is not a capture's. */
export const scratchFolder = "scratch";

/** Whether `root` holds a vault. */
export function isVault(root: string): boolean {
  const layout = vaultLayout(root);
  return existsSync(layout.settings) || existsSync(layout.database);
}
