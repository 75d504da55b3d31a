import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isJsonObject, type Json, parseForeignJson } from "../../audit/canonical-json.js";
import { isOfTheSystem } from "../run/jail.js";
import { fetchBounds, ytDlpLimits } from "../run/limits.js";
import { run } from "../run/run.js";
import type { Sandbox } from "../run/run-request.js";
import { objectOf, textOf } from "../run/set-up-notes.js";
import type { Downloader } from "./fetch-types.js";
import { readYtDlpFile } from "./yt-dlp-file.js";
import { jailOfRun, type YtDlpPlaces } from "./yt-dlp-jail.js";

// The compiler does not copy this file, so the compiled program also reads it beside the sources.
const script = fileURLToPath(new URL("../../../src/tools/download/yt-dlp-abilities.py", import.meta.url));

const patienceMs = 60_000;

/** What a downloader can do for sites that need more than a page and a file, each tried as in a download. */
export interface Abilities {
  /** The Node.js that it was given: the version it states, and whether it ran a script; null if it was given none. */
  readonly runtime: { readonly version: string | null; readonly works: boolean } | null;
  /**
   * The scripts that solve the challenges of YouTube's player, whether they are those that this yt-dlp accepts, and whether
   * the runtime loads them (null without a runtime); null if they are not installed.
   */
  readonly solver: {
    readonly version: string;
    readonly known: boolean;
    readonly loads: boolean | null;
  } | null;
  /** The browsers that it can imitate, the first choice first, for instance `chrome-150:macos-26`. */
  readonly targets: readonly string[];
  /** The confinement in which all of this was tried: that of a download. */
  readonly sandbox: Sandbox;
}

/**
 * Tries under the limits of a download, and in its jail unless `places` is null, what yt-dlp can do. Null if it is unknown
 * how to ask this yt-dlp, or if it gives no answer. The texts are untrusted.
 */
export async function tryAbilities(
  program: Downloader,
  places: YtDlpPlaces | null,
): Promise<Abilities | null> {
  const module = readYtDlpFile(program.path);
  if (module === null) return null;
  const runtime = program.runtime ?? "";
  const shown = [script, ...(runtime === "" || isOfTheSystem(runtime) ? [] : [runtime])];
  const cwd = mkdtempSync(join(tmpdir(), "holdfast-abilities-"));
  try {
    const result = await run({
      program: module.python,
      argv: ["-I", "-B", script, runtime, ...(module.zip === null ? [] : [module.zip])],
      cwd,
      limits: { ...ytDlpLimits(fetchBounds), wallMs: patienceMs, stdoutBytes: 1024 ** 2 },
      // Nobody answers at the door: nothing that is tried needs a network.
      ...(places === null
        ? {}
        : {
            jail: jailOfRun(
              { ...places, receive: (caller) => caller.destroy() },
              { reads: shown, writes: [] },
            ),
          }),
    });
    if (result.endedBy !== "exited" || result.exitCode !== 0) return null;
    return readAbilities(result.stdout.toString("utf8"), runtime !== "", result.sandbox);
  } finally {
    rmSync(cwd, { recursive: true, force: true });
  }
}

/** Reads the answer of `yt-dlp-abilities.py`; null for anything else. A runtime that gave no answer does not work. */
export function readAbilities(text: string, hasRuntime: boolean, sandbox: Sandbox): Abilities | null {
  const told = parsed(text);
  if (!isJsonObject(told)) return null;
  const runtime = objectOf(told.runtime);
  const solver = objectOf(told.solver);
  const version = textOf(solver.version);
  const targets = Array.isArray(told.targets) ? told.targets : [];
  return {
    runtime: hasRuntime ? { version: textOf(runtime.version), works: runtime.works === true } : null,
    solver:
      version === null
        ? null
        : {
            version,
            known: solver.known === true,
            loads: typeof solver.loads === "boolean" ? solver.loads : null,
          },
    targets: targets.filter((target) => typeof target === "string"),
    sandbox,
  };
}

function parsed(text: string): Json {
  try {
    return parseForeignJson(text);
  } catch {
    return null;
  }
}
