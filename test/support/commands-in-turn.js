// Runs command lines of holdfast one after the other in one process, as FILE lists them: [{ argv, env, human }, ...] in JSON,
// each with --json where `human` is not set. The word ID stands for the capture that came last. Prints one line of JSON with the exit statuses, what each command printed and what
// went to stderr.
import { readFileSync } from "node:fs";
import { main } from "../../dist/cli/main.js";

let id = "";
const statuses = [];
const printed = [];
const said = [];
for (const { argv, env, human } of JSON.parse(readFileSync(process.argv[2], "utf8"))) {
  const text = [];
  const silent = { isTTY: false, columns: 100, write: () => true };
  const stdout = { ...silent, write: (words) => text.push(words) > 0 };
  const stderr = { ...silent, write: (words) => said.push(words) > 0 };
  const words = argv.map((word) => (word === "ID" ? id : word));
  const io = { stdout, stderr, env: { ...process.env, ...env }, cwd: process.cwd() };
  statuses.push(await main(human ? words : [...words, "--json"], io));
  printed.push(text.join(""));
  id = /"id":"(\d{8}-[0-9A-Z]{8})"/.exec(text.join(""))?.[1] ?? id;
}
process.stdout.write(`${JSON.stringify({ statuses, printed, said: said.join("") })}\n`);
