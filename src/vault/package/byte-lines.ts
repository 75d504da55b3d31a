const lineFeed = 0x0a;

/** Lines with their line feed; the last may have none. Null, and then no more, for one that is longer than `longest`. */
export function* linesOf(blocks: Iterable<Buffer>, longest: number): Generator<Buffer | null> {
  let begun: Buffer[] = [];
  let length = 0;
  for (const block of blocks) {
    for (let start = 0; start < block.length; ) {
      const end = block.indexOf(lineFeed, start);
      const part = block.subarray(start, end === -1 ? block.length : end + 1);
      begun.push(Buffer.from(part));
      length += part.length;
      if (length > longest) {
        yield null;
        return;
      }
      if (end !== -1) {
        yield Buffer.concat(begun);
        [begun, length] = [[], 0];
      }
      start += part.length;
    }
  }
  if (length > 0) yield Buffer.concat(begun);
}
