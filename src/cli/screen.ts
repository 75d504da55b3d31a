import { displayWidth } from "../core/words/printable.js";
import type { Progress } from "../world.js";
import { type OwnFolders, withoutOwnFolders } from "./own-folders.js";
import { progressBar, progressSentence } from "./progress-line.js";
import { type Style, styleFor } from "./style.js";
import { columnsOf, type Terminal, understandsEscapes } from "./terminal.js";
import { wrap } from "./text-layout.js";

const redrawMs = 100;
const sentenceMs = 3000;
const clearLine = "\r\u001b[2K";
const lineAbove = "\u001b[1A\u001b[2K";

/**
 * Prints everything the program says: answers on stdout, messages and progress on stderr. On a terminal the progress is
 * one line, redrawn and cleared before other output; elsewhere it is a sentence every few seconds, without escape
 * sequences.
 */
export class Screen {
  private readonly io: Terminal;
  private readonly now: () => Date;
  private readonly own: OwnFolders;
  private readonly redraws: boolean;
  private readonly style: Style;
  private drawnAt: number;
  private drawnStep = "";
  /** The number of progress lines now on the terminal. */
  private drawnLines = 0;
  private unwritten: Error | null = null;
  private readonly onError = (error: Error): void => {
    this.unwritten ??= error;
  };

  /** `wantsColor`: false where somebody refused colour on the command line. */
  constructor(io: Terminal, now: () => Date, wantsColor = true) {
    this.io = io;
    this.now = now;
    this.own = { cwd: io.cwd, home: io.env.HOME ?? null };
    // A step that ends at once needs no sentence.
    this.drawnAt = now().getTime();
    this.redraws = understandsEscapes(io.stderr, io.env);
    this.style = styleFor(io.stderr, io.env, wantsColor);
    for (const stream of [io.stdout, io.stderr]) stream.on?.("error", this.onError);
  }

  /** Throws the error that prevented an answer, unless the reader only closed the pipe early, as `head` does. */
  async finish(): Promise<void> {
    // Streams report write errors only after the writing code has returned.
    await new Promise((resolve) => setImmediate(resolve));
    const error = this.unwritten;
    if (error !== null && !("code" in error && error.code === "EPIPE")) throw error;
  }

  /** Writes one line of the answer for a person. `line` must be printable. */
  answer(line: string): void {
    this.clear();
    this.io.stdout.write(`${withoutOwnFolders(line, this.own)}\n`);
  }

  /** Writes one line of the answer for a program, unchanged. `line` must be printable. */
  data(line: string): void {
    this.clear();
    this.io.stdout.write(`${line}\n`);
  }

  /**
   * Writes one line of a message to stderr, on a terminal wrapped between its words; a file gets it as one line, to be
   * searched. `line` must be printable.
   */
  note(line: string): void {
    this.say(line, (text) => text);
  }

  /** Writes the lines of an error in the same way, the first in red. Each must be printable. */
  error([first = "", ...rest]: readonly string[]): void {
    this.say(first, this.style.bad);
    for (const line of rest) this.note(line);
  }

  private say(line: string, paint: (text: string) => string): void {
    this.clear();
    const shown = withoutOwnFolders(line, this.own);
    const lines = wrapped(shown, columnsOf(this.io.stderr));
    this.io.stderr.write(`${lines.map(paint).join("\n")}\n`);
  }

  /** Writes text that a library has already broken into lines. */
  text(stream: "stdout" | "stderr", text: string): void {
    this.clear();
    this.io[stream].write(text);
  }

  /** Shows a step of the work, unless one was shown very recently. */
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
    // A new step appears at once, because it may run long before it reports again.
    if (step === this.drawnStep && at - this.drawnAt < redrawMs) return;
    this.drawnAt = at;
    this.drawnStep = step;
    this.draw([progressBar(progress, this.drawingColumns)]);
  }

  /** Whether lines can be redrawn in place. */
  get isLive(): boolean {
    return this.redraws;
  }

  /**
   * Columns that a drawn line may fill. Some terminals wrap at a full last column, and a wrapped line cannot be
   * cleared.
   */
  get drawingColumns(): number {
    return columnsOf(this.io.stderr) - 1;
  }

  /** Replaces the lines drawn before; each line must be printable and fit into `drawingColumns`. */
  draw(lines: readonly string[]): void {
    if (!this.redraws) return;
    this.io.stderr.write(this.erasure() + lines.join("\n"));
    this.drawnLines = lines.length;
  }

  /** Clears the drawn lines. */
  clear(): void {
    if (this.drawnLines === 0) return;
    this.io.stderr.write(this.erasure());
    this.drawnLines = 0;
  }

  private erasure(): string {
    return clearLine + lineAbove.repeat(Math.max(0, this.drawnLines - 1));
  }
}

const furtherIndent = 4;

/** What follows in further lines stands deeper than the line itself, so that the next message is told apart. */
function wrapped(line: string, columns: number): readonly string[] {
  if (displayWidth(line) <= columns) return [line];
  const text = line.trimStart();
  const indent = " ".repeat(line.length - text.length);
  const deeper = indent + " ".repeat(furtherIndent);
  const [first = "", ...rest] = wrap(text, columns - deeper.length);
  return [indent + first, ...rest.map((more) => deeper + more)];
}
