import { basename, join } from "node:path";
import type Database from "better-sqlite3";
import { isJsonObject, parseForeignJson } from "../../audit/canonical-json.js";
import { isCaptureId, sha256 } from "../../audit/digest.js";
import { holdsWordsAnywhere, queryWords } from "../../core/capture/folded-text.js";
import { readQuietly } from "../digest-file.js";
import type { VaultLayout } from "../layout.js";
import type { CaptureRowRecord } from "./captures.js";

type Named = Pick<CaptureRowRecord, "id" | "method" | "annex_sha256">;

/**
 * The name that an imported file had where it lay, for a user of this vault. It stands in the private annex (FORMAT.md
 * §9) and not in the index. Null for a fetched capture, and if the logged annex is not here.
 */
export function localName(layout: VaultLayout, { id, method, annex_sha256 }: Named): string | null {
  if (method !== "import" || !isCaptureId(id)) return null;
  try {
    const bytes = readQuietly(join(layout.private, id, "annex.json"));
    if (sha256(bytes) !== annex_sha256) return null;
    const annex = parseForeignJson(bytes.toString("utf8"));
    const places = isJsonObject(annex) && isJsonObject(annex.places ?? null) ? annex.places : null;
    const path = Object.entries(places ?? {}).find(([mark]) => mark === "<imported file>")?.[1];
    return typeof path === "string" ? basename(path) : null;
  } catch {
    // Missing, or not an annex: a check says whether it should be here.
    return null;
  }
}

/**
 * The entries of the imports whose local name, together with what the index holds of them, has every word of the text,
 * and whose name alone has at least one of the words. Reads the annex of every import.
 */
export function entriesNamed(
  layout: VaultLayout,
  database: Database.Database,
  text: string,
): readonly number[] {
  const words = queryWords(text);
  if (words.length === 0) return [];
  const query = `SELECT c.id, c.method, c.annex_sha256, c.entry,
       concat_ws(char(10), t.title, t.description, t.uploader, t.notes) AS texts
     FROM capture AS c LEFT JOIN capture_text AS t ON t.rowid = c.entry WHERE c.method = 'import'`;
  const rows = database.prepare<[], Named & { entry: number; texts: string }>(query).all();
  return rows
    .filter((row) => {
      const name = localName(layout, row);
      return (
        name !== null &&
        words.some((word) => holdsWordsAnywhere(name, [word])) &&
        holdsWordsAnywhere(`${name}\n${row.texts}`, words)
      );
    })
    .map(({ entry }) => entry);
}
