/** What a platform says of a post that can change while the post stays. Null for what it did not say. */
export interface PostFacts {
  readonly title: string | null;
  readonly description: string | null;
  readonly uploader: string | null;
  readonly seconds: number | null;
  /** PDQ hash of the thumbnail: 64 hex digits. */
  readonly thumbnail: string | null;
}

export interface FactChange {
  readonly what: keyof PostFacts;
  readonly old: string;
  readonly new: string;
}

/**
 * What differs between two sets of facts, with both values. What one of them lacks is no change: platforms leave out fields
 * for who comes from elsewhere. Blanks at the ends of lines, a length that is rounded otherwise and a thumbnail that is
 * compressed anew are none either.
 */
export function changesBetween(before: PostFacts, now: PostFacts): readonly FactChange[] {
  return names.flatMap((what): readonly FactChange[] => {
    const [old, current] = [before[what], now[what]];
    if (old === null || current === null || same(what, old, current)) return [];
    return [{ what, old: String(old), new: String(current) }];
  });
}

const names = ["title", "description", "uploader", "seconds", "thumbnail"] as const;

/** PDQ's own bound: pictures that differ in more of the 256 bits are two pictures. */
const samePictureBits = 31;

function same(what: keyof PostFacts, old: string | number, current: string | number): boolean {
  if (what === "seconds") return Math.abs(Number(old) - Number(current)) <= 1;
  if (what === "thumbnail") return differentBits(String(old), String(current)) <= samePictureBits;
  return folded(String(old)) === folded(String(current));
}

function folded(text: string): string {
  return text
    .normalize("NFC")
    .replace(/[^\S\n]*\r?\n/g, "\n")
    .trim();
}

/** The number of bits in which two hashes differ; all of them where one is no hash. */
function differentBits(one: string, other: string): number {
  if (!/^[0-9a-f]{64}$/.test(one) || !/^[0-9a-f]{64}$/.test(other)) return one === other ? 0 : 256;
  const differing = [...one].map(
    (digit, at) => Number.parseInt(digit, 16) ^ Number.parseInt(other[at] ?? "0", 16),
  );
  return differing.reduce((sum, bits) => sum + (bitsOfNibble[bits] ?? 0), 0);
}

const bitsOfNibble: readonly number[] = [0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4];
