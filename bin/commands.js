// Writes src/cli/COMMANDS.md and src/cli/holdfast.1 from the commands. test/cli/command-help.test.ts and
// test/cli/man-page.test.ts compare them.
import { writeFileSync } from "node:fs";
import { commandReference } from "../dist/cli/command-reference.js";
import { manPage } from "../dist/cli/man-page.js";
import { buildProgram } from "../dist/cli/program.js";

// Nothing runs or prints here, so the program gets no terminal, no version and no commands to run.
const program = await buildProgram(null, null, "", async () => undefined);
writeFileSync(new URL("../src/cli/COMMANDS.md", import.meta.url), commandReference(program));
writeFileSync(new URL("../src/cli/holdfast.1", import.meta.url), manPage(program));
