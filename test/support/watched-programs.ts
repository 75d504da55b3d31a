import { createRequire, syncBuiltinESMExports } from "node:module";
import { promisify } from "node:util";

type Start = (...words: readonly unknown[]) => unknown;

const names = ["exec", "execFile", "execFileSync", "execSync", "fork", "spawn", "spawnSync"] as const;
const processes = createRequire(import.meta.url)("node:child_process") as Record<string, Start>;

/**
 * Calls `onStart` with the program before this process starts one, whoever asks for it. Where `onStart` throws, none is
 * started. Returns what ends that.
 */
export function watchPrograms(onStart: (program: string) => void): () => void {
  const usual = names.map((name) => [name, processes[name]] as const);
  for (const [name, start] of usual) if (start !== undefined) processes[name] = watched(start, onStart);
  syncBuiltinESMExports();
  return () => {
    for (const [name, start] of usual) if (start !== undefined) processes[name] = start;
    syncBuiltinESMExports();
  };
}

function watched(start: Start, onStart: (program: string) => void): Start {
  const own: Start = (...words) => {
    onStart(String(words[0]));
    return start(...words);
  };
  // What promisify() makes of it starts the program by another function.
  const promised: unknown = Reflect.get(start, promisify.custom);
  if (typeof promised !== "function") return own;
  return Object.assign(own, { [promisify.custom]: watched(promised as Start, onStart) });
}
