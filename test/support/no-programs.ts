import { createRequire, syncBuiltinESMExports } from "node:module";
import { afterAll, expect } from "vitest";

const processes = createRequire(import.meta.url)("node:child_process") as Record<string, unknown>;
const asked: string[] = [];

// What is refused may be caught by the code under test, so the file fails at its end as well.
for (const name of ["exec", "execFile", "execFileSync", "execSync", "fork", "spawn", "spawnSync"]) {
  processes[name] = (program: unknown) => {
    asked.push(`${name} ${String(program)}`);
    throw new Error(`${name} ${String(program)}: files that start programs are listed in vitest.config.ts`);
  };
}
syncBuiltinESMExports();

afterAll(() => {
  expect(asked, "files that start programs are listed in vitest.config.ts").toEqual([]);
});
