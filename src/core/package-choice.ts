/** A checkpoint of the vault, as far as it matters for whether a package holds it. */
export interface OfferedCheckpoint {
  readonly size: number;
  /** Of its logged tokens. */
  readonly tokens: readonly ("granted" | "pending" | "complete")[];
}

/**
 * The sizes of the checkpoints that a package holds (FORMAT.md §17), ascending: for each chosen capture the oldest that
 * covers its first entry and has a token, the one that endorses each rotation, and the newest. `firsts` are the captures'
 * first entries, `rotations` the entries that named another key; `offered` is ascending and has only signed ones.
 */
export function chooseCheckpoints(
  offered: readonly OfferedCheckpoint[],
  firsts: readonly number[],
  rotations: readonly number[],
): readonly number[] {
  const chosen = firsts.flatMap((first) => {
    const covering = offered.filter(({ size }) => size >= first);
    const stamped = covering.find(({ tokens }) => tokens.length > 0) ?? covering[0];
    // A promise of a calendar shows no time: the oldest that does is worth having beside it.
    const timed = covering.find(({ tokens }) => tokens.some((status) => status !== "pending"));
    return [stamped, timed].flatMap((one) => one?.size ?? []);
  });
  const endorsing = offered.filter(({ size }) => rotations.includes(size)).map(({ size }) => size);
  const newest = offered.slice(-1).map(({ size }) => size);
  return [...new Set([...chosen, ...endorsing, ...newest])].sort((a, b) => a - b);
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

/** The one folder in a tar file, and the name that a package goes by: nothing in it comes from this machine. */
export function packageName(captures: readonly string[]): string {
  const [first = "", ...others] = [...captures].sort();
  return others.length === 0 ? `holdfast-${first}` : `holdfast-${first}-and-${others.length}-more`;
}
