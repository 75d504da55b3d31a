// Loaded with --import before a node program: writes that process's own peak memory in bytes when it exits. What the
// system says about a finished child is no use here, because that is the largest of the process and its children.
import { readFileSync, writeFileSync } from "node:fs";
import { isMainThread } from "node:worker_threads";

const file = process.env.HOLDFAST_BENCH_PEAK;

if (isMainThread && file) process.on("exit", () => writeFileSync(file, String(peakBytes())));

function peakBytes() {
  try {
    const [, kib] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8"));
    return Number(kib) * 1024;
  } catch {
    return process.resourceUsage().maxRSS * 1024;
  }
}
