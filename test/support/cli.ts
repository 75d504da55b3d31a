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
  let stdout = "";
  let stderr = "";
  const status = await main(argv, {
    stdout: { write: (text: string) => ((stdout += text), true), isTTY: false, columns: 100 },
    stderr: { write: (text: string) => ((stderr += text), true), isTTY: false, columns: 100 },
    env: { ...process.env, HOLDFAST_ALLOW_PRIVATE: "1", ...env },
    cwd: process.cwd(),
  });
  const lines = argv.includes("--json")
    ? stdout
        .trim()
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line))
    : [];
  return { status, stdout, stderr, lines };
}
