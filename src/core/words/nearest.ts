/** How many letters must be changed, added, left out or exchanged with their neighbour to make one word of the other. */
export function editDistance(one: string, other: string): number {
  const [a, b] = [[...one], [...other]];
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (const [row, letter] of a.entries()) {
    const next = [row + 1];
    for (const [at, compared] of b.entries()) {
      const changed = (last[at] ?? 0) + (letter === compared ? 0 : 1);
      const isSwap = row > 0 && at > 0 && letter === b[at - 1] && a[row - 1] === compared;
      next.push(
        Math.min(
          changed,
          (last[at + 1] ?? 0) + 1,
          (next[at] ?? 0) + 1,
          ...(isSwap ? [(before[at - 1] ?? 0) + 1] : []),
        ),
      );
    }
    [before, last] = [last, next];
  }
  return last[b.length] ?? 0;
}

/** Of the words that take at most `most` changes to be `typed`, those that take the fewest; at most three. */
export function nearestWords(typed: string, words: Iterable<string>, most: number): readonly string[] {
  let least = most;
  let near: string[] = [];
  for (const word of words) {
    if (Math.abs(word.length - typed.length) > least) continue;
    const changes = editDistance(typed, word);
    if (changes > least) continue;
    if (changes < least) near = [];
    least = changes;
    near.push(word);
  }
  return near.slice(0, 3);
}
