import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { isAbsolute, join } from "node:path";
import { isatty } from "node:tty";
import { printable } from "../../core/words/printable.js";
import { run } from "./run.js";
import type { Limits, RunResult } from "./run-request.js";

type Env = Readonly<Record<string, string | undefined>>;

/**
 * The result of asking `ssh-keygen`: its answer, or one line saying why there is none. `refused` is true if it ran and
 * refused, and false if it is not installed, took too long or was interrupted.
 */
export type KeygenAnswer =
  | { readonly text: string }
  | { readonly problem: string; readonly refused: boolean };

const notInstalled = { problem: "ssh-keygen is not installed", refused: false } as const;

/** Seconds allowed for touching a device or answering an askpass program. */
const signSeconds = 60;
/** Minutes allowed for choosing a passphrase. */
const makeMinutes = 5;

/** The first `ssh-keygen` on PATH, or null. */
export function findSshKeygen(env: Env): string | null {
  const folders = (env.PATH ?? "").split(":").filter((entry) => isAbsolute(entry));
  return folders.map((folder) => join(folder, "ssh-keygen")).find(isRunnable) ?? null;
}

/** Whether a program that holdfast starts can ask the user at a terminal. */
export function hasTerminal(): boolean {
  return isatty(0);
}

/** Whether a window or the user's askpass program can ask for a passphrase. */
export function hasAskpass(env: Env): boolean {
  return Boolean(env.SSH_ASKPASS) || Boolean(env.DISPLAY) || Boolean(env.WAYLAND_DISPLAY);
}

/**
 * Signs through `ssh-keygen -Y sign` with a key in a file (a FIDO key's handle too) or, if `keyFile` is null, in the
 * agent. Returns the armoured signature, which the caller must check. The message is passed on stdin, because with a file
 * argument ssh-keygen keeps an older signature and reports success. holdfast never sees a passphrase.
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
  // After an interrupt, sign only if the key is available at once; do not wait for a person.
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
      // stdin carries the message, so ssh-keygen cannot ask at the terminal; only an askpass program can.
      env: userEnvironment(request.env, true),
      ...(interrupted ? {} : { signal: request.signal }),
    });
    return answerOf(result);
  });
}

/**
 * Makes a new Ed25519 key at `path` (which must not exist) with a `.pub` beside it. ssh-keygen itself asks for the
 * passphrase, at the terminal or through the user's askpass program.
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

/** The variables that ssh-keygen needs to find an agent, an askpass program or a window. */
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
  // Without a window system OpenSSH would ignore the user's askpass program.
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
  // The text can quote paths, key comments and answers of an agent or a device.
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
