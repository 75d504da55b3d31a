import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { isCaptureId } from "../../audit/digest.js";
import { captureById } from "../index/captures.js";
import type { Vault } from "../vault.js";

type Known = Pick<Vault, "layout" | "database">;

/** Objects, and versions of objects, that no entry names; their paths relative to the vault. */
export function unnamedObjects({ layout, database }: Known): readonly string[] {
  return folders(layout.objects)
    .filter((name) => /^[0-9a-f]{2}$/.test(name))
    .flatMap((tuple) =>
      folders(join(layout.objects, tuple)).map((id) => ({ path: `objects/${tuple}/${id}`, id })),
    )
    .flatMap(({ path, id }) => {
      const row = isCaptureId(id) ? captureById(database, id) : undefined;
      if (row?.object !== path) return [path];
      const known = versionNumber(row.version ?? "");
      return folders(join(layout.root, path))
        .filter((version) => versionNumber(version) > known)
        .map((version) => `${path}/${version}`);
    });
}

/** Annexes that no entry names; their paths relative to the vault. */
export function unnamedAnnexes({ layout, database }: Known): readonly string[] {
  return folders(layout.private)
    .filter((id) => !isCaptureId(id) || captureById(database, id) === undefined)
    .map((id) => `private/${id}`);
}

function versionNumber(name: string): number {
  return /^v[1-9]\d{0,8}$/.test(name) ? Number(name.slice(1)) : 0;
}

function folders(path: string): readonly string[] {
  if (!existsSync(path)) return [];
  return readdirSync(path, { withFileTypes: true })
    .filter((item) => item.isDirectory())
    .map(({ name }) => name)
    .sort();
}
