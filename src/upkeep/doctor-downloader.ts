import type { DoctorFinding } from "../seal/seal-state.js";
import type { Abilities } from "../tools/download/abilities.js";
import type { Program } from "../tools/run/programs.js";

const places = "which site needs what: .github/docs/platforms.md";
const install = "`npm run setup` installs it where it can be had";

/** What each missing ability means for whoever captures. */
const meanings = {
  runtime: "YouTube offers fewer formats, and often none to an account",
  solver: "the challenges of YouTube's player are not solved: fewer formats, and often none to an account",
  targets:
    "sites that answer only what looks like a browser refuse: TikTok, Instagram without an account, Cloudflare",
} as const;

/**
 * The lines about what yt-dlp can do for sites that need more: runtime, solver, imitation of a browser. `abilities` is null
 * if it could not be tried.
 */
export function abilityFindings(
  runtime: Program | null,
  abilities: Abilities | null,
): readonly DoctorFinding[] {
  if (abilities === null) {
    const detail = "what this yt-dlp can do for sites that need more could not be tried";
    return [
      {
        severity: "note",
        what: "for some sites",
        detail,
        hint: `use the yt-dlp that set-up installs; ${places}`,
      },
    ];
  }
  const tried = abilities.sandbox === "bwrap" ? "tried in the sandbox" : "tried without a sandbox";
  return [
    runtimeFinding(runtime, abilities, tried),
    solverFinding(abilities, tried),
    targetsFinding(abilities, tried),
  ];
}

function runtimeFinding(program: Program | null, { runtime }: Abilities, tried: string): DoctorFinding {
  const what = "javascript runtime";
  if (program === null || runtime === null) return missing(what, "runtime", "no Node.js 22 or newer");
  const where = `Node.js ${program.version}, ${program.path}, sha256 ${program.sha256}`;
  if (runtime.works) return { severity: "ok", what, detail: `runs scripts, ${tried}: ${where}`, hint: null };
  const detail = `does not run scripts, ${tried}: ${where}; ${meanings.runtime}`;
  return { severity: "note", what, detail, hint: places };
}

function solverFinding({ solver }: Abilities, tried: string): DoctorFinding {
  const what = "challenge solver";
  if (solver === null) return missing(what, "solver", "yt-dlp-ejs is not installed");
  if (!solver.known || solver.loads === false) {
    const why = solver.known ? "does not load in the runtime" : "is not the one that this yt-dlp accepts";
    const detail = `yt-dlp-ejs ${solver.version} ${why}, ${tried}; ${meanings.solver}`;
    return { severity: "note", what, detail, hint: `${install}; ${places}` };
  }
  const loaded = solver.loads === null ? "there is no runtime to load it" : `loads in the runtime, ${tried}`;
  return { severity: "ok", what, detail: `yt-dlp-ejs ${solver.version}, ${loaded}`, hint: null };
}

function targetsFinding({ targets }: Abilities, tried: string): DoctorFinding {
  const what = "impersonation";
  const [first, ...others] = targets;
  if (first === undefined) return missing(what, "targets", "yt-dlp finds no curl-cffi that it accepts");
  const more = others.length === 0 ? "" : `, and ${others.length} other targets`;
  return { severity: "ok", what, detail: `${first}${more}, ${tried}`, hint: null };
}

function missing(what: string, ability: keyof typeof meanings, why: string): DoctorFinding {
  return { severity: "note", what, detail: `${why}: ${meanings[ability]}`, hint: `${install}; ${places}` };
}
