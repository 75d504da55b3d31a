import { existsSync } from "node:fs";
import { join } from "node:path";

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
