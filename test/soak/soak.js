// Repeats the trials of the tests with new seeds for a given time: `npm run soak -- --minutes 30 --seed 7 [name...]`.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

const workers = 2;

process.exitCode = await soak(process.argv.slice(2));

/** Exit status 1 when a round failed, 2 for words that make no sense. */
async function soak(words) {
  const asked = readWords(words);
  if (typeof asked === "string") {
    console.error(
      `${asked}\nnpm run soak -- --minutes 30 --seed 7 [name...]\nthere are: ${names().join(", ")}`,
    );
    return 2;
  }
  const { minutes, seed, chosen } = asked;
  const folder = mkdtempSync(join(tmpdir(), "holdfast-soak-"));
  const figures = join(folder, "figures.jsonl");
  console.log(`holdfast soak: ${minutes} minutes, seed ${seed}, ${chosen.join(", ")}`);
  const began = Date.now();
  try {
    const status = await run(chosen, {
      HOLDFAST_SOAK_SEED: String(seed),
      HOLDFAST_SOAK_MS: String(
        Math.round((minutes * 60_000 * Math.min(workers, chosen.length)) / chosen.length),
      ),
      HOLDFAST_SOAK_FIGURES: figures,
    });
    print(figures, seed, (Date.now() - began) / 60_000);
    return status === 0 ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function names() {
  return readdirSync(import.meta.dirname)
    .filter((name) => name.endsWith(".soak.ts"))
    .map((name) => name.slice(0, -".soak.ts".length));
}

/** What was asked for, or a sentence about what is wrong with it. */
function readWords(words) {
  let read;
  try {
    read = parseArgs({
      args: words,
      options: { minutes: { type: "string", default: "10" }, seed: { type: "string", default: "1" } },
      allowPositionals: true,
    });
  } catch (error) {
    return error.message;
  }
  const [minutes, seed] = [Number(read.values.minutes), Number(read.values.seed)];
  if (!(minutes > 0) || !Number.isFinite(minutes)) return "--minutes takes a number above 0";
  if (!Number.isSafeInteger(seed) || seed < 0) return "--seed takes a whole number";
  const unknown = read.positionals.filter((name) => !names().includes(name));
  if (unknown.length > 0) return `no such trial: ${unknown.join(", ")}`;
  return { minutes, seed, chosen: read.positionals.length === 0 ? names() : read.positionals };
}

async function run(chosen, env) {
  const vitest = join(import.meta.dirname, "../../node_modules/vitest/vitest.mjs");
  const files = chosen.map((name) => join(import.meta.dirname, `${name}.soak.ts`));
  const child = spawn(
    process.execPath,
    [vitest, "run", "--config", join(import.meta.dirname, "vitest.config.ts"), ...files],
    { stdio: "inherit", env: { ...process.env, ...env } },
  );
  const [code] = await once(child, "exit");
  return code;
}

function print(figures, seed, minutes) {
  console.log(`\nholdfast soak: seed ${seed}, ${minutes.toFixed(1)} minutes`);
  const lines = existsSync(figures) ? readFileSync(figures, "utf8").trim().split("\n") : [];
  for (const line of lines) {
    const { claim, rounds, failed, figures: sums } = JSON.parse(line);
    const counted = Object.entries(sums).map(([name, sum]) => `${name} ${sum.toLocaleString("en")}`);
    console.log(`  ${claim}`);
    console.log(`    rounds ${rounds.toLocaleString("en")}${counted.map((words) => `, ${words}`).join("")}`);
    if (failed !== null) console.log(`    FAILED: HOLDFAST_SOAK_ROUND=${failed} runs that round alone`);
  }
}
