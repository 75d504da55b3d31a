import { type SpawnSyncReturns, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

/* The verifier in Python that was written from schemas/FORMAT.md alone, where there is a Python on this machine. */

export const hasPython =
  spawnSync("python3", ["-c", "import sqlite3, sys; sys.exit(sys.version_info < (3, 9))"]).status === 0;
const folder = join(import.meta.dirname, "../second-opinion");

/** Runs one of its programs. */
export function python(name: string, argv: readonly string[]): SpawnSyncReturns<string> {
  return spawnSync("python3", ["-B", join(folder, name), ...argv], { encoding: "utf8", maxBuffer: 1 << 26 });
}

type Answer = Pick<SpawnSyncReturns<string>, "status" | "stdout" | "stderr">;

export interface SecondOpinion {
  /** What `verify.py` answers to these words. One question after the other: an answer is awaited before the next. */
  readonly ask: (argv: readonly string[]) => Promise<Answer>;
  readonly end: () => Promise<unknown>;
}

/** verify.py in one process for all its command lines: to start it takes longer than most of what it checks. */
export function openSecondOpinion(): SecondOpinion {
  const child = spawn("python3", ["-B", join(folder, "many.py")], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    ask: async (argv) => {
      child.stdin.write(`${JSON.stringify(argv)}\n`);
      const { value, done } = await lines.next();
      if (done) throw new Error("verify.py has ended");
      return JSON.parse(value);
    },
    end: () => {
      child.stdin.end();
      return once(child, "exit");
    },
  };
}
