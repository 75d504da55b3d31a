// Writes src/cli/COMMANDS.md from the commands. test/documents/docs.test.ts compares the two.
import { writeFileSync } from "node:fs";
import { commandReference } from "../dist/cli/command-reference.js";
import { buildProgram } from "../dist/cli/program.js";

// Nothing runs or prints here, so the program gets no terminal, no version and no commands to run.
const program = await buildProgram(null, null, "", async () => undefined);
writeFileSync(new URL("../src/cli/COMMANDS.md", import.meta.url), commandReference(program));
