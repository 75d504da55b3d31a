const headBytes = 256 * 1024;
const tailBytes = 768 * 1024;

/** What a program says, as far as it is kept: the beginning and the end, with a mark for what was left out between them. */
export class KeptWords {
  private readonly head: Buffer[] = [];
  private readonly tail: Buffer[] = [];
  private headRoom = headBytes;
  private tailHeld = 0;
  private leftOut = 0;

  push(chunk: Buffer): void {
    const first = chunk.subarray(0, this.headRoom);
    if (first.length > 0) this.head.push(first);
    this.headRoom -= first.length;
    const rest = chunk.subarray(first.length);
    if (rest.length === 0) return;
    this.tail.push(rest);
    this.tailHeld += rest.length;
    while (this.tail[0] && this.tailHeld - this.tail[0].length > tailBytes) {
      const gone = this.tail.shift()?.length ?? 0;
      this.tailHeld -= gone;
      this.leftOut += gone;
    }
  }

  /** Whole lines on both sides of the mark: of half a line nobody could tell that it holds a secret. */
  bytes(): Buffer {
    const [head, tail] = [Buffer.concat(this.head), Buffer.concat(this.tail)];
    if (this.leftOut === 0) return Buffer.concat([head, tail]);
    const before = head.subarray(0, head.lastIndexOf("\n") + 1);
    const after = tail.subarray(tail.indexOf("\n") + 1);
    const leftOut = this.leftOut + head.length - before.length + tail.length - after.length;
    return Buffer.concat([before, Buffer.from(`[holdfast left out ${leftOut} bytes]\n`), after]);
  }
}
