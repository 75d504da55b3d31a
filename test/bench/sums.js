import { createHash } from "node:crypto";
import { createReadStream, writeFileSync } from "node:fs";
import { relative } from "node:path";
import { pipeline } from "node:stream/promises";
import { need } from "./machine.js";

/**
 * The peer's command over exactly `paths`, whose names must hold no newline: checks the SHA-256 of each against a list
 * that is written here, in `folder`, which the paths in it are relative to. A vault is no such folder: `verify` would
 * report the list as a stranger.
 */
export async function checkCommand(programs, folder, paths) {
  const program = need(programs, "sha256sum");
  const lines = [];
  for (const path of paths) lines.push(`${await sha256Of(path)}  ${relative(folder, path)}\n`);
  writeFileSync(`${folder}/SHA256SUMS`, lines.join(""));
  return {
    label: `sha256sum -c --quiet SHA256SUMS   (${paths.length} files, SHA-256 only)`,
    program,
    args: ["-c", "--quiet", "SHA256SUMS"],
    cwd: folder,
  };
}

async function sha256Of(path) {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}
