import type { CommanderError } from "commander";
import { HoldfastError } from "../core/words/error.js";
import { printable } from "../core/words/printable.js";

/** The lines of an error: what was being done and what went wrong, then what to do next. */
export function errorLines(message: string, hint: string): readonly string[] {
  const first = `holdfast: ${printable(message)}`;
  return hint === "" ? [first] : [first, `  hint: ${printable(hint)}`];
}

/** Turns a wrong command line into an error like any other. `command` is the intended command, if known. */
export function usageError(error: CommanderError, command: string | null): HoldfastError {
  const [first = "", ...rest] = error.message.split("\n");
  const message = first.replace(/^error: /, "").replace(/\.$/, "");
  // Commander puts its guess on a separate line: (Did you mean archive?)
  const guess = /\((Did you mean .*\?)\)/.exec(rest.join(" "))?.[1];
  const help = `holdfast ${command === null ? "" : `${command} `}--help lists the options`;
  const hint = guess === undefined ? help : `${guess.replace("Did", "did")} ${help}`;
  return new HoldfastError("usage", message, hint, error);
}

/** Hints for failures of the machine, which need no bug report, by the codes of Node.js and SQLite. */
const machineFailures: Readonly<Record<string, string>> = {
  ENOSPC: "free some space on that disk and run the same command again",
  EDQUOT: "free some of your disk quota and run the same command again",
  EACCES: "check the permissions of that path",
  EPERM: "check the permissions of that path",
  EROFS: "this disk is read-only; choose another one with --vault",
  EIO: "the disk reports an error; copy the vault elsewhere and check the disk",
  ENAMETOOLONG: "check that path",
  ELOOP: "check that path",
  EMFILE: "raise the limit of open files (ulimit -n)",
  ENFILE: "the system has too many open files; end other programs and run the same command again",
  ERR_MODULE_NOT_FOUND:
    "a file of holdfast cannot be read; raise the limit of open files (ulimit -n), or run `npm ci` in its folder",
  SQLITE_FULL: "free some space on that disk and run the same command again",
  SQLITE_IOERR:
    "the disk reports an error; check the disk, its free space and your quota, then run the same command again",
  SQLITE_READONLY: "check the write permissions of the vault",
  SQLITE_CANTOPEN: "check the permissions of the vault and the limit of open files (ulimit -n)",
};

/**
 * Turns an unexplained error about a full disk, a forbidden path, or a busy or damaged database into the failure it is.
 * Returns any other error unchanged.
 */
export function withMachineFailureNamed(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof HoldfastError) return error;
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  if (code.startsWith("SQLITE_BUSY")) {
    return new HoldfastError(
      "vault-busy",
      error.message,
      "wait for the other holdfast process to finish",
      error,
    );
  }
  if (/^SQLITE_(CORRUPT|NOTADB)/.test(code)) {
    const hint = "run 'holdfast verify' to see what is wrong, and compare this vault with a copy of it";
    return new HoldfastError("not-as-recorded", `vault.db: ${error.message} (database-damaged)`, hint, error);
  }
  // Whatever the system's code, a missing temporary folder is not a bug in the program.
  if ("syscall" in error && error.syscall === "mkdtemp" && !(code in machineFailures)) {
    const hint = "create that folder, or set TMPDIR to an existing one";
    return new HoldfastError("io", `creating a temporary folder: ${error.message}`, hint, error);
  }
  const hint = machineFailures[code] ?? machineFailures[/^SQLITE_[A-Z]+/.exec(code)?.[0] ?? ""];
  return hint === undefined ? error : new HoldfastError("io", error.message, hint, error);
}

/** A text that a bug report must not contain, and its replacement. */
export type Replacement = readonly [secret: string, words: string];

/**
 * A report that the user can send to the maintainers of holdfast: version, machine, command and stack, without the user's
 * arguments, addresses and folders.
 */
export function bugReport(
  error: unknown,
  facts: readonly string[],
  replacements: readonly Replacement[],
): readonly string[] {
  const clean = (text: string): string => printable(withoutSecrets(text, replacements), 500);
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return [
    ...errorLines(
      `this is a bug in holdfast: ${clean(message.split("\n")[0] ?? "")}`,
      "please report it with the lines below; read them first and remove anything private",
    ),
    `  ${clean(facts.join(", "))}`,
    ...stackOf(error).map((line) => `  ${clean(line)}`),
  ];
}

/** Web addresses may contain tokens and names of people; `file:` addresses are holdfast's own source files. */
const webAddress = /\b(?!file:)[a-z][a-z0-9+.-]*:\/\/\S+/gi;

function withoutSecrets(text: string, replacements: readonly Replacement[]): string {
  const longestFirst = [...replacements].sort((a, b) => b[0].length - a[0].length);
  const replaced = longestFirst.reduce(
    (rest, [secret, words]) => (secret === "" ? rest : rest.replaceAll(secret, words)),
    text,
  );
  return replaced.replace(webAddress, "(address)");
}

/** The stacks of the error and its causes; stops at a cause that leads back to itself. */
function stackOf(error: unknown): readonly string[] {
  const lines: string[] = [];
  const seen = new Set<unknown>();
  for (let at = error; at instanceof Error && !seen.has(at); at = at.cause) {
    seen.add(at);
    const frames = (at.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line));
    lines.push(`${at.name}: ${at.message}`, ...frames.slice(0, 20));
  }
  return lines;
}

/** Replacements for every argument that is a value, not an option or a command: addresses, files, names of people. */
export function argumentReplacements(
  argv: readonly string[],
  commands: readonly string[],
): readonly Replacement[] {
  return (
    argv
      .map((argument) => (argument.startsWith("--") ? argument.slice(argument.indexOf("=") + 1) : argument))
      // Shorter values would match inside almost every line of the stack.
      .filter((value) => value.length >= 4 && !value.startsWith("--") && !commands.includes(value))
      .map((value) => [value, "(argument)"])
  );
}
