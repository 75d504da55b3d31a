// Appends annotations to one vault, a few each time that it opens it, and says "ack NUMBER OF ENTRY" after each.
// node appender.js VAULT CAPTURE NAME TURNS EACH
import { randomBytes } from "node:crypto";
import { writeSync } from "node:fs";
import { logAnnotation } from "../../dist/capture/annotate.js";
import { openOrMake } from "../../dist/seal/open-vault.js";
import { closeVault } from "../../dist/vault/vault.js";

const [root, capture, name, turns, each] = process.argv.slice(2);
const world = {
  now: () => new Date(),
  monotonic: () => performance.now(),
  random: (bytes) => new Uint8Array(randomBytes(bytes)),
  signal: new AbortController().signal,
  env: process.env,
  tool: "holdfast/0.0.0-test",
  progress: () => undefined,
  tell: () => undefined,
};

for (let turn = 0; turn < Number(turns); turn += 1) {
  const vault = await openOrMake(root, world);
  try {
    for (let count = 0; count < Number(each); count += 1) {
      const entry = logAnnotation(vault, capture, { [name]: `${turn}.${count}` }, "command line");
      writeSync(1, `ack ${entry?.seq}\n`);
    }
  } finally {
    closeVault(vault);
  }
  // The others look for the lock five times a second.
  await new Promise((resolve) => setTimeout(resolve, 250));
}
