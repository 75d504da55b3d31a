#!/usr/bin/env node
import { say, setUp } from "./setup/set-up.js";

process.exitCode = await setUp(process.env);
if (process.exitCode === 0) say("holdfast is set up");
