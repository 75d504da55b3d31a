/**
 * A picture reduced to 9 columns × 8 rows of RGB, row by row, 216 bytes: enough to compare two frames by structure
 * and by colour.
 */
export type Look = Uint8Array;

export const lookWidth = 9;
export const lookHeight = 8;
export const lookBytes = lookWidth * lookHeight * 3;

/** Two hashes at most this far apart, of 64 bits, show nearly the same structure (EVIDENCE §6). */
const nearDistance = 5;

// Mean difference per colour value, 0 to 255. Flat pictures of different colours share one hash, so colour counts too.
const nearColour = 8;
const sameColour = 2;
const sameWorstCell = 8;

/**
 * The 64-bit difference hash as 16 hex digits: row by row, from the left, a bit is 1 where the right one of two
 * neighbouring cells is brighter (luma of ITU-R BT.601).
 */
export function dhash(look: Look): string {
  let hex = "";
  for (let row = 0; row < lookHeight; row++) {
    let bits = 0;
    for (let column = 0; column < lookWidth - 1; column++) {
      const cell = row * lookWidth + column;
      bits = bits * 2 + (luma(look, cell + 1) > luma(look, cell) ? 1 : 0);
    }
    hex += bits.toString(16).padStart(2, "0");
  }
  return hex;
}

function luma(look: Look, cell: number): number {
  const at = cell * 3;
  return 299 * (look[at] ?? 0) + 587 * (look[at + 1] ?? 0) + 114 * (look[at + 2] ?? 0);
}

/** How many of the 64 bits of two hashes (16 hex digits each) differ. */
export function hashDistance(a: string, b: string): number {
  let different = BigInt(`0x${a}`) ^ BigInt(`0x${b}`);
  let count = 0;
  while (different > 0n) {
    count += Number(different & 1n);
    different >>= 1n;
  }
  return count;
}

/** Mean difference per colour value of two looks, 0 (equal) to 255. */
export function colourDifference(a: Look, b: Look): number {
  let sum = 0;
  for (let at = 0; at < lookBytes; at++) sum += Math.abs((a[at] ?? 0) - (b[at] ?? 0));
  return sum / lookBytes;
}

/**
 * Whether two frames look nearly the same: hashes at most `nearDistance` apart with nearly the same colours, or colours
 * so equal that the hash only compares noise (a black frame beside a black frame).
 */
export function nearIdentical(a: Look, b: Look): boolean {
  const colour = colourDifference(a, b);
  if (colour <= sameColour && worstCell(a, b) <= sameWorstCell) return true;
  return colour <= nearColour && hashDistance(dhash(a), dhash(b)) <= nearDistance;
}

function worstCell(a: Look, b: Look): number {
  let worst = 0;
  for (let at = 0; at < lookBytes; at++) worst = Math.max(worst, Math.abs((a[at] ?? 0) - (b[at] ?? 0)));
  return worst;
}
