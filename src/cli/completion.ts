import type { Option } from "commander";
import { fitWidth } from "../core/words/printable.js";
import type { DocumentedCommand } from "./documented-command.js";

export const shells = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof shells)[number];

/** What can be completed of a command. */
interface Offered {
  /** As typed: `list`, `key show`. */
  readonly name: string;
  readonly summary: string;
  readonly below: readonly Offered[];
  readonly options: readonly OfferedOption[];
  /** What its arguments are: ids of captures (a file may be one too), one of these words, or files. */
  readonly takes: "ids" | "files" | readonly string[];
}

interface OfferedOption {
  readonly flags: readonly string[];
  readonly summary: string;
  /** What stands after it: nothing, one of these words, or anything, such as a file. */
  readonly value: "none" | "any" | readonly string[];
}

/** A script that makes a shell complete commands, options, their values and ids of captures. Made from the commands. */
export function completionScript(program: DocumentedCommand, shell: Shell): string {
  const all = program.commands.map((command) => offered(command, program.options));
  const help: Offered = {
    name: "help",
    summary: "say more about a command",
    below: [],
    options: [],
    takes: all.map(({ name }) => name),
  };
  const scripts: Readonly<Record<Shell, (top: readonly Offered[]) => readonly string[]>> = {
    bash: bashScript,
    zsh: zshScript,
    fish: fishScript,
  };
  return `${scripts[shell]([...all, help]).join("\n")}\n`;
}

function offered(command: DocumentedCommand, common: readonly Option[], above = ""): Offered {
  const name = `${above}${command.name()}`;
  const [argument] = command.registeredArguments;
  return {
    name,
    summary: command.summary(),
    below: command.commands.map((one) => offered(one, common, `${name} `)),
    options: [
      ...[...command.options, ...common].filter(({ hidden }) => !hidden).map(offeredOption),
      { flags: ["-h", "--help"], summary: "print this help", value: "none" },
    ],
    takes: argument?.argChoices ?? (/^(?:id|what)$/.test(argument?.name() ?? "") ? "ids" : "files"),
  };
}

function offeredOption(option: Option): OfferedOption {
  return {
    flags: [option.short, option.long].filter((flag) => flag !== undefined && flag !== null),
    // The first clause, as there is one line for it.
    summary: fitWidth(option.description.split(/[(;:]/)[0]?.trim() ?? "", 70),
    value: option.argChoices ?? (option.required || option.optional ? "any" : "none"),
  };
}

/** Every command, those below others among them. */
const everyOf = (top: readonly Offered[]): readonly Offered[] => top.flatMap((one) => [one, ...one.below]);
const namesOf = (of: readonly Offered[]) => of.map(({ name }) => name.split(" ").at(-1) ?? name);
const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

/** The ids of the newest captures, whichever vault is meant. `holdfast`: how the shell names the program and the vault. */
const newestIds = (holdfast: string) =>
  `${holdfast} list --json --limit 200 2>/dev/null | sed -n 's/^{"id":"\\([0-9A-Z-]*\\)".*/\\1/p'`;

function bashScript(top: readonly Offered[]): readonly string[] {
  const every = everyOf(top);
  const valueCases = every.flatMap(({ name, options }) =>
    options
      .filter(({ value }) => value !== "none")
      .map(({ flags, value }) => {
        const patterns = flags.map((flag) => quoted(`${name} ${flag}`)).join("|");
        return `    ${patterns}) ${typeof value === "string" ? "return" : `words=${quoted(value.join(" "))}`} ;;`;
      }),
  );
  return [
    `# Completion of holdfast for bash: source <(holdfast completion bash)
_holdfast() {
  local current=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} command='' words='' at
  local -a vault=()
  for ((at = 1; at < COMP_CWORD; at++)); do
    case "\${COMP_WORDS[at]}" in
      --vault) vault=(--vault "\${COMP_WORDS[at+1]}"); ((at++)) ;;
      -*) ;;
      *) case "$command" in
          '') command=\${COMP_WORDS[at]} ;;
          ${parentsOf(top).join("|")}) command="$command \${COMP_WORDS[at]}" ;;
        esac ;;
    esac
  done
  if [[ $before == --vault ]]; then return; fi
  case "$command $before" in`,
    ...valueCases,
    "  esac",
    '  if [[ -z $words ]]; then case "$command" in',
    `    '') words=${quoted([...namesOf(top), "--vault", "--version", "--help"].join(" "))} ;;`,
    ...every.map((one) => `    ${quoted(one.name)}) ${bashWords(one)} ;;`),
    "  esac; fi",
    '  COMPREPLY=($(compgen -W "$words" -- "$current"))',
    "}",
    "complete -o default -F _holdfast holdfast",
  ];
}

const parentsOf = (top: readonly Offered[]) =>
  top.filter(({ below }) => below.length > 0).map(({ name }) => name);

function bashWords({ below, options, takes }: Offered): string {
  const flags = quoted(options.flatMap((option) => option.flags).join(" "));
  if (below.length > 0) return `words=${quoted(namesOf(below).join(" "))}`;
  const otherwise =
    typeof takes !== "string"
      ? `words=${quoted(takes.join(" "))}`
      : takes === "ids"
        ? `words=$(${newestIds(`"\${COMP_WORDS[0]}" \${vault[@]+"\${vault[@]}"}`)})`
        : "return";
  return `if [[ $current == -* ]]; then words=${flags}; else ${otherwise}; fi`;
}

function zshScript(top: readonly Offered[]): readonly string[] {
  const escaped = (text: string) => text.replaceAll(/[[\]:\\]/g, "\\$&");
  const optionSpec = ({ flags, summary, value }: OfferedOption) =>
    flags.map((flag) => {
      const after = value === "none" ? "" : value === "any" ? ":value:_files" : `:value:(${value.join(" ")})`;
      return `      ${quoted(`${flag}[${escaped(summary)}]${after}`)} \\`;
    });
  const restSpec = ({ takes }: Offered) =>
    typeof takes !== "string"
      ? `'*:argument:(${takes.join(" ")})'`
      : takes === "ids"
        ? "'*:capture:_holdfast_ids'"
        : "'*:file:_files'";
  const described = (of: readonly Offered[]) =>
    namesOf(of).map((name, at) => quoted(`${name}:${escaped(of[at]?.summary ?? "")}`));
  return [
    "#compdef holdfast",
    "# Completion of holdfast for zsh: source <(holdfast completion zsh), after compinit",
    "_holdfast_ids() {",
    "  local -a ids",
    `  ids=(\${(f)"$(${newestIds(`holdfast \${=_holdfast_vault}`)})"})`,
    "  compadd -a ids",
    "  _files",
    "}",
    "_holdfast() {",
    "  local command='' at _holdfast_vault=''",
    "  for ((at = 2; at < CURRENT; at++)); do",
    "    case $words[at] in",
    '      --vault) _holdfast_vault="--vault $words[at+1]"; ((at++)) ;;',
    "      -*) ;;",
    "      *) case $command in",
    "          '') command=$words[at] ;;",
    `          ${parentsOf(top).join("|")}) command="$command $words[at]" ;;`,
    "        esac ;;",
    "    esac",
    "  done",
    "  case $command in",
    `    '') if [[ $words[CURRENT-1] == --vault ]]; then _files -/`,
    "      else",
    `        local -a commands=(${described(top).join(" ")})`,
    "        _describe command commands",
    "        _arguments '--vault[the folder of the vault]:folder:_files -/' '--version[print the version]' '--help[print this help]'",
    "      fi ;;",
    ...everyOf(top).flatMap((one) =>
      one.below.length > 0
        ? [
            `    ${quoted(one.name)}) local -a below=(${described(one.below).join(" ")})`,
            "      _describe command below ;;",
          ]
        : [
            `    ${quoted(one.name)}) _arguments \\`,
            ...one.options.flatMap(optionSpec),
            `      ${restSpec(one)} ;;`,
          ],
    ),
    "  esac",
    "}",
    "compdef _holdfast holdfast",
  ];
}

function fishScript(top: readonly Offered[]): readonly string[] {
  const text = (words: string) => `'${words.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
  const within = (name: string) => `-n ${text(`test "$(__holdfast_command)" = "${name}"`)}`;
  const flagsOf = (flags: readonly string[]) =>
    flags.map((flag) => (flag.startsWith("--") ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`)).join(" ");
  const optionLine = (name: string, { flags, summary, value }: OfferedOption) => {
    const after = value === "none" ? "" : value === "any" ? " -r" : ` -x -a ${text(value.join(" "))}`;
    return `complete -c holdfast ${within(name)} ${flagsOf(flags)}${after} -d ${text(summary)}`;
  };
  const namesLines = (above: string, of: readonly Offered[]) =>
    namesOf(of).map(
      (name, at) => `complete -c holdfast ${within(above)} -f -a ${name} -d ${text(of[at]?.summary ?? "")}`,
    );
  const ids = newestIds("holdfast $vault");
  return [
    "# Completion of holdfast for fish: holdfast completion fish | source",
    "function __holdfast_command",
    "  set -l words (commandline -opc)",
    "  set -l found",
    "  set -e words[1]",
    "  while set -q words[1]",
    "    switch $words[1]",
    "      case --vault",
    "        set -e words[1]",
    "      case '-*'",
    "      case '*'",
    "        set -a found $words[1]",
    "    end",
    "    set -e words[1]",
    "  end",
    `  if contains -- "$found[1]" ${parentsOf(top).join(" ")}`,
    '    echo "$found[1..2]"',
    "  else",
    '    echo "$found[1]"',
    "  end",
    "end",
    "function __holdfast_ids",
    "  set -l words (commandline -opc)",
    "  set -l vault",
    "  if set -l at (contains -i -- --vault $words)",
    '    set vault --vault "$words[$(math $at + 1)]"',
    "  end",
    `  ${ids}`,
    "end",
    ...namesLines("", top),
    ...["--vault", "--version", "--help"].map(
      (flag) => `complete -c holdfast ${within("")} -l ${flag.slice(2)}${flag === "--vault" ? " -r" : ""}`,
    ),
    ...everyOf(top).flatMap((one) => [
      ...namesLines(one.name, one.below),
      ...(one.below.length > 0 ? [] : one.options.map((option) => optionLine(one.name, option))),
      ...(typeof one.takes !== "string"
        ? [`complete -c holdfast ${within(one.name)} -f -a ${text(one.takes.join(" "))}`]
        : one.takes === "ids"
          ? [`complete -c holdfast ${within(one.name)} -a '(__holdfast_ids)' -d capture`]
          : []),
    ]),
  ];
}
