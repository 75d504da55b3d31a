import { mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { fourScenes, makeClip, makeShortClip } from "./clips.js";
import { compare } from "./compare.js";
import { holdfastCommand, jsonLines } from "./holdfast.js";
import { need } from "./machine.js";
import { servePage } from "./page-server.js";
import { CannotRun, runWhole } from "./processes.js";
import { megabytes, say } from "./report.js";

/** One page archived with all evidence work against yt-dlp alone, which hashes, records and looks at nothing. */
export async function benchArchive({ programs, folder }) {
  const ffmpeg = need(programs, "ffmpeg");
  const short = await makeShortClip(ffmpeg, join(folder, "short.mp4"), 1);
  await archiveBeside(programs, join(folder, "short"), {
    clip: short,
    words: "one clip of 2 s, 320x240",
    atMost: 1.5,
  });
  const long = await makeClip(ffmpeg, join(folder, "clip.mp4"), {
    scenes: fourScenes,
    size: "1280x720",
    rate: 30,
    roundSeconds: 12,
    seconds: 24,
  });
  await archiveBeside(programs, join(folder, "long"), {
    clip: long,
    words: "one 720p clip of 24 s",
    atMost: null,
  });
}

async function archiveBeside(programs, folder, { clip, words, atMost }) {
  mkdirSync(folder);
  const server = await servePage(clip);
  try {
    say(`-- a page on this machine with ${words}, ${megabytes(statSync(clip).size)}`);
    const vault = join(folder, "vault");
    const ours = holdfastCommand(vault, ["archive", server.url, "--again"], ["archive", "URL", "--again"]);
    const runs = await compare(ours, ytDlpAlone(need(programs, "yt-dlp"), server.url, folder), {
      pairs: 3,
      atMost,
    });
    for (const { stdout } of runs) expectCapture(stdout);
    await sayWhereTimeGoes(vault, ours);
  } finally {
    server.close();
  }
}

function ytDlpAlone(program, url, folder) {
  const alone = join(folder, "yt-dlp");
  mkdirSync(alone);
  // Downloading anew every time, and as raw as holdfast asks for: no merge, no fix-up, no ffmpeg.
  const args = [
    "--ignore-config",
    "--no-cache-dir",
    "--force-overwrites",
    "--fixup=never",
    "-o",
    "media.%(ext)s",
    url,
  ];
  return { label: `yt-dlp ${args.slice(0, -1).join(" ")} URL`, program, args, cwd: alone };
}

function expectCapture(stdout) {
  const result = jsonLines(stdout).find((line) => "derivation" in line);
  if (result?.status === "captured" && result.derivation === "done") return result;
  throw new CannotRun(`holdfast archive: ${JSON.stringify(result)}`);
}

/** One more run, taken apart by the times in its record and derivation. */
async function sayWhereTimeGoes(vault, command) {
  const began = Date.now();
  const clock = performance.now();
  const { stdout } = await runWhole(command);
  const ended = began + (performance.now() - clock);
  const { object } = expectCapture(stdout);
  const record = readJson(vault, object, "v1", "content/record.json");
  const derivation = readJson(vault, object, "v2", "content/derived/derivation.json");
  const hashed = record.files.map((file) => Date.parse(file.hashed_at));
  const points = [
    ["before the capture began", Date.parse(record.started_at)],
    ["fetching and hashing", Math.max(...hashed, Date.parse(record.ended_at))],
    ["record, commit, log", Date.parse(derivation.started_at)],
    ["deriving", Date.parse(derivation.ended_at)],
    ["second commit, log, ending", ended],
  ];
  let from = began;
  const parts = points.map(([name, to]) => {
    const words = `${name} ${Math.round(to - from)} ms`;
    from = to;
    return words;
  });
  say(`  where the time of one A goes: ${parts.join(", ")}`);
  say(`     fetching, by program: ${runTimes(record.runs)}`);
  say(`     deriving, by program, some at the same time: ${runTimes(derivation.runs)}`);
}

function runTimes(runs) {
  const words = runs.map((run) => {
    const what = run.argv.includes("-progress")
      ? " (strict decode)"
      : run.argv.includes("streamhash")
        ? " (hashes)"
        : "";
    return `${run.program}${what} ${Date.parse(run.ended_at) - Date.parse(run.started_at)} ms`;
  });
  return words.join(", ");
}

function readJson(vault, object, version, path) {
  const folder = join(vault, object);
  if (!readdirSync(folder).includes(version)) throw new CannotRun(`${object} has no ${version}`);
  return JSON.parse(readFileSync(join(folder, version, path), "utf8"));
}
