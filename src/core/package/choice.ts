/** A checkpoint of the vault, as far as it decides whether a package holds it. */
export interface OfferedCheckpoint {
  readonly size: number;
  /** Of its logged tokens. */
  readonly tokens: readonly ("granted" | "pending" | "complete")[];
}

/**
 * The sizes of the checkpoints that a package holds (FORMAT.md §17), ascending: for each chosen capture the oldest that
 * covers its first entry and has a token, for each rotation the one that endorses it, and the newest. `firsts` are the
 * captures' first entries, `rotations` the entries that named another key; `offered` is ascending and has only signed
 * ones.
 */
export function chooseCheckpoints(
  offered: readonly OfferedCheckpoint[],
  firsts: readonly number[],
  rotations: readonly number[],
): readonly number[] {
  const sizes = offered.map(({ size }) => size);
  const stamped = offered.filter(({ tokens }) => tokens.length > 0).map(({ size }) => size);
  // A calendar's promise shows no time, so the oldest token that does is worth having beside it.
  const timed = offered
    .filter(({ tokens }) => tokens.some((status) => status !== "pending"))
    .map(({ size }) => size);
  const chosen = firsts.flatMap((first) => {
    const covering = firstFrom(stamped, first) ?? firstFrom(sizes, first);
    return [covering, firstFrom(timed, first)].filter((size) => size !== undefined);
  });
  const endorsing = offered.filter(({ size }) => rotations.includes(size)).map(({ size }) => size);
  const newest = offered.slice(-1).map(({ size }) => size);
  return [...new Set([...chosen, ...endorsing, ...newest])].sort((a, b) => a - b);
}

/** The smallest of these ascending sizes that covers an entry, found by bisection: a package may have many of both. */
function firstFrom(sizes: readonly number[], entry: number): number | undefined {
  let [low, high] = [0, sizes.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sizes[middle] ?? 0) < entry) low = middle + 1;
    else high = middle;
  }
  return sizes[low];
}

/** The bytes of `<seq>.proof`: how entry `seq` leads to the root over the first `size` lines (FORMAT.md §17). */
export function encodeInclusionProof(seq: number, size: number, hashes: readonly Uint8Array[]): string {
  const lines = [
    "holdfast-inclusion 1",
    seq,
    size,
    ...hashes.map((hash) => Buffer.from(hash).toString("hex")),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

/** The name of a package and of the one folder in its tar file: nothing in it comes from this machine. */
export function packageName(captures: readonly string[]): string {
  const [first = "", ...others] = [...captures].sort();
  return others.length === 0 ? `holdfast-${first}` : `holdfast-${first}-and-${others.length}-more`;
}
