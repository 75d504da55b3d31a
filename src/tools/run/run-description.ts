import type { RunRecord } from "../../core/capture/record.js";
import type { RunResult } from "./run-request.js";

/**
 * Describes a finished run for the record. Replaces each `from` in the arguments with its `to` (`replacements`, longest
 * first), so that no secret and no local path can reach a package; `removed` says what was replaced.
 */
export function describeRun(
  program: string,
  argv: readonly string[],
  result: RunResult,
  replacements: readonly (readonly [from: string, to: string])[],
): RunRecord {
  const ordered = [...replacements].sort((a, b) => b[0].length - a[0].length);
  const removed = new Set<string>();
  const cleaned = argv.map((argument) => {
    let text = argument;
    for (const [from, to] of ordered) {
      if (from === "" || !text.includes(from)) continue;
      text = text.replaceAll(from, to);
      removed.add(to);
    }
    return text;
  });
  return {
    program,
    argv: cleaned,
    removed: [...removed].sort(),
    started_at: result.startedAt,
    ended_at: result.endedAt,
    exit_code: result.exitCode,
    signal: result.signal,
    ended_by: result.endedBy,
    sandbox: result.sandbox,
    ...(result.forked ? { forked: true } : {}),
  };
}
