import { statfs } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { dirname, resolve } from "node:path";
import { examineClock } from "../capture/clock-check.js";
import { downloaderJail, mediaJail } from "../capture/jails.js";
import { doubtSentence, setClock } from "../core/capture/clock-doubts.js";
import type { ClockCheck } from "../core/capture/record.js";
import { counted } from "../core/words/counted.js";
import { diskReserve } from "../core/words/disk-reserve.js";
import { HoldfastError } from "../core/words/error.js";
import { type DoctorFinding, type SealState, sealFindings, sealState } from "../seal/seal-state.js";
import { type Abilities, tryAbilities } from "../tools/download/abilities.js";
import { ytDlpJailState } from "../tools/download/yt-dlp-jail.js";
import { confinedCommand } from "../tools/run/confinement.js";
import { type InstalledModule, installedModules } from "../tools/run/installed-modules.js";
import type { JailState } from "../tools/run/jail-state.js";
import { findJsRuntime } from "../tools/run/js-runtime.js";
import { versionLimits } from "../tools/run/limits.js";
import {
  findProgram,
  howToGet,
  minimumYtDlp,
  type Program,
  type ProgramName,
  releaseTime,
  updateCommand,
} from "../tools/run/programs.js";
import type { Sandbox } from "../tools/run/run-request.js";
import { modulesFolder, type SqliteBinary, sqliteBinary } from "../tools/run/sqlite-binary.js";
import { tryNiceties } from "../vault/disk-niceties.js";
import { vaultCounts } from "../vault/index/captures.js";
import { vaultLayout } from "../vault/layout.js";
import { newestTime } from "../vault/log.js";
import { readVault } from "../vault/reader.js";
import type { World } from "../world.js";
import { abilityFindings } from "./doctor-downloader.js";
import { moduleFinding, sqliteFinding } from "./doctor-supply.js";

/** The state of a vault, or why it cannot be read. */
export type VaultState =
  | {
      readonly path: string;
      readonly captures: number;
      readonly entries: number;
      readonly pending_derivations: number;
      readonly interrupted_commits: number;
      /** Time of the last entry, UTC; null for a log without entries. */
      readonly last_entry_at: string | null;
      /** The latest time that its newest entries state, which is not always that of the last. */
      readonly newest_time: string | null;
      /** How far the log is signed and time-stamped. */
      readonly seal: SealState;
    }
  | { readonly problem: string };

export interface DiskSpace {
  readonly what: "vault" | "temporary files";
  readonly path: string;
  readonly free_bytes: number;
  readonly total_bytes: number;
}

export interface DoctorReport {
  /** Whether no finding is a problem. */
  readonly ok: boolean;
  readonly tool: string;
  readonly node: string;
  readonly programs: readonly Program[];
  /** The parts of a yt-dlp that set-up installed, compared with its record; empty for any other yt-dlp. */
  readonly modules: readonly InstalledModule[];
  /** What yt-dlp can do for sites that need more than a page and a file; null without a yt-dlp that can be asked. */
  readonly abilities: Abilities | null;
  /** The native SQLite library that this installation loads; null if none was found. */
  readonly sqlite: SqliteBinary | null;
  /** How this machine confines the programs that read clips. */
  readonly sandbox: Sandbox;
  readonly clock: ClockCheck;
  readonly disks: readonly DiskSpace[];
  readonly vault: VaultState | null;
  readonly findings: readonly DoctorFinding[];
}

/** A yt-dlp older than this is often broken, because sites change weekly. */
const staleAfterDays = 90;

/** The end of security fixes for each major version of Node.js. */
const nodeEnds: ReadonlyMap<number, string> = new Map([
  [20, "2026-04-30"],
  [22, "2027-04-30"],
  [24, "2028-04-30"],
]);

/** The programs, and what is impossible without each. A missing program is a `problem` if the main job needs it. */
const wanted: readonly { readonly name: ProgramName; readonly without: string; readonly needed: boolean }[] =
  [
    { name: "yt-dlp", without: "holdfast cannot download anything", needed: true },
    {
      name: "ffmpeg",
      without: "holdfast cannot make keyframes or check that a file is complete",
      needed: true,
    },
    { name: "ffprobe", without: "holdfast cannot read a file's streams", needed: true },
    { name: "exiftool", without: "holdfast cannot read the metadata inside files", needed: false },
    { name: "prlimit", without: "programs that open hostile files run without limits", needed: false },
    { name: "bwrap", without: "programs that open hostile files run without a sandbox", needed: false },
    { name: "chromium", without: "holdfast cannot capture the page around a clip", needed: false },
  ];

/**
 * Examines this machine: programs with version, age and digest, Node.js, SQLite, confinement, clock, free space, and the
 * vault through `vaultState` (null to leave it out). Changes nothing but the cache of program versions. Never throws
 * because of a finding.
 */
export async function doctor(
  vaultDir: string | null,
  world: World,
  vaultState: (() => Promise<VaultState>) | null,
): Promise<DoctorReport> {
  const now = world.now();
  const programs: Program[] = [];
  const findings: DoctorFinding[] = [nodeFinding(process.versions.node, now)];
  for (const { name, without, needed } of wanted) {
    const program = await findProgram(name, { env: world.env, now });
    if (program !== null) programs.push(program);
    findings.push(
      program === null
        ? {
            severity: needed ? "problem" : "note",
            what: name,
            detail: `not found: ${without}`,
            hint: howToGet(name),
          }
        : programFinding(program),
    );
  }
  const downloader = programs.find(({ name }) => name === "yt-dlp");
  const modules = downloader === undefined ? [] : installedModules(downloader, world.env);
  findings.push(...modules.map(moduleFinding));
  const runtime = downloader === undefined ? null : await findJsRuntime({ env: world.env, now });
  if (runtime !== null) programs.push(runtime);
  const abilities = downloader === undefined ? null : await abilitiesOf(downloader, runtime);
  if (downloader !== undefined) findings.push(...abilityFindings(runtime, abilities));
  const packages = modulesFolder();
  const sqlite = packages === null ? null : sqliteBinary(packages);
  if (sqlite !== null) findings.push(sqliteFinding(sqlite));
  const readers = programs.filter(({ name }) => name === "ffmpeg" || name === "ffprobe");
  const media = await mediaJail(readers.map(({ path }) => path));
  const jail = media.works && downloader ? await downloaderJail(downloader.path) : media;
  const sandbox = jail.works ? "bwrap" : confinedCommand("/bin/true", [], versionLimits).sandbox;
  const disks = await freeSpace(vaultDir);
  const vault = vaultState === null ? null : await vaultState();
  const log = vault === null || "problem" in vault ? null : vault.newest_time;
  const made = downloader === undefined ? null : releaseTime(downloader);
  const clock = await examineClock(now, { log, downloader: made });
  findings.push(sandboxFinding(sandbox, jail), ...clockFindings(clock, now), ...disks.map(diskFinding));
  if (vault !== null) findings.push(...vaultFindings(vault, now));
  if (vault !== null && !("problem" in vault)) findings.push(...diskNotes(vault.path));
  const ok = findings.every(({ severity }) => severity !== "problem");
  return {
    ok,
    tool: world.tool,
    node: process.versions.node,
    programs,
    modules,
    abilities,
    sqlite,
    sandbox,
    clock,
    disks,
    vault,
    findings,
  };
}

/** What a download would find, in the jail of a download where there is one. */
async function abilitiesOf(downloader: Program, runtime: Program | null): Promise<Abilities | null> {
  const jail = await ytDlpJailState(downloader.path, homedir());
  return tryAbilities({ ...downloader, runtime: runtime?.path ?? null }, jail.works ? jail.places : null);
}

/** The line about a program that was found. */
export function programFinding(program: Program): DoctorFinding {
  const { name, version, path, sha256, released_days_ago } = program;
  const age = released_days_ago === null ? "" : `, released ${released_days_ago} days ago`;
  const found = { what: name, detail: `${version}${age}, ${path}, sha256 ${sha256}` };
  if (program.old) {
    return {
      ...found,
      severity: "problem",
      hint: `versions before ${minimumYtDlp} are unsafe with hostile pages; run \`npm run setup\` to get a newer one`,
    };
  }
  if (released_days_ago !== null && released_days_ago > staleAfterDays) {
    return {
      ...found,
      severity: "note",
      hint: `it is more than ${staleAfterDays} days old, and sites change weekly; ${upgrade(program)}`,
    };
  }
  return { ...found, severity: "ok", hint: null };
}

function upgrade(program: Program): string {
  return program.source === "tools-folder"
    ? `run \`${updateCommand}\` in holdfast's folder`
    : "install a newer one in the same way";
}

/** The line about the Node.js that runs this program. */
export function nodeFinding(version: string, now: Date): DoctorFinding {
  const ends = nodeEnds.get(Number.parseInt(version, 10));
  if (ends === undefined || now.toISOString().slice(0, 10) <= ends) {
    return { severity: "ok", what: "node", detail: version, hint: null };
  }
  const detail = `${version}, without security fixes since ${ends}`;
  return {
    severity: "note",
    what: "node",
    detail,
    hint: "install a newer Node.js, then run `npm run setup`",
  };
}

/** The line about how programs that read clips are confined. */
function sandboxFinding(sandbox: Sandbox, jail: JailState): DoctorFinding {
  const what = "confinement";
  if (jail.works) {
    const detail = `${sandbox}: yt-dlp sees only its own folder and reaches only the egress guard; ffmpeg and ffprobe see only the clip they read, ExifTool only the stored captures, all without a network`;
    return { severity: "ok", what, detail, hint: null };
  }
  const left = sandbox === "none" ? "none, not even limits" : "prlimit, limits only";
  const detail = `${left}, which records state: the sandbox does not work here, ${jail.reason}`;
  return { severity: "note", what, detail, hint: jail.hint };
}

function clockFindings(clock: ClockCheck, now: Date): readonly DoctorFinding[] {
  const doubts = (clock.contradicted_by ?? []).map((doubt): DoctorFinding => {
    return { severity: "problem", what: "clock", detail: doubtSentence(doubt, now), hint: setClock };
  });
  return [...doubts, clockFinding(clock)];
}

function clockFinding(clock: ClockCheck): DoctorFinding {
  if (clock.synchronised === true) {
    return {
      severity: "ok",
      what: "clock",
      detail: `a time service keeps it, according to ${clock.source}`,
      hint: null,
    };
  }
  const hint = "compare it with a clock that you trust; records state what is known about it";
  if (clock.synchronised === null) {
    return {
      severity: "note",
      what: "clock",
      detail: "holdfast cannot tell whether a time service keeps it",
      hint,
    };
  }
  const detail = `no time service keeps it, according to ${clock.source}`;
  return {
    severity: "problem",
    what: "clock",
    detail,
    hint: "turn on time synchronisation, for instance with: timedatectl set-ntp true",
  };
}

async function freeSpace(vaultDir: string | null): Promise<DiskSpace[]> {
  const disks = [await spaceAt("temporary files", tmpdir())];
  if (vaultDir !== null) disks.unshift(await spaceAt("vault", resolve(vaultDir)));
  return disks.filter((disk) => disk !== null);
}

/** Free space at `path` or, if it does not exist yet, at the nearest existing folder above it. */
async function spaceAt(what: DiskSpace["what"], path: string): Promise<DiskSpace | null> {
  try {
    const { bavail, blocks, bsize } = await statfs(path);
    return { what, path, free_bytes: bavail * bsize, total_bytes: blocks * bsize };
  } catch {
    const above = dirname(path);
    return above === path ? null : await spaceAt(what, above);
  }
}

/** The line about free space: a problem below 2 GiB or 5 %, whichever is more (SECURITY §4). */
export function diskFinding(disk: DiskSpace): DoctorFinding {
  const reserve = diskReserve(disk.total_bytes);
  const gibibytes = (disk.free_bytes / 1024 ** 3).toFixed(1);
  const found = { what: `space for ${disk.what}`, detail: `${gibibytes} GiB free at ${disk.path}` };
  if (disk.free_bytes >= reserve) return { ...found, severity: "ok", hint: null };
  return {
    ...found,
    severity: "problem",
    hint: "free some space, or put the vault on another disk with --vault DIR",
  };
}

/** What the file system of the vault refuses, and what is weaker for it. */
function diskNotes(vault: string): readonly DoctorFinding[] {
  const hint = "keep the vault on a disk of this machine, and copy it to a share or stick afterwards";
  return tryNiceties(vaultLayout(vault)).map((detail) => {
    return { severity: "note", what: "file system", detail, hint };
  });
}

/** The lines about the state of a vault. */
export function vaultFindings(vault: VaultState, now: Date): DoctorFinding[] {
  if ("problem" in vault) {
    return [
      {
        severity: "problem",
        what: "vault",
        detail: vault.problem,
        hint: "run 'holdfast verify' for details",
      },
    ];
  }
  const last = vault.last_entry_at === null ? "" : `, the last at ${vault.last_entry_at}`;
  const findings: DoctorFinding[] = [
    {
      severity: "ok",
      what: "vault",
      detail: `${vault.path}: ${counted(vault.captures, "capture")}, ${counted(vault.entries, "log entry", "log entries")}${last}`,
      hint: null,
    },
  ];
  if (vault.pending_derivations > 0) {
    const detail = `${counted(vault.pending_derivations, "capture has", "captures have")} no keyframes yet`;
    findings.push({ severity: "note", what: "derivations", detail, hint: "make them: holdfast derive" });
  }
  if (vault.interrupted_commits > 0) {
    const detail = `${vault.interrupted_commits} commits were interrupted; the next command that writes finishes them`;
    findings.push({ severity: "note", what: "commits", detail, hint: null });
  }
  return [...findings, ...sealFindings(vault.seal, now)];
}

/** What a vault contains and what is left to do in it. An unreadable vault is a result, not an error. */
export async function vaultState(vault: string, env: World["env"]): Promise<VaultState> {
  try {
    return readVault(vault, (reader) => {
      return {
        path: vault,
        ...vaultCounts(reader.database),
        newest_time: newestTime(reader.database),
        seal: sealState(reader, env),
      };
    });
  } catch (error) {
    if (error instanceof HoldfastError) return { problem: error.message };
    throw error;
  }
}
