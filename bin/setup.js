#!/usr/bin/env node
import { say, setUp } from "./setup/set-up.js";

const words = process.argv.slice(2);
if (words.some((word) => word !== "--update-yt-dlp")) {
  say("usage: npm run setup [-- --update-yt-dlp]");
  process.exitCode = 2;
} else {
  process.exitCode = await setUp(process.env, { update: words.length > 0 });
  if (process.exitCode === 0) say("holdfast is set up");
}
