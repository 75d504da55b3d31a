import type { Argument, Option } from "commander";
import { type DocumentedCommand, type Guide, statusesOf } from "./documented-command.js";
import { statusMeanings } from "./exit-status.js";
import { valuesOf } from "./option-words.js";
import { wrap } from "./text-layout.js";

/** The width of a paragraph; tables and command lines are not wrapped. */
const textColumns = 150;

/** The text of COMMANDS.md: every command with the arguments, options, examples and exit statuses of its `--help`. */
export function commandReference(program: DocumentedCommand): string {
  const commands = program.commands.flatMap((command) => [command, ...command.commands]);
  const blocks = [
    "# Commands",
    "Made by `npm run commands` from the commands themselves. `holdfast help COMMAND` says the same in the terminal.",
    "A capture may be named by any part of its id that no other capture has.",
    groupLines(program).join("\n"),
    ...commands.flatMap(commandBlocks),
    "## Options of every command",
    optionTable([...program.options, program.createOption("-h, --help", "print this help")]),
    "## Exit statuses",
    "For scripts. Only evidence that is not as recorded, or bytes that are not recorded at all, give 1. Where a command means something narrower, its section says so.",
    table(["status", "meaning"], [...Object.entries(statusMeanings)]),
  ];
  return `${blocks.join("\n\n")}\n`;
}

/** The commands by what they are for, as in the help of the program. */
function groupLines({ commands }: DocumentedCommand): readonly string[] {
  const groups = [...new Set(commands.map((command) => command.helpGroup()))];
  return groups.map((group) => {
    const inGroup = commands.filter((command) => command.helpGroup() === group);
    const links = inGroup
      .flatMap((command) => [command, ...command.commands])
      .map((command) => `[${nameOf(command)}](#${anchorOf(command)})`);
    return `- **${group}**: ${links.join(" · ")}`;
  });
}

/** The command as typed, with its parent command. */
function nameOf(command: DocumentedCommand): string {
  const above = command.parent?.parent ? `${command.parent.name()} ` : "";
  return above + command.name();
}

const anchorOf = (command: DocumentedCommand) => `holdfast-${nameOf(command).replace(" ", "-")}`;

function commandBlocks(command: DocumentedCommand): readonly string[] {
  const { guide, registeredArguments, options } = command;
  const words = [...registeredArguments.map(argumentText), ...(options.length === 0 ? [] : ["[options]"])];
  return [
    `## \`holdfast ${nameOf(command)}\``,
    ...(command.commands.length > 0 ? [] : [`    ${["holdfast", nameOf(command), ...words].join(" ")}`]),
    paragraph(command.description()),
    ...(registeredArguments.length === 0 ? [] : [argumentTable(registeredArguments)]),
    ...(options.length === 0 ? [] : [optionTable(options)]),
    ...(guide === null ? [] : guideBlocks(guide)),
  ];
}

function guideBlocks(guide: Guide): readonly string[] {
  const { notes = [], examples, statuses = {} } = guide;
  const codes = statusesOf(guide).map(([status]) => status);
  const own = statusesOf(guide).filter(([status]) => status in statuses);
  return [
    ...notes.map(paragraph),
    ["```sh", ...examples.map(([line, does]) => `# ${does}\n${line}`), "```"].join("\n"),
    `Exit statuses: ${codes.join(", ")}.`,
    ...(own.length === 0 ? [] : [own.map(([status, meaning]) => `- ${status}: ${meaning}`).join("\n")]),
  ];
}

const paragraph = (text: string) => wrap(text, textColumns).join("\n");

function argumentText(argument: Argument): string {
  const word = `${argument.name()}${argument.variadic ? "..." : ""}`;
  return argument.required ? `<${word}>` : `[${word}]`;
}

function argumentTable(all: readonly Argument[]): string {
  return table(
    ["argument", "what it is"],
    all.map((argument) => [`\`${argumentText(argument)}\``, argument.description]),
  );
}

function optionTable(all: readonly Option[]): string {
  return table(
    ["option", "what it does"],
    all.map((option) => [`\`${option.flags}\``, `${option.description}${valuesOf(option)}`]),
  );
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}
