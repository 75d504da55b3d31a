#!/usr/bin/env node
import { existsSync } from "node:fs";
import { createInterface } from "node:readline/promises";

const program = new URL("../dist/cli/main.js", import.meta.url);

if (existsSync(program)) {
  const main = await loaded();
  process.exitCode ??= await main?.(process.argv.slice(2), {
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    cwd: process.cwd(),
    zone: new Intl.DateTimeFormat().resolvedOptions().timeZone,
    ...(process.stdin.isTTY ? { ask } : {}),
  });
} else {
  console.error("holdfast is not built yet\n  hint: run `npm start` once in its folder");
  process.exitCode = 70;
}

/** Loads the program; null if it cannot be read. Node.js itself would exit with 1, which means evidence is not as recorded. */
async function loaded() {
  try {
    return (await import(program.href)).main;
  } catch (error) {
    console.error(`holdfast: loading the program: ${error.message}`);
    const isFull = error.code === "EMFILE" || error.code === "ENFILE";
    if (isFull) console.error("  hint: raise the limit of open files (ulimit -n)");
    process.exitCode = isFull ? 4 : 70;
    return null;
  }
}

async function ask(question, signal) {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await lines.question(question, { signal });
  } finally {
    lines.close();
  }
}
