import { Argument, type Command } from "commander";
import { HoldfastError } from "../../core/words/error.js";
import { completionScript, type Shell, shells } from "../completion.js";
import type { DocumentedCommand } from "../documented-command.js";
import { exitStatus } from "../exit-status.js";
import type { RunCommand } from "../session.js";

function scriptIsNoJson(): HoldfastError {
  return new HoldfastError("usage", "completing: the script for a shell is no JSON", "leave --json out");
}

export function addCompletion(program: DocumentedCommand, run: RunCommand): void {
  program
    .command("completion")
    .summary("make your shell complete commands, options and ids")
    .description(
      "Prints a script for a shell, which then completes commands, options, their values and the ids of the newest captures.",
    )
    .addArgument(new Argument("<shell>", "your shell").choices(shells))
    .explain({
      examples: [
        ["holdfast completion bash >> ~/.bashrc", "complete in every bash that is opened from now on"],
        ["holdfast completion zsh >> ~/.zshrc", "the same for zsh; the file must call compinit before it"],
        ["holdfast completion fish > ~/.config/fish/completions/holdfast.fish", "the same for fish"],
      ],
      opensVault: false,
    })
    .action((shell: Shell, _options: object, command: Command) =>
      run(command, async ({ screen, json }) => {
        if (json) throw scriptIsNoJson();
        screen.text("stdout", completionScript(program, shell));
        return exitStatus.done;
      }),
    );
}
