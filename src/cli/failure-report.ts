import type { CommanderError } from "commander";
import { HoldfastError } from "../core/words/error.js";
import { printable } from "../core/words/printable.js";

/** The lines of an error: what was being done to what, then what to type next. */
export function errorLines(message: string, hint: string): readonly string[] {
  const first = `holdfast: ${printable(message)}`;
  return hint === "" ? [first] : [first, `  hint: ${printable(hint)}`];
}

/** A wrong command line in the words of every other error. `command` is the one that was meant, if any. */
export function usageError(error: CommanderError, command: string | null): HoldfastError {
  const [first = "", ...rest] = error.message.split("\n");
  const message = first.replace(/^error: /, "").replace(/\.$/, "");
  // Commander puts its guess on a line of its own: (Did you mean archive?)
  const guess = /\((Did you mean .*\?)\)/.exec(rest.join(" "))?.[1];
  const help = `holdfast ${command === null ? "" : `${command} `}--help lists what there is`;
  const hint = guess === undefined ? help : `${guess.replace("Did", "did")} ${help}`;
  return new HoldfastError("usage", message, hint, error);
}

/** Failures of the machine below us that need no bug report, by the codes of Node and SQLite. */
const machineFailures: Readonly<Record<string, string>> = {
  ENOSPC: "free some space on that disk and run the same command again",
  EDQUOT: "free some of your quota and run the same command again",
  EACCES: "check who may read and write that path",
  EPERM: "check who may read and write that path",
  EROFS: "this disk is read-only: use another one with --vault",
  EIO: "the disk reports a fault: copy the vault elsewhere and check the disk",
  ENAMETOOLONG: "check that path",
  ELOOP: "check that path",
  EMFILE: "raise the limit of open files (ulimit -n)",
  ENFILE: "this system has too many files open: end other programs and run the same command again",
  ERR_MODULE_NOT_FOUND:
    "a part of holdfast cannot be read: raise the limit of open files (ulimit -n), or run npm ci in its folder",
  SQLITE_FULL: "free some space on that disk and run the same command again",
  SQLITE_IOERR:
    "the disk reports a fault: check the disk, its free space and quota, then run the same command again",
  SQLITE_READONLY: "check who may write to the vault",
  SQLITE_CANTOPEN: "check who may read and write the vault, and the limit of open files (ulimit -n)",
};

/**
 * A full disk, a forbidden path, a busy or a damaged database that came up unexplained, as the failure it is. Everything
 * else is returned as it came.
 */
export function withMachineFailureNamed(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof HoldfastError) return error;
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  if (code.startsWith("SQLITE_BUSY")) {
    return new HoldfastError("vault-busy", error.message, "wait for the other holdfast to finish", error);
  }
  if (/^SQLITE_(CORRUPT|NOTADB)/.test(code)) {
    const hint = "run 'holdfast verify' to see what is wrong, and compare with a copy of this vault";
    return new HoldfastError("not-as-recorded", `vault.db: ${error.message} (database-damaged)`, hint, error);
  }
  // Whatever the system says of it, the program did nothing wrong.
  if ("syscall" in error && error.syscall === "mkdtemp" && !(code in machineFailures)) {
    const hint = "make that folder, or set TMPDIR to one that is there";
    return new HoldfastError("io", `there is no folder for temporary files: ${error.message}`, hint, error);
  }
  const hint = machineFailures[code] ?? machineFailures[/^SQLITE_[A-Z]+/.exec(code)?.[0] ?? ""];
  return hint === undefined ? error : new HoldfastError("io", error.message, hint, error);
}

/** What a bug report must not carry, each with the words that take its place. */
export type Replacement = readonly [secret: string, words: string];

/**
 * What somebody may send to whoever maintains holdfast: version, machine, command and stack, without the
 * arguments, addresses and folders of this person.
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
      "please report it with the lines below; read them first and cut what is nobody's business",
    ),
    `  ${clean(facts.join(", "))}`,
    ...stackOf(error).map((line) => `  ${clean(line)}`),
  ];
}

/** Web addresses may carry tokens and name people; `file:` addresses are our own source files. */
const webAddress = /\b(?!file:)[a-z][a-z0-9+.-]*:\/\/\S+/gi;

function withoutSecrets(text: string, replacements: readonly Replacement[]): string {
  const longestFirst = [...replacements].sort((a, b) => b[0].length - a[0].length);
  const replaced = longestFirst.reduce(
    (rest, [secret, words]) => (secret === "" ? rest : rest.replaceAll(secret, words)),
    text,
  );
  return replaced.replace(webAddress, "(address)");
}

/** The stack and those of its causes; a cause that leads back to itself ends it. */
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

/** Every argument that is a value and not an option or a command: addresses, files, names of people. */
export function argumentReplacements(
  argv: readonly string[],
  commands: readonly string[],
): readonly Replacement[] {
  return (
    argv
      .map((argument) => (argument.startsWith("--") ? argument.slice(argument.indexOf("=") + 1) : argument))
      // Shorter ones would cut holes into every line of the stack.
      .filter((value) => value.length >= 4 && !value.startsWith("--") && !commands.includes(value))
      .map((value) => [value, "(argument)"])
  );
}
