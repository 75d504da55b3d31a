import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { isAbsolute, join } from "node:path";
import { isatty } from "node:tty";
import { printable } from "../../core/words/printable.js";
import { run } from "./run.js";
import type { Limits, RunResult } from "./run-request.js";

type Env = Readonly<Record<string, string | undefined>>;

/**
 * What came of asking `ssh-keygen`: its answer, or one line of why there is none. `refused` where it ran and said no,
 * and false where it is not installed, took too long or was interrupted.
 */
export type KeygenAnswer =
  | { readonly text: string }
  | { readonly problem: string; readonly refused: boolean };

const notInstalled = { problem: "ssh-keygen is not installed", refused: false } as const;

/** Seconds that a person has to touch a device or to answer an askpass program. */
const signSeconds = 60;
/** Minutes that a person has to think of a passphrase. */
const makeMinutes = 5;

/** The first `ssh-keygen` on PATH, or null. */
export function findSshKeygen(env: Env): string | null {
  const folders = (env.PATH ?? "").split(":").filter((entry) => isAbsolute(entry));
  return folders.map((folder) => join(folder, "ssh-keygen")).find(isRunnable) ?? null;
}

/** Whether a program that we start could ask the person in front of the screen. */
export function hasTerminal(): boolean {
  return isatty(0);
}

/** Whether a passphrase could be asked for in a window or by a program of the user's. */
export function hasAskpass(env: Env): boolean {
  return Boolean(env.SSH_ASKPASS) || Boolean(env.DISPLAY) || Boolean(env.WAYLAND_DISPLAY);
}

/**
 * Signs through `ssh-keygen -Y sign` with a key in a file (a FIDO key's too) or, where `keyFile` is null, in the agent:
 * the armoured signature, which the caller must check. The message goes in over stdin: with a file argument ssh-keygen
 * keeps an older signature and reports success. A passphrase is never seen here.
 */
export async function signWithSshKeygen(request: {
  readonly message: Uint8Array;
  readonly namespace: string;
  /** `type base64`. */
  readonly publicKeyLine: string;
  readonly keyFile: string | null;
  readonly env: Env;
  readonly signal: AbortSignal;
}): Promise<KeygenAnswer> {
  const program = findSshKeygen(request.env);
  if (program === null) return notInstalled;
  // An interrupt has come already: what is at hand at once is still signed, nobody is waited for.
  const interrupted = request.signal.aborted;
  return inScratch(async (cwd) => {
    const named = join(cwd, "key.pub");
    writeFileSync(named, `${request.publicKeyLine}\n`, { mode: 0o600 });
    const result = await run({
      program,
      argv: ["-Y", "sign", "-n", request.namespace, "-f", request.keyFile ?? named],
      cwd,
      limits: limits((interrupted ? 5 : signSeconds) * 1000),
      stdin: request.message,
      // The message comes over stdin, so ssh-keygen cannot ask at the terminal: an askpass program or nobody.
      env: userEnvironment(request.env, true),
      ...(interrupted ? {} : { signal: request.signal }),
    });
    return answerOf(result);
  });
}

/**
 * Makes a new Ed25519 key at `path` (which must not exist) and a `.pub` beside it. ssh-keygen asks for the passphrase
 * itself, at the terminal or through the user's askpass program.
 */
export async function makeKeyWithPassphrase(request: {
  readonly path: string;
  readonly comment: string;
  readonly env: Env;
  readonly signal: AbortSignal;
}): Promise<KeygenAnswer> {
  const program = findSshKeygen(request.env);
  if (program === null) return notInstalled;
  return inScratch(async (cwd) =>
    answerOf(
      await run({
        program,
        argv: ["-q", "-t", "ed25519", "-C", request.comment, "-f", request.path],
        cwd,
        limits: limits(makeMinutes * 60_000),
        env: userEnvironment(request.env, !hasTerminal()),
        terminal: hasTerminal(),
        signal: request.signal,
      }),
    ),
  );
}

/** What an agent, an askpass program or a window needs to be found. */
const passedOn = [
  "SSH_AUTH_SOCK",
  "SSH_ASKPASS",
  "SSH_SK_PROVIDER",
  "DISPLAY",
  "WAYLAND_DISPLAY",
  "XAUTHORITY",
  "XDG_RUNTIME_DIR",
  "DBUS_SESSION_BUS_ADDRESS",
  "HOME",
];

function userEnvironment(env: Env, askpassOnly: boolean): Record<string, string> {
  const given = passedOn.flatMap((name) => {
    const value = env[name];
    return value ? [[name, value] as const] : [];
  });
  // Without a window system OpenSSH would pass over an askpass program that the user named.
  const force = Boolean(env.SSH_ASKPASS) && askpassOnly && env.SSH_ASKPASS_REQUIRE !== "never";
  return Object.fromEntries([...given, ...(force ? [["SSH_ASKPASS_REQUIRE", "force"] as const] : [])]);
}

function limits(wallMs: number): Limits {
  const mib = 1024 * 1024;
  return {
    wallMs,
    cpuSeconds: 30,
    addressSpaceBytes: 4096 * mib,
    fileSizeBytes: mib,
    stdoutBytes: 64 * 1024,
  };
}

function answerOf({ endedBy, exitCode, reason, stdout, stderr }: RunResult): KeygenAnswer {
  if (endedBy === "exited" && exitCode === 0) return { text: stdout.toString("latin1") };
  // It quotes paths, comments of keys and what an agent or a device answers.
  const said = printable(stderr.toString("utf8").trimEnd().split("\n").at(-1)?.trim() ?? "", 200);
  const refused = endedBy === "exited";
  return { problem: refused ? said || "ssh-keygen gave no reason" : reason, refused };
}

async function inScratch<Answer>(work: (folder: string) => Promise<Answer>): Promise<Answer> {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-key-"));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function isRunnable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
