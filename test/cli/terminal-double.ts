import { main } from "../../src/cli/main.js";
import type { Terminal } from "../../src/cli/terminal.js";

/** A terminal that keeps what was written, each end by itself and both in order. */
export interface Captured extends Terminal {
  readonly written: { stdout: string; stderr: string; both: string };
}

/**
 * A pipe unless `columns` are given; then a terminal of that width. Without `env` its keys and its remembered vault
 * are those of the run of tests, not those of whoever runs them.
 */
export function capturedTerminal(
  options: { readonly columns?: number; readonly env?: Terminal["env"]; readonly cwd?: string } = {},
): Captured {
  const written = { stdout: "", stderr: "", both: "" };
  const stream = (name: "stdout" | "stderr") => ({
    isTTY: options.columns !== undefined,
    columns: options.columns,
    write(text: string): void {
      written[name] += text;
      written.both += text;
    },
  });
  return {
    stdout: stream("stdout"),
    stderr: stream("stderr"),
    env: options.env ?? { XDG_CONFIG_HOME: process.env.XDG_CONFIG_HOME },
    cwd: options.cwd ?? "/nonexistent",
    written,
  };
}

/** Runs a command line in this process. */
export async function runCli(argv: readonly string[], io: Captured = capturedTerminal()) {
  const status = await main(argv, io);
  return { status, ...io.written };
}

/** What a hostile uploader would choose as a title. */
export const hostileTitle =
  "\u001b[2J\u001b]0;owned\u0007\r\nholdfast: as recorded\u202e\u200b\0\ud83d".padEnd(10_000, "ы");

/** The characters of SECURITY TX-01 and TX-08; a line feed only ever ends a line of our own. */
export const dangerous =
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/u;
