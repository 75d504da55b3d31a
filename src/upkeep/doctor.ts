import { statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, resolve } from "node:path";
import { downloaderJail, mediaJail } from "../capture/jails.js";
import type { ClockCheck } from "../core/capture/record.js";
import { diskReserve } from "../core/words/disk-reserve.js";
import { HoldfastError } from "../core/words/error.js";
import { type DoctorFinding, type SealState, sealFindings, sealState } from "../seal/seal-state.js";
import { checkClock } from "../tools/run/clock.js";
import { confinedCommand } from "../tools/run/confinement.js";
import { type InstalledModule, installedModules } from "../tools/run/installed-modules.js";
import type { JailState } from "../tools/run/jail-state.js";
import { versionLimits } from "../tools/run/limits.js";
import {
  findProgram,
  howToGet,
  minimumYtDlp,
  type Program,
  type ProgramName,
  updateCommand,
} from "../tools/run/programs.js";
import type { Sandbox } from "../tools/run/run-request.js";
import { modulesFolder, type SqliteBinary, sqliteBinary } from "../tools/run/sqlite-binary.js";
import { vaultCounts } from "../vault/index/captures.js";
import { readVault } from "../vault/reader.js";
import type { World } from "../world.js";
import { moduleFinding, sqliteFinding } from "./doctor-supply.js";

/** What a vault says about itself, or why it cannot be read. */
export type VaultState =
  | {
      readonly path: string;
      readonly captures: number;
      readonly entries: number;
      readonly pending_derivations: number;
      readonly interrupted_commits: number;
      /** When the last entry was written, UTC; null for a log without entries. */
      readonly last_entry_at: string | null;
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
  /** True when no finding is a problem. */
  readonly ok: boolean;
  readonly tool: string;
  readonly node: string;
  readonly programs: readonly Program[];
  /** The parts of a yt-dlp that set-up installed, compared with what it wrote down; empty for any other. */
  readonly modules: readonly InstalledModule[];
  /** The native part of SQLite that this installation loads; null where none was found. */
  readonly sqlite: SqliteBinary | null;
  /** How the programs that read clips are confined on this machine. */
  readonly sandbox: Sandbox;
  readonly clock: ClockCheck;
  readonly disks: readonly DiskSpace[];
  readonly vault: VaultState | null;
  readonly findings: readonly DoctorFinding[];
}

/** yt-dlp goes stale: sites change weekly. */
const staleAfterDays = 90;

/** When a release line of Node stops getting security fixes, by major version. */
const nodeEnds: ReadonlyMap<number, string> = new Map([
  [20, "2026-04-30"],
  [22, "2027-04-30"],
  [24, "2028-04-30"],
]);

/** Programs and what is lost without each; a `problem` where that is the main job. */
const wanted: readonly { readonly name: ProgramName; readonly without: string; readonly needed: boolean }[] =
  [
    { name: "yt-dlp", without: "nothing can be downloaded", needed: true },
    { name: "ffmpeg", without: "no keyframes, no check that a file is whole", needed: true },
    { name: "ffprobe", without: "no facts about a file's streams", needed: true },
    { name: "exiftool", without: "no metadata from inside the files", needed: false },
    { name: "prlimit", without: "programs that meet hostile files run without limits", needed: false },
    { name: "bwrap", without: "programs that meet hostile files are not locked in", needed: false },
  ];

/**
 * Looks at this machine: programs with version, age and digest, Node, SQLite, confinement, clock, free space, and the vault
 * through `vaultState` (null: no vault is looked at). Changes nothing but the cache of program versions. Never throws for what it finds.
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
  const packages = modulesFolder();
  const sqlite = packages === null ? null : sqliteBinary(packages);
  if (sqlite !== null) findings.push(sqliteFinding(sqlite));
  const readers = programs.filter(({ name }) => name === "ffmpeg" || name === "ffprobe");
  const media = await mediaJail(readers.map(({ path }) => path));
  const jail = media.works && downloader ? await downloaderJail(downloader.path) : media;
  const sandbox = jail.works ? "bwrap" : confinedCommand("/bin/true", [], versionLimits).sandbox;
  const clock = await checkClock(now);
  const disks = await freeSpace(vaultDir);
  const vault = vaultState === null ? null : await vaultState();
  findings.push(sandboxFinding(sandbox, jail), clockFinding(clock), ...disks.map(diskFinding));
  if (vault !== null) findings.push(...vaultFindings(vault));
  const ok = findings.every(({ severity }) => severity !== "problem");
  return {
    ok,
    tool: world.tool,
    node: process.versions.node,
    programs,
    modules,
    sqlite,
    sandbox,
    clock,
    disks,
    vault,
    findings,
  };
}

/** What there is to say about a program that was found. */
export function programFinding(program: Program): DoctorFinding {
  const { name, version, path, sha256, released_days_ago } = program;
  const age = released_days_ago === null ? "" : `, released ${released_days_ago} days ago`;
  const found = { what: name, detail: `${version}${age}, ${path}, sha256 ${sha256}` };
  if (program.old) {
    return {
      ...found,
      severity: "problem",
      hint: `versions before ${minimumYtDlp} are not safe with hostile pages: run \`npm run setup\` for a newer one`,
    };
  }
  if (released_days_ago !== null && released_days_ago > staleAfterDays) {
    return {
      ...found,
      severity: "note",
      hint: `more than ${staleAfterDays} days old, sites change weekly: ${upgrade(program)}`,
    };
  }
  return { ...found, severity: "ok", hint: null };
}

function upgrade(program: Program): string {
  return program.source === "tools-folder"
    ? `type \`${updateCommand}\` in holdfast's folder`
    : "install a newer one the way this one was";
}

/** What there is to say about the Node that runs this. */
export function nodeFinding(version: string, now: Date): DoctorFinding {
  const ends = nodeEnds.get(Number.parseInt(version, 10));
  if (ends === undefined || now.toISOString().slice(0, 10) <= ends) {
    return { severity: "ok", what: "node", detail: version, hint: null };
  }
  const detail = `${version}, without security fixes since ${ends}`;
  return { severity: "note", what: "node", detail, hint: "install a newer Node, then run `npm run setup`" };
}

/** What there is to say about how programs that read clips are confined. */
function sandboxFinding(sandbox: Sandbox, jail: JailState): DoctorFinding {
  const what = "confinement";
  if (jail.works) {
    const detail = `${sandbox}: yt-dlp sees its own folder and reaches the egress guard alone, ffmpeg and ffprobe see the clip they read, ExifTool the stored captures, none of these a network`;
    return { severity: "ok", what, detail, hint: null };
  }
  const left = sandbox === "none" ? "none, not even limits" : "prlimit, limits only";
  const detail = `${left}, and records say so: programs cannot be locked in, ${jail.reason}`;
  return { severity: "note", what, detail, hint: jail.hint };
}

function clockFinding(clock: ClockCheck): DoctorFinding {
  if (clock.synchronised === true) {
    return {
      severity: "ok",
      what: "clock",
      detail: `kept by a time service, says ${clock.source}`,
      hint: null,
    };
  }
  const hint = "compare it with a clock you trust; records state what is known about it";
  if (clock.synchronised === null) {
    return {
      severity: "note",
      what: "clock",
      detail: "nothing here says whether a time service keeps it",
      hint,
    };
  }
  const detail = `not kept by a time service, says ${clock.source}`;
  return {
    severity: "problem",
    what: "clock",
    detail,
    hint: "turn on time synchronisation, for instance timedatectl set-ntp true",
  };
}

async function freeSpace(vaultDir: string | null): Promise<DiskSpace[]> {
  const disks = [await spaceAt("temporary files", tmpdir())];
  if (vaultDir !== null) disks.unshift(await spaceAt("vault", resolve(vaultDir)));
  return disks.filter((disk) => disk !== null);
}

/** Free space where `path` is, or would be made: the nearest folder above it that is there. */
async function spaceAt(what: DiskSpace["what"], path: string): Promise<DiskSpace | null> {
  try {
    const { bavail, blocks, bsize } = await statfs(path);
    return { what, path, free_bytes: bavail * bsize, total_bytes: blocks * bsize };
  } catch {
    const above = dirname(path);
    return above === path ? null : await spaceAt(what, above);
  }
}

/** What there is to say about free space: a problem below 2 GiB or 5 %, whichever is more (SECURITY §4). */
export function diskFinding(disk: DiskSpace): DoctorFinding {
  const reserve = diskReserve(disk.total_bytes);
  const gibibytes = (disk.free_bytes / 1024 ** 3).toFixed(1);
  const found = { what: `space for ${disk.what}`, detail: `${gibibytes} GiB free at ${disk.path}` };
  if (disk.free_bytes >= reserve) return { ...found, severity: "ok", hint: null };
  return {
    ...found,
    severity: "problem",
    hint: "make room, or put the vault on another disk with --vault DIR",
  };
}

/** What there is to say about a vault's own account of itself. */
export function vaultFindings(vault: VaultState): DoctorFinding[] {
  if ("problem" in vault) {
    return [
      {
        severity: "problem",
        what: "vault",
        detail: vault.problem,
        hint: "run holdfast verify for the whole picture",
      },
    ];
  }
  const last = vault.last_entry_at === null ? "" : `, the last at ${vault.last_entry_at}`;
  const findings: DoctorFinding[] = [
    {
      severity: "ok",
      what: "vault",
      detail: `${vault.path}: ${vault.captures} captures, ${vault.entries} log entries${last}`,
      hint: null,
    },
  ];
  if (vault.pending_derivations > 0) {
    const detail = `${vault.pending_derivations} captures are safe but have no keyframes yet`;
    findings.push({ severity: "note", what: "derivations", detail, hint: "run holdfast derive" });
  }
  if (vault.interrupted_commits > 0) {
    const detail = `${vault.interrupted_commits} commits were interrupted, the next writing command finishes them`;
    findings.push({ severity: "note", what: "commits", detail, hint: null });
  }
  return [...findings, ...sealFindings(vault.seal)];
}

/** What a vault holds and what is left to do in it. A vault that cannot be read is a result, not an error. */
export async function vaultState(vault: string, env: World["env"]): Promise<VaultState> {
  try {
    return readVault(vault, (reader) => {
      return { path: vault, ...vaultCounts(reader.database), seal: sealState(reader, env) };
    });
  } catch (error) {
    if (error instanceof HoldfastError) return { problem: error.message };
    throw error;
  }
}
