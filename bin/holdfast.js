#!/usr/bin/env node
import { existsSync, readFileSync, writeSync } from "node:fs";
import { isatty } from "node:tty";

const program = new URL("../dist/cli/main.js", import.meta.url);
const typed = process.argv.slice(2);

if (!existsSync(program)) {
  console.error("holdfast is not built yet\n  hint: run `npm start` once in its folder");
  process.exitCode = 70;
} else if (!saidVersion()) {
  const main = await loaded();
  process.exitCode ??= await main?.(typed, {
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    cwd: process.cwd(),
    // Asked for by few commands, and Node.js takes as long to find it as for a fifth of a short one.
    get zone() {
      return new Intl.DateTimeFormat().resolvedOptions().timeZone;
    },
    ...(isatty(0) ? { ask } : {}),
  });
}

/**
 * Answers whoever asks for the version and nothing else, as scripts do, without the program: to load it takes longer. Where
 * that fails, the program says why.
 */
function saidVersion() {
  if (typed.length !== 1 || !["-V", "--version"].includes(typed[0])) return false;
  try {
    const manifest = readFileSync(new URL("../package.json", import.meta.url), "utf8");
    writeSync(1, `${JSON.parse(manifest).version}\n`);
    return true;
  } catch {
    return false;
  }
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
  const { createInterface } = await import("node:readline/promises");
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await lines.question(question, { signal });
  } finally {
    lines.close();
  }
}
