import { type LeftOutFile, leftOutWords } from "../core/capture/left-out-files.js";
import { counted } from "../core/words/counted.js";
import { printable, printableJson } from "../core/words/printable.js";
import type { Session } from "./session.js";
import { columnsOf } from "./terminal.js";
import { hanging } from "./text-layout.js";

/** The most names that are printed for one reason; --json has all of them. */
const namesTold = 40;

/** Names everything of a folder that was not taken, by reason. With `--json` each is a line of its own on stdout. */
export function showLeftOut(
  session: Pick<Session, "screen" | "json" | "io">,
  files: readonly LeftOutFile[],
): void {
  if (session.json) {
    for (const { name, why } of files)
      session.screen.data(printableJson({ left_out: name, why, ...leftOutWords[why] }));
  }
  for (const line of leftOutLines(files, columnsOf(session.io.stderr))) session.screen.note(line);
}

/** The lines about what was not taken: the reason with a count, the names below it, and what can be done. */
function leftOutLines(files: readonly LeftOutFile[], columns: number): readonly string[] {
  const reasons = [...new Set(files.map(({ why }) => why))];
  return reasons.flatMap((why) => {
    const names = files.filter((file) => file.why === why).map(({ name }) => printable(name, 300));
    const { reason, hint } = leftOutWords[why];
    const more =
      names.length > namesTold
        ? [`and ${counted(names.length - namesTold, "more", "more")}: --json names all`]
        : [];
    const head = `${names.length === 1 ? "not taken" : `${counted(names.length, "not taken", "not taken")}`}: `;
    return [
      ...hanging(head, reason, columns, 2),
      ...[...names.slice(0, namesTold), ...more].map((name) => `  ${name}`),
      ...(hint === null ? [] : hanging("  hint: ", hint, columns)),
    ];
  });
}
