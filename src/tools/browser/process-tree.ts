import { readdirSync, readFileSync } from "node:fs";

/** A process as the system describes it. */
interface TreeProcess {
  readonly pid: number;
  readonly parent: number;
  /** Memory of its own and shared with its kind, without what it maps from the disk. */
  readonly bytes: number;
  /** In how many nested namespaces it has a number. */
  readonly depth: number;
  /** Whether its system calls are filtered. */
  readonly filtered: boolean;
}

/** All processes that descend from `root`, itself included. Empty where the system does not tell. */
export function processTree(root: number): readonly TreeProcess[] {
  const all = numbersIn("/proc").flatMap((pid) => describe(pid) ?? []);
  const tree: TreeProcess[] = all.filter(({ pid }) => pid === root);
  for (const one of tree) tree.push(...all.filter(({ parent }) => parent === one.pid));
  return tree;
}

export function memoryOf(tree: readonly TreeProcess[]): number {
  return tree.reduce((sum, { bytes }) => sum + bytes, 0);
}

/**
 * Whether a process of the tree that draws pages is locked in a jail of the browser's own: in namespaces below those of
 * our jail, with its system calls filtered. Null if there is none.
 */
export function isLockedIn(
  tree: readonly TreeProcess[],
  isRenderer: (pid: number) => boolean,
): boolean | null {
  const outer = Math.min(...tree.filter(({ depth }) => depth > 1).map(({ depth }) => depth));
  const renderers = tree.filter(({ pid }) => isRenderer(pid));
  if (renderers.length === 0) return null;
  return renderers.every(({ depth, filtered }) => depth > outer && filtered);
}

/** Whether the process draws pages, by its command line. */
export function isRenderer(pid: number): boolean {
  return (textOf(`/proc/${pid}/cmdline`) ?? "").split(/[\0 ]/).includes("--type=renderer");
}

function describe(pid: number): TreeProcess | null {
  const status = textOf(`/proc/${pid}/status`);
  if (status === null) return null;
  const of = (name: string) => new RegExp(`^${name}:\\s*(.*)$`, "m").exec(status)?.[1] ?? "";
  const kib = ["RssAnon", "RssShmem"].reduce((sum, name) => sum + (Number.parseInt(of(name), 10) || 0), 0);
  return {
    pid,
    parent: Number(of("PPid")),
    bytes: kib * 1024,
    depth: of("NSpid").split(/\s+/).filter(Boolean).length,
    filtered: of("Seccomp") === "2",
  };
}

function numbersIn(folder: string): readonly number[] {
  try {
    return readdirSync(folder).map(Number).filter(Number.isInteger);
  } catch {
    return [];
  }
}

function textOf(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}
