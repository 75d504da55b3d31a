import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { holdfastCommand, jsonLines } from "./holdfast.js";
import { needSpace, root } from "./machine.js";
import { CannotRun, runWhole } from "./processes.js";
import { median, megabytes, say, sayBelow, seconds } from "./report.js";

/** Entries of the log; `HOLDFAST_BENCH_ENTRIES` takes another number where the machine is small or the time is short. */
const entries = Number(process.env.HOLDFAST_BENCH_ENTRIES ?? 1_000_000);

/** What a log of a million entries may cost (DESIGN §9), in seconds. Memory has no budget of its own. */
const budgets = { verify: 15, proof: 0.1, list: 0.3, find: 0.3 };

/**
 * A long log: all of it checked, one entry proven, its newest captures listed, and those of one site. Then one in which
 * captures are looked for, by what is in all of them, in some and in few.
 */
export async function benchLog({ folder }) {
  needSpace(5000 * entries);
  const vault = join(folder, "vault");
  say(`-- a log of ${entries} entries, half of them attempts with their runs; making it takes a while`);
  make(vault);
  const whole = await verify(vault);
  sayFigure("holdfast verify", whole, budgets.verify, `peak ${megabytes(whole.ownPeak)}`);
  const inside = await insideFigures(vault);
  sayFigure("one inclusion proof", inside.proof, budgets.proof, "without the start of the program");
  sayFigure("the newest 50 captures", inside.list, budgets.list, "likewise");
  sayFigure("the newest 50 of one site", inside.find, budgets.find, "likewise");
  const searched = join(folder, "searched");
  say(
    `-- another of ${entries}, half of them captures with files, a sixth with notes; making it takes a while`,
  );
  make(searched, "captures");
  for (const [what, took] of await findFigures(searched)) sayFigure(what, took, budgets.find, "likewise");
  const started = await runWhole(holdfastCommand(vault, ["list", "--limit", "50"]));
  say(`  holdfast list --limit 50: ${seconds(started.seconds)} with the start of the program`);
}

function make(vault, kind = "attempts") {
  const maker = join(root, "test", "bench", "make-log.js");
  const env = { ...process.env, HOLDFAST_OFFLINE: "1", XDG_CONFIG_HOME: join(vault, "..", "config") };
  const made = spawnSync(process.execPath, [maker, vault, String(entries), kind], { env, encoding: "utf8" });
  if (made.status !== 0) throw new CannotRun(`the log could not be made: ${made.stderr.slice(-500)}`);
}

async function verify(vault) {
  const run = await runWhole(holdfastCommand(vault, ["verify"]));
  const report = jsonLines(run.stdout).at(-1);
  if (report?.ok && report.checked.entries === entries && report.signature === "pass") return run;
  throw new CannotRun(`verify did not check ${entries} entries: ${JSON.stringify(report).slice(0, 500)}`);
}

/** Median seconds of each question, asked of an open vault. */
async function insideFigures(vault) {
  const built = (path) => import(join(root, "dist", path));
  const { readVault } = await built("vault/reader.js");
  const { inclusionProofOf, rootOf } = await built("vault/index/merkle-nodes.js");
  const { verifyInclusion } = await built("audit/merkle.js");
  const { leafHash } = await built("core/package/merkle-proofs.js");
  const { listCaptures } = await built("search/show.js");
  const filter = {
    ...{ since: null, until: null, uploader: null, host: null, status: null, text: null },
    ...{ sort: "at", descending: true, limit: 50 },
  };
  const proof = readVault(vault, ({ database }) =>
    medianSeconds((turn) => {
      const index = Math.floor((entries * (turn + 0.5)) / turns);
      const { line } = database.prepare("SELECT line FROM entry WHERE seq = ?").get(index + 1);
      const path = inclusionProofOf(database, index, entries);
      const claim = {
        leaf: leafHash(line),
        index,
        size: entries,
        proof: path,
        root: rootOf(database, entries),
      };
      if (!verifyInclusion(claim)) throw new CannotRun(`the proof of entry ${index + 1} does not hold`);
    }),
  );
  const list = medianSeconds(() => expectRows(listCaptures(vault, filter), 50));
  const find = medianSeconds(() => expectRows(listCaptures(vault, { ...filter, host: "video.example" }), 50));
  return { proof, list, find };
}

/** Median seconds of each question to `find`, the opening of the vault included. */
async function findFigures(vault) {
  const { findInVault } = await import(join(root, "dist", "search/find.js"));
  const { readVault } = await import(join(root, "dist", "vault/reader.js"));
  const world = { signal: new AbortController().signal };
  const filters = {
    ...{ since: null, until: null, dateOf: "capture", host: null, case: null, where: [], limit: 50 },
    ...{ vault, sought: { by: "filters" } },
  };
  const sought = (by, text) => ({ sought: { by: "meanings", meanings: [{ by, text }] } });
  const words = (text) => sought("words", text);
  const { sha256 } = readVault(vault, ({ database }) => {
    return database.prepare("SELECT sha256 FROM file WHERE entry > ? LIMIT 1").get(entries / 2);
  });
  const questions = {
    "find a word of every note": words("свидетель"),
    "find a word of one note in a thousand": words("тараз"),
    "find a word of few notes": words("кордай"),
    "find three words": words("тараз видео час"),
    "find a word that is nowhere": words("Мадрид"),
    "find by 8 digits of a hash": sought("digest", sha256.slice(0, 8)),
    "find by a whole hash": sought("digest", sha256),
    "find by a large site": { host: "video.example" },
    "find by a small site": { host: "rare.example" },
    "find by a site with others below it": { host: "example" },
    "find by case": { case: "14/3" },
    "find by a note's name and words": { where: [{ key: "place", words: "алматы 77" }] },
    "find by day": { since: "2020-01-01T00:00:00.000Z", until: "2020-01-02T00:00:00.000Z" },
  };
  return Object.entries(questions).map(([what, asked]) => [
    what,
    medianSeconds(() => findInVault({ ...filters, ...asked }, world)),
  ]);
}

const turns = 9;

/** By the clock, and of CPU, which says more on a busy machine. */
function medianSeconds(ask) {
  const all = Array.from({ length: turns }, (_, turn) => {
    const began = performance.now();
    const before = process.cpuUsage();
    ask(turn);
    const { user, system } = process.cpuUsage(before);
    return { seconds: (performance.now() - began) / 1000, cpu: (user + system) / 1e6 };
  });
  return { seconds: median(all.map((one) => one.seconds)), cpu: median(all.map((one) => one.cpu)) };
}

function expectRows(rows, count) {
  if (rows.length !== count) throw new CannotRun(`${rows.length} rows came back and not ${count}`);
}

function sayFigure(what, took, most, words) {
  const peer = took.cpu === null ? words : `CPU ${(1000 * took.cpu).toFixed(1)} ms, ${words}`;
  sayBelow(`${entries} entries: ${what}`, { value: took.seconds, most, unit: "s", peer });
}
