import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import type { DiskFault } from "../support/faulty-disk.js";
import { expectCauseNamed, expectFinished, expectSound } from "./disk-faults.js";
import { type Command, copyOf, runIn, type Told } from "./faulted-commands.js";

const program = join(import.meta.dirname, "../../bin/holdfast.js");

/** Why no disk of our own can be mounted here, or null. */
export function whyNoMounts(): string | null {
  const { status, stderr, error } = spawnSync(
    "unshare",
    ["-rm", "sh", "-c", "mount -t tmpfs -o size=64k holdfast /mnt"],
    { encoding: "utf8" },
  );
  if (error !== undefined) return "unshare is not installed";
  return status === 0 ? null : `this system lets nobody mount in a namespace: ${stderr.trim()}`;
}

/** How much a command needs: the disk that it begins with, and the one that it leaves, in KiB. */
export async function needsOf(
  command: Command,
  scratch: string,
): Promise<{ readonly before: number; readonly after: number }> {
  const folder = copyOf(command.from, join(scratch, "measured"));
  const before = usedBy(folder);
  const told = await runIn(folder, command.argv(folder));
  expect(told.status, told.stderr).toBe(0);
  const after = usedBy(folder);
  rmSync(folder, { recursive: true, force: true });
  return { before, after };
}

function usedBy(folder: string): number {
  return Number(/^\d+/.exec(spawnSync("du", ["-sk", folder], { encoding: "utf8" }).stdout)?.[0]);
}

/**
 * The command on a disk of `kib` KiB, which is full on the way. Then there is room again: what was acknowledged is
 * there, the vault as recorded, the full disk was named, and the same command finishes. Returns whether it was too small.
 */
export async function onSmallDisk(command: Command, kib: number, scratch: string): Promise<boolean> {
  const [disk, left] = [join(scratch, "disk"), join(scratch, "left")];
  mkdirSync(disk, { recursive: true });
  const mounted = `mount -t tmpfs -o size=${kib}k holdfast "$1" && cp -a "$2/." "$1" && shift 3 && "$@"; status=$?; cp -a "$DISK/." "$LEFT"; exit $status`;
  rmSync(left, { recursive: true, force: true });
  mkdirSync(left);
  const told = runProgram(
    command,
    disk,
    ["unshare", "-rm", "sh", "-c", mounted, "sh", disk, command.from, left],
    { DISK: disk, LEFT: left },
  );
  const where = `${command.name} on ${kib} KiB\n${told.stdout}${told.stderr}`;
  expectCauseNamed(told, "ENOSPC", where);
  await expectSound(left, told.stdout, where);
  await expectFinished(command, left, where);
  for (const path of [disk, left]) rmSync(path, { recursive: true, force: true });
  return told.status !== 0;
}

/** What a process may be kept from by those who start it: how it is started, and what it must then say. */
export interface Confinement {
  readonly name: string;
  readonly fault: DiskFault;
  readonly before: (folder: string) => readonly string[];
  readonly env: (folder: string) => Readonly<Record<string, string>>;
}

const nobody = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"];
const readOnly = 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && shift && "$@"';

/** All of them. Rights bind root only where its capabilities are taken away. */
export function confinements(): readonly Confinement[] {
  const isRoot = process.getuid?.() === 0;
  const none = () => ({});
  return [
    {
      name: "on a read-only disk",
      fault: "EROFS",
      before: (folder) => ["unshare", "-rm", "sh", "-c", readOnly, "sh", join(folder, "vault")],
      env: none,
    },
    {
      name: "without the right to write",
      fault: "EACCES",
      before: (folder) => [
        ...(isRoot ? nobody : []),
        "sh",
        "-c",
        'chmod -R a-w "$1" && shift && "$@"',
        "sh",
        join(folder, "vault"),
      ],
      env: none,
    },
    ...[26, 34, 42, 50].map(
      (files): Confinement => ({
        name: `with ${files} open files`,
        fault: "EMFILE",
        before: () => ["prlimit", `--nofile=${files}`],
        env: none,
      }),
    ),
    {
      name: "without a folder for temporary files",
      fault: "ENOENT",
      before: () => [],
      env: (folder) => ({ TMPDIR: join(folder, "no-such-folder") }),
    },
  ];
}

/** Why a process cannot be confined so here, or null. */
export function whyNotConfined({ fault, before }: Confinement): string | null {
  if (fault === "EROFS") return whyNoMounts();
  const [program] = before("/");
  if (program === undefined) return null;
  const { error } = spawnSync(program, ["--version"]);
  return error === undefined ? null : `${program} is not installed`;
}

/** The command under one of them; once it is gone the same command finishes. Returns whether it was kept from its work. */
export async function confine(command: Command, how: Confinement, scratch: string): Promise<boolean> {
  const folder = copyOf(command.from, join(scratch, "confined"));
  const told = runProgram(command, folder, how.before(folder), how.env(folder));
  const where = `${command.name} ${how.name}\n${told.stdout}${told.stderr}`;
  expectCauseNamed(told, how.fault, where);
  if (existsSync(join(folder, "vault"))) spawnSync("chmod", ["-R", "u+w", join(folder, "vault")]);
  await expectSound(folder, told.stdout, where);
  await expectFinished(command, folder, where);
  rmSync(folder, { recursive: true, force: true });
  return told.status !== 0;
}

function runProgram(
  command: Command,
  folder: string,
  before: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Told {
  const argv = [...command.argv(folder), "--vault", join(folder, "vault")];
  const [start = "", ...rest] = [...before, process.execPath, program, ...argv];
  const { status, signal, stdout, stderr } = spawnSync(start, rest, {
    encoding: "utf8",
    env: { ...process.env, XDG_CONFIG_HOME: join(folder, "config"), ...env },
  });
  expect(signal, `${command.name}\n${stderr}`).toBeNull();
  return { status: status ?? -1, stdout, stderr };
}
