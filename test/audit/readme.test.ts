import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const kernel = join(import.meta.dirname, "../../src/audit");
const readme = readFileSync(join(kernel, "README.md"), "utf8");
const files = readdirSync(kernel).filter((name) => name.endsWith(".ts"));
const linesOf = (name: string) => readFileSync(join(kernel, name), "utf8").split("\n").length - 1;
const linesIn = (names: readonly string[]) => names.reduce((sum, name) => sum + linesOf(name), 0);

/** The files that a part of the reading order names, in order. */
const partsOf = (text: string) =>
  text
    .split(/^### /m)
    .slice(1)
    .map((part) => [...part.matchAll(/^\| `([a-z-]+\.ts)` \|/gm)].map(([, name]) => name ?? ""));

it("the reading order names every file of the kernel once", () => {
  expect(partsOf(readme).flat().sort()).toEqual(files.sort());
});

it("the kernel is as short as its README says: it can be read in an afternoon", () => {
  const [whole = 0, core = 0] = [...readme.matchAll(/at most ([\d,]+)(?: lines|\. )/gi)].map(
    ([, number = ""]) => Number(number.replace(",", "")),
  );
  const parts = partsOf(readme);
  const ofCore = [0, 1, 2, 3, 6].flatMap((part) => parts[part] ?? []);
  for (const [stated, counted] of [
    [whole, linesIn(files)],
    [core, linesIn(ofCore)],
  ] as const) {
    expect(counted).toBeGreaterThan(stated - 300);
    expect(counted).toBeLessThanOrEqual(stated);
  }
});
