import type { Progress } from "../world.js";
import { type OwnFolders, withoutOwnFolders } from "./own-folders.js";
import { progressBar, progressSentence } from "./progress-line.js";
import { columnsOf, type Terminal, understandsEscapes } from "./terminal.js";

const redrawMs = 100;
const sentenceMs = 3000;
const clearLine = "\r\u001b[2K";
const lineAbove = "\u001b[1A\u001b[2K";

/**
 * Everything the program says goes through here: answers to stdout, words and progress to stderr. On a terminal the
 * progress is one line that is redrawn and cleared before anything else is written; elsewhere it is a sentence
 * every few seconds and never an escape sequence.
 */
export class Screen {
  private readonly io: Terminal;
  private readonly now: () => Date;
  private readonly own: OwnFolders;
  private readonly redraws: boolean;
  private drawnAt: number;
  private drawnStep = "";
  /** Lines of progress that stand on the terminal now. */
  private drawnLines = 0;
  private unwritten: Error | null = null;
  private readonly onError = (error: Error): void => {
    this.unwritten ??= error;
  };

  constructor(io: Terminal, now: () => Date) {
    this.io = io;
    this.now = now;
    this.own = { cwd: io.cwd, home: io.env.HOME ?? null };
    // What is over in a moment needs no sentence.
    this.drawnAt = now().getTime();
    this.redraws = understandsEscapes(io.stderr, io.env);
    for (const stream of [io.stdout, io.stderr]) stream.on?.("error", this.onError);
  }

  /** Throws what kept the answer from being written, unless its reader simply had enough, as `head` has. */
  async finish(): Promise<void> {
    // Streams report what they could not write only after the writing code has returned.
    await new Promise((resolve) => setImmediate(resolve));
    const error = this.unwritten;
    if (error !== null && !("code" in error && error.code === "EPIPE")) throw error;
  }

  /** Writes one line of the answer in words. `line` must be printable. */
  answer(line: string): void {
    this.clear();
    this.io.stdout.write(`${withoutOwnFolders(line, this.own)}\n`);
  }

  /** Writes one line of the answer for a program, as it is. `line` must be printable. */
  data(line: string): void {
    this.clear();
    this.io.stdout.write(`${line}\n`);
  }

  /** Writes one line of words beside the answer. `line` must be printable. */
  note(line: string): void {
    this.clear();
    this.io.stderr.write(`${withoutOwnFolders(line, this.own)}\n`);
  }

  /** Writes text that a library already broke into lines. */
  text(stream: "stdout" | "stderr", text: string): void {
    this.clear();
    this.io[stream].write(text);
  }

  /** Shows a step of the work, unless one was shown a moment ago. */
  progress(progress: Progress): void {
    const at = this.now().getTime();
    if (this.redraws) this.redraw(progress, at);
    else if (at - this.drawnAt >= sentenceMs) {
      this.drawnAt = at;
      this.note(progressSentence(progress));
    }
  }

  private redraw(progress: Progress, at: number): void {
    const step = `${progress.stage} ${progress.subject}`;
    // A new step is shown at once: it may be a long one that says nothing again for a while.
    if (step === this.drawnStep && at - this.drawnAt < redrawMs) return;
    this.drawnAt = at;
    this.drawnStep = step;
    this.draw([progressBar(progress, this.drawingColumns)]);
  }

  /** Whether lines can be drawn again in their place. */
  get isLive(): boolean {
    return this.redraws;
  }

  /** Columns that a drawn line may fill: a full last column makes some terminals wrap, and a wrapped line cannot be cleared. */
  get drawingColumns(): number {
    return columnsOf(this.io.stderr) - 1;
  }

  /** Draws lines in place of those drawn before; each must be printable and fit into `drawingColumns`. */
  draw(lines: readonly string[]): void {
    if (!this.redraws) return;
    this.io.stderr.write(this.erasure() + lines.join("\n"));
    this.drawnLines = lines.length;
  }

  /** Takes what was drawn away. */
  clear(): void {
    if (this.drawnLines === 0) return;
    this.io.stderr.write(this.erasure());
    this.drawnLines = 0;
  }

  private erasure(): string {
    return clearLine + lineAbove.repeat(Math.max(0, this.drawnLines - 1));
  }
}
