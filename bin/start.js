#!/usr/bin/env node
import { setUp } from "./setup/set-up.js";

const status = await setUp(process.env);
if (status !== 0) {
  process.exitCode = status;
} else if (process.argv.length > 2) {
  // In this process: streams, signals and the exit status need no handing on.
  await import("./holdfast.js");
} else {
  await import("./demo.js");
}
