import type { Argument, Option } from "commander";
import { type DocumentedCommand, type Guide, statusesOf } from "./documented-command.js";
import { statusMeanings } from "./exit-status.js";
import { valuesOf } from "./option-words.js";

/** The text of holdfast.1, the page that `man holdfast` shows: what COMMANDS.md says, in the language of man(7). */
export function manPage(program: DocumentedCommand): string {
  const groups = [...new Set(program.commands.map((command) => command.helpGroup()))];
  const lines = [
    '.\\" Made by `npm run commands` from the commands themselves.',
    '.TH HOLDFAST 1 "" "holdfast" "User Commands"',
    // No word is broken: what is typed could not be copied.
    ".nh",
    ".ad l",
    ...section("NAME", ["holdfast \\- archive online video as evidence"]),
    ...section("SYNOPSIS", [".B holdfast", "[options]", ".I COMMAND", "…"]),
    ...section("DESCRIPTION", [
      plain(program.description()),
      ".PP",
      plain("A capture may be named by any part of its id that no other capture has."),
    ]),
    ...groups.flatMap((group) =>
      section(
        group.toUpperCase(),
        program.commands
          .filter((command) => command.helpGroup() === group)
          .flatMap((command) => [command, ...command.commands])
          .flatMap(commandLines),
      ),
    ),
    ...section(
      "OPTIONS OF EVERY COMMAND",
      [...program.options, program.createOption("-h, --help", "print this help")].flatMap(optionLines),
    ),
    ...section(
      "EXIT STATUS",
      Object.entries(statusMeanings).flatMap(([status, meaning]) => tagged(bold(status), meaning)),
    ),
  ];
  return `${lines.join("\n")}\n`;
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return [`.SH ${title.includes(" ") ? `"${title}"` : title}`, ...lines];
}

function commandLines(command: DocumentedCommand): readonly string[] {
  const name = command.parent?.parent ? `${command.parent.name()} ${command.name()}` : command.name();
  const { guide, registeredArguments, options } = command;
  const words = [...registeredArguments.map(argumentText), ...(options.length === 0 ? [] : ["[options]"])];
  const usage = [`${bold(`holdfast ${name}`)}`, ...words.map(plain)].join(" ");
  return [
    `.SS "${name}"`,
    ...(command.commands.length > 0 ? [] : [usage, ".PP"]),
    plain(command.description()),
    ...registeredArguments.flatMap((argument) => tagged(plain(argument.name()), argument.description)),
    ...options.flatMap(optionLines),
    ...(guide === null ? [] : guideLines(guide)),
  ];
}

function guideLines(guide: Guide): readonly string[] {
  const { notes = [], examples, statuses = {} } = guide;
  const codes = statusesOf(guide).map(([status]) => status);
  const own = statusesOf(guide).filter(([status]) => status in statuses);
  return [
    ...notes.flatMap((note) => [".PP", plain(note)]),
    ".PP",
    "Examples:",
    // One that is longer than the page must not be broken, so that it can be copied.
    ...examples.flatMap(([line, does]) => [
      ".PP",
      ".RS 4",
      ".nf",
      plain(line),
      ".fi",
      ".RS 4",
      plain(does),
      ".RE",
      ".RE",
    ]),
    ".PP",
    plain(`Exit statuses: ${codes.join(", ")}.`),
    ...own.flatMap(([status, meaning]) => tagged(String(status), meaning)),
  ];
}

function optionLines(option: Option): readonly string[] {
  return tagged(bold(option.flags), `${option.description}${valuesOf(option)}`);
}

function argumentText(argument: Argument): string {
  const word = `${argument.name()}${argument.variadic ? "..." : ""}`;
  return argument.required ? `<${word}>` : `[${word}]`;
}

/** A term with its meaning beside or below it. `term` is already in the language of the page. */
const tagged = (term: string, meaning: string): readonly string[] => [".TP", term, plain(meaning)];

const bold = (text: string): string => `\\fB${plain(text)}\\fR`;

/** Text that stands on the page as it is: no character of it is a request, and a hyphen can be copied. */
function plain(text: string): string {
  const escaped = text
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replaceAll("'", "\\(aq")
    .replaceAll("`", "\\(ga")
    .replaceAll("^", "\\(ha")
    .replaceAll("~", "\\(ti");
  return escaped.startsWith(".") ? `\\&${escaped}` : escaped;
}
