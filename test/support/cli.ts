import { main } from "../../src/cli/main.js";

export interface CliRun {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  /** The JSON lines of stdout. */
  readonly lines: readonly Record<string, unknown>[];
}

/** Runs a command line in this process and collects what it says. Loopback is allowed: the test site lives there. */
export async function holdfast(argv: readonly string[], env: Record<string, string> = {}): Promise<CliRun> {
  const out = new Collected();
  const err = new Collected();
  const status = await main(argv, {
    stdout: out,
    stderr: err,
    env: { ...process.env, HOLDFAST_ALLOW_PRIVATE: "1", ...env },
    cwd: process.cwd(),
  });
  const stdout = out.text;
  const stderr = err.text;
  const lines = argv.includes("--json")
    ? stdout
        .trim()
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line))
    : [];
  return { status, stdout, stderr, lines };
}

/** A stream that is no terminal and keeps what is written to it. */
class Collected {
  readonly isTTY = false;
  readonly columns = 100;
  text = "";

  write(text: string): boolean {
    this.text += text;
    return true;
  }
}
