#!/usr/bin/env node
import { say, setUp } from "./setup/set-up.js";

const words = process.argv.slice(2);
const known = ["--update-yt-dlp", "--browser", "--for-tests"];
if (words.some((word) => !known.includes(word))) {
  say("usage: npm run setup [-- --update-yt-dlp] [-- --browser] [-- --for-tests]");
  process.exitCode = 2;
} else {
  process.exitCode = await setUp(process.env, {
    update: words.includes("--update-yt-dlp"),
    browser: words.includes("--browser"),
    forTests: words.includes("--for-tests"),
  });
  if (process.exitCode === 0) say("holdfast is set up");
}
