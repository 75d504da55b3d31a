import { main } from "../../src/cli/main.js";
import { steeringIn } from "./hostile-texts.js";
import { goToMachineOf } from "./machines.js";

export interface CliRun {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  /** The JSON lines of stdout. */
  readonly lines: readonly Record<string, unknown>[];
}

/**
 * Runs a command line in this process and collects what it says. Loopback is allowed: the test site lives there. Throws
 * where it says anything that steers a terminal: so every test that uses this holds that claim too.
 */
export async function holdfast(argv: readonly string[], env: Record<string, string> = {}): Promise<CliRun> {
  const named = argv[argv.indexOf("--vault") + 1];
  if (argv.includes("--vault") && named !== undefined) goToMachineOf(named);
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
  // A CSV table begins with a byte order mark and ends its lines with both.
  const said = stdout.replace(/^\ufeff/, "").replaceAll("\r\n", "\n") + stderr;
  const steering = steeringIn(said);
  if (steering !== null) throw new Error(`a terminal would obey this: ${steering}`);
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
