import { Help } from "commander";
import type { DocumentedCommand } from "./documented-command.js";
import { labelled, wrap } from "./text-layout.js";

/** What people do first, each with what it does. */
const examples = [
  ["holdfast https://video.example/watch/811", "capture one video"],
  ["holdfast batch links.csv", "capture every row of a list"],
  ["holdfast find алматы", "look for words in titles and notes"],
  ["holdfast verify", "check the whole vault"],
  ["holdfast export ID --to package.tar", "hand a capture over, with its proofs"],
] as const;

/** The help of the whole program on about one screen: what there is to do, in groups, then options and examples. */
export function overview(program: DocumentedCommand, columns: number): string {
  const groups = [...new Set(program.commands.map((command) => command.helpGroup()))];
  const rowsOf = (group: string) =>
    program.commands
      .filter((command) => command.helpGroup() === group)
      .map((command) => [command.name(), command.summary()] as const);
  const options = new Help()
    .visibleOptions(program)
    .map((option) => [option.flags, option.description] as const);
  const blocks = [
    [`Usage: ${program.name()} [options] COMMAND …`],
    wrap(program.description(), columns),
    ...groups.map((group) => [`${group}:`, ...labelled(rowsOf(group), columns, "  ", nameColumns)]),
    ["Options of every command:", ...labelled(options, columns, "  ", nameColumns)],
    ["Examples:", ...labelled(examples, columns)],
    wrap("holdfast help COMMAND says more: all options, examples and exit statuses.", columns),
  ];
  return `${blocks.map((lines) => lines.join("\n")).join("\n\n")}\n`;
}

/** So wide are the names, that what stands beside them begins below each other in every group. */
const nameColumns = 13;
