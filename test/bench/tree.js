import { readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { performance } from "node:perf_hooks";

const ownPeak = "own-peak.js";
const everyMs = 100;
/** Adding up the pages of a process takes the kernel longer than the rest of a look does. */
const looksPerWeighing = 3;
const ticksPerSecond = 100;

/**
 * Looks at a process and at all that descend from it, by its control group where it has one, ten times a second until `stop` is called, which says what was seen:
 * `peakPss`, the most memory all had at one moment, shared pages counted once; `processes`, how many different ones;
 * `parts`, seconds of CPU by program, as far as a look caught them; `idle`, seconds in which cores of the machine had
 * nothing to do. Null where the system does not tell (no /proc).
 */
export function watchTree(root, group) {
  if (!isThere("/proc/self/smaps_rollup") || !isThere("/proc/stat")) return { stop: () => null };
  const seen = new Map();
  const idleBefore = idleSeconds();
  let peakPss = 0;
  let looks = 0;
  const look = () => {
    const stats = group === null ? descendants(root) : group.pids().flatMap((pid) => statOf(pid) ?? []);
    for (const { pid, cpu } of stats) note(seen, pid, cpu);
    if (looks % looksPerWeighing === 0) peakPss = Math.max(peakPss, sum(stats.map(({ pid }) => pssOf(pid))));
    looks += 1;
  };
  const timer = setInterval(look, everyMs);
  const began = performance.now();
  return {
    stop: () => {
      clearInterval(timer);
      const seconds = (performance.now() - began) / 1000;
      return {
        peakPss,
        processes: seen.size,
        parts: byProgram(seen),
        idle: idleSeconds() - idleBefore,
        seconds,
      };
    },
  };
}

function isThere(path) {
  return read(path) !== null;
}

/** The program of a process may change once, when what started it makes way for it. */
function note(seen, pid, cpu) {
  const known = seen.get(pid);
  const label = known?.settled ? known.label : labelOf(pid);
  if (label === null) return;
  seen.set(pid, { label, cpu, settled: known?.label === label });
}

/** The processes of the tree, each with the seconds of CPU it took so far, its own alone. */
function descendants(root) {
  const all = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  const stats = all.flatMap((name) => statOf(Number(name)) ?? []);
  const of = new Map();
  for (const stat of stats) of.set(stat.parent, [...(of.get(stat.parent) ?? []), stat]);
  const found = [];
  const open = stats.filter(({ pid }) => pid === root);
  for (let next = open.pop(); next; next = open.pop()) {
    found.push(next);
    open.push(...(of.get(next.pid) ?? []));
  }
  return found;
}

function statOf(pid) {
  const text = read(`/proc/${pid}/stat`);
  if (text === null) return null;
  // The name of a program may hold spaces and brackets; what follows its last bracket may not.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return { pid, parent: Number(fields[1]), cpu: (Number(fields[11]) + Number(fields[12])) / ticksPerSecond };
}

function pssOf(pid) {
  const kib = /^Pss:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/smaps_rollup`) ?? "")?.[1];
  return Number(kib ?? 0) * 1024;
}

/** What a process does, in a word or two: its program, and for ffmpeg what it writes. */
function labelOf(pid) {
  const argv = read(`/proc/${pid}/cmdline`)?.split("\0").slice(0, -1);
  if (!argv || argv.length === 0) return null;
  return labelOfCommand(argv);
}

/** Exported for its test: a label must not depend on the paths of one machine. */
export function labelOfCommand(argv) {
  const [name, ...others] = argv.slice(0, 12).map((word) => basename(word));
  if (name === "ffmpeg") return ffmpegLabel(argv);
  if (!/^(node|perl|python)[\d.]*$/.test(name)) return name;
  return (
    others.find((other) => /^(yt-dlp|exiftool|.*\.py|.*\.[mc]?js)$/.test(other) && other !== ownPeak) ?? name
  );
}

function ffmpegLabel(argv) {
  const input = argv.lastIndexOf("-i");
  const formats = argv.flatMap((word, index) => (word === "-f" && index > input ? [argv[index + 1]] : []));
  return `ffmpeg to ${formats.length > 0 ? [...new Set(formats)].join(" and ") : "a file"}`;
}

function byProgram(seen) {
  const parts = new Map();
  for (const { label, cpu } of seen.values()) {
    const { cpu: before, processes } = parts.get(label) ?? { cpu: 0, processes: 0 };
    parts.set(label, { cpu: before + cpu, processes: processes + 1 });
  }
  return [...parts].map(([label, part]) => ({ label, ...part })).sort((one, other) => other.cpu - one.cpu);
}

/** Seconds of all cores together in which there was nothing to do, since the machine started. */
function idleSeconds() {
  const [, , , , idle, waiting] = (read("/proc/stat") ?? "").split("\n")[0].split(/\s+/).map(Number);
  return (idle + waiting) / ticksPerSecond;
}

function read(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // It ended between two looks, or is not ours to read.
    return null;
  }
}

function sum(values) {
  return values.reduce((total, value) => total + value, 0);
}
