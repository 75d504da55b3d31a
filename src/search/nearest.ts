import { nearestWords } from "../core/words/nearest.js";
import { captureIds } from "../vault/index/captures.js";
import { readVault } from "../vault/reader.js";

/** How many letters of an id may be wrong. */
const mostWrong = 2;

/**
 * Whether a vault has a capture that a part of an id names; if not, the ids that it may have been meant for. Letters that
 * no id has are read as the digits that look like them. Only reads. Throws whatever reading throws.
 */
export function capturesNamed(
  vault: string,
  part: string,
): { readonly isHere: boolean; readonly near: readonly string[] } {
  return readVault(vault, ({ database }) => {
    const typed = part.toUpperCase();
    const ids = captureIds(database);
    if (ids.some((id) => id.includes(typed))) return { isHere: true, near: [] };
    const clear = typed.replaceAll(/[IL]/g, "1").replaceAll("O", "0");
    const read = ids.filter((id) => id.includes(clear));
    if (read.length > 0) return { isHere: false, near: read.slice(0, 3) };
    const ends = new Map(ids.map((id) => [clear.includes("-") ? id : id.slice(-clear.length), id]));
    return {
      isHere: false,
      near: nearestWords(clear, ends.keys(), mostWrong).map((end) => ends.get(end) ?? end),
    };
  });
}
