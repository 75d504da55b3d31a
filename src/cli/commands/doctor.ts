import type { Command } from "commander";
import type { RunCommand } from "../session.js";
export function addDoctor(_program: Command, _run: RunCommand): void {}
