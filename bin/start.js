#!/usr/bin/env node
import { setUp } from "./setup/set-up.js";

const status = await setUp(process.env);
if (status !== 0) {
  process.exitCode = status;
} else if (process.argv.length > 2) {
  // Runs in this process, so that streams, signals and the exit status need no forwarding.
  await import("./holdfast.js");
} else {
  await import("./demo.js");
}
