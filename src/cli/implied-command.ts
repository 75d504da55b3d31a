import { readAddress } from "../core/lists/cell-address.js";

/**
 * The arguments with the command that is meant: a bare address is one to archive, and `help NAME` asks for the help of that
 * command. Whoever asks for the help of an unknown one is told that it is unknown. Anything else comes back as it is.
 */
export function withImpliedCommand(argv: readonly string[], commands: readonly string[]): readonly string[] {
  const at = operandAt(argv);
  const first = argv[at];
  if (first === undefined || commands.includes(first)) return argv;
  const named = argv[at + 1];
  if (first === "help" && named !== undefined) {
    const without = argv.toSpliced(at, 1);
    return commands.includes(named) ? [...without, "--help"] : without;
  }
  if (readAddress(first) !== null) return argv.toSpliced(at, 0, "archive");
  // The help of a command that there is not would be that of all, as if nothing were wrong.
  return first === "help" ? argv : argv.filter((argument) => argument !== "--help" && argument !== "-h");
}

/** The first argument that is neither an option nor the folder of `--vault`, where a command stands; undefined without one. */
export function typedOperand(argv: readonly string[]): string | undefined {
  return argv[operandAt(argv)];
}

function operandAt(argv: readonly string[]): number {
  return argv.findIndex((argument, index) => !argument.startsWith("-") && argv[index - 1] !== "--vault");
}
