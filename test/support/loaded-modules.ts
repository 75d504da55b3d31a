import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const top = new URL("../../", import.meta.url);
const program = fileURLToPath(new URL("bin/holdfast.js", top));

/** What a command line loaded, in the order of the alphabet. */
export interface Loaded {
  readonly status: number | null;
  readonly stdout: string;
  /** Files of ours, by their path in the repository. */
  readonly own: readonly string[];
  /** Packages of others. */
  readonly packages: readonly string[];
  /** The parts of Intl that were begun: to begin with the first takes as long as a fifth of a short command. */
  readonly intl: readonly string[];
}

/** Runs a command line as a process of its own and says what it loaded, by import and by require. */
export function loadedBy(argv: readonly string[], env: NodeJS.ProcessEnv = {}): Loaded {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-test-loaded-"));
  try {
    const list = join(folder, "list");
    const { status, stdout } = spawnSync(process.execPath, ["--import", recorder(list), program, ...argv], {
      env: { ...process.env, HOLDFAST_OFFLINE: "1", ...env },
      encoding: "utf8",
    });
    const lines = [...new Set(readFileSync(list, "utf8").trim().split("\n"))].sort();
    const files = lines
      .filter((line) => line.startsWith(top.href))
      .map((line) => line.slice(top.href.length));
    const isOthers = (file: string) => file.startsWith("node_modules/");
    const packages = files
      .filter(isOthers)
      .map((file) => /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? "");
    return {
      status,
      stdout,
      own: files.filter((file) => !isOthers(file)),
      packages: [...new Set(packages)],
      intl: lines.filter((line) => line.startsWith("Intl.")),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A module that is loaded before the program, and appends to `list` whatever is loaded after it. */
function recorder(list: string): string {
  const file = JSON.stringify(list);
  const hooks = `
    import { appendFileSync } from "node:fs";
    export function load(url, context, next) {
      appendFileSync(${file}, url + "\\n");
      return next(url, context);
    }`;
  return inText(`
    import { appendFileSync } from "node:fs";
    import { createRequire, register } from "node:module";
    import { pathToFileURL } from "node:url";
    register(${JSON.stringify(inText(hooks))});
    const note = (line) => appendFileSync(${file}, line + "\\n");
    for (const name of ["DateTimeFormat", "Segmenter", "NumberFormat", "Collator"]) {
      const begun = () => note("Intl." + name);
      Intl[name] = new Proxy(Intl[name], {
        construct: (part, given) => (begun(), new part(...given)),
        apply: (part, _self, given) => (begun(), part(...given)),
      });
    }
    const { cache } = createRequire(${JSON.stringify(top.href)});
    process.on("exit", () => Object.keys(cache).forEach((path) => note(pathToFileURL(path).href)));`);
}

function inText(code: string): string {
  return `data:text/javascript,${encodeURIComponent(code)}`;
}
