import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { expectFinished, expectSound } from "./disk-faults.js";
import { type Command, copyOf } from "./faulted-commands.js";

const strace = ["/usr/bin/strace", "/usr/local/bin/strace"].find((path) => existsSync(path)) ?? null;
const program = join(import.meta.dirname, "../../bin/holdfast.js");

/** Why no system call can be made to fail here, or null. */
export function whyNoFailingCalls(): string | null {
  if (strace === null) return "strace is not installed";
  const tried = spawnSync(strace, [...options("getppid", "EIO", 1), "true"], { encoding: "utf8" });
  return tried.status === 0 ? null : `strace does not work here: ${tried.stderr.split("\n")[0]}`;
}

export interface FailingCall {
  readonly call: string;
  readonly error: "EIO" | "ENOSPC" | "EINTR";
  /** The first of this many calls of a thread fails. */
  readonly number: number;
}

/** Calls that the program makes for its vault only; the others it also makes while it starts, and dies of that. */
const ownCalls: ReadonlySet<string> = new Set([
  "fsync",
  "fdatasync",
  "pwrite64",
  "rename",
  "linkat",
  "mkdir",
]);

/**
 * The command as a process of its own, one system call of which fails in the kernel's place. Returns whether that call came to be.
 * What was acknowledged is there, nothing is acknowledged after a failed sync, and the same command finishes.
 */
export async function failCall(
  command: Command,
  { call, error, number }: FailingCall,
  scratch: string,
): Promise<"failed" | "not reached"> {
  const folder = copyOf(command.from, join(scratch, "traced"));
  const log = join(scratch, "strace.log");
  const argv = [...command.argv(folder), "--vault", join(folder, "vault")];
  const { status, signal, stdout, stderr } = spawnSync(
    strace ?? "",
    [...options(call, error, number), "-o", log, process.execPath, program, ...argv],
    {
      cwd: folder,
      encoding: "utf8",
      env: { ...process.env, XDG_CONFIG_HOME: join(folder, "config"), UV_THREADPOOL_SIZE: "1" },
    },
  );
  const reached = /\(INJECTED\)/.test(readFileSync(log, "utf8"));
  const where = `${command.name}, ${call} ${number} fails with ${error}\n${stdout}${stderr}`;
  if (ownCalls.has(call)) {
    expect([status, signal], where).not.toContain(70);
    expect(stderr, where).not.toMatch(/^\s+at .*:\d+|this is a bug/m);
    if (reached && status !== 0) expect(`${stdout}${stderr}`, where).toMatch(named[error]);
  }
  await expectSound(folder, stdout, where);
  await expectFinished(command, folder, where);
  rmSync(folder, { recursive: true, force: true });
  return reached ? "failed" : "not reached";
}

const named = {
  EIO: /EIO|i\/o error|disk reports an error/i,
  ENOSPC: /ENOSPC|no space left|disk is full|disk reports an error/i,
  EINTR: /EINTR|interrupted|disk reports an error/i,
} as const;

function options(call: string, error: string, number: number): readonly string[] {
  const inject = `inject=${call}:error=${error}:when=${number}`;
  return ["-f", "--seccomp-bpf", "-qq", "-e", `trace=${call}`, "-e", inject];
}
