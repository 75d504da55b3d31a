import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { redactCapture } from "../../src/handover/publication.js";
import { closeVault } from "../../src/vault/vault.js";
import { tellingClip } from "../support/publication-clips.js";
import { captureFiles, openTestVault, temporaryFolder, testWorld } from "../support/vaults.js";

const folder = temporaryFolder();
const at = (name: string) => join(folder.path, name);
const vault = at("vault");
const real = String(execFileSync("sh", ["-c", "command -v ffmpeg"])).trim();
const fills = [{ x: 30, y: 40, width: 25, height: 30, from: 450_000, to: 1_050_000 }];
let id = "";

beforeAll(async () => {
  const clip = readFileSync(tellingClip(folder.path));
  const opened = await openTestVault(vault);
  id = captureFiles(opened, { "track-1.mp4": clip }, "https://video.example/1").record.capture;
  closeVault(opened);
});
afterAll(() => folder.remove());

/** Makes a copy with an ffmpeg that is this script. */
function redactWith(name: string, script: string) {
  const place = at(name);
  mkdirSync(place);
  writeFileSync(join(place, "ffmpeg"), `#!/bin/bash\n${script}\n`);
  chmodSync(join(place, "ffmpeg"), 0o755);
  const env = { ...process.env, PATH: `${place}:${process.env.PATH}` };
  const request = { vault, id, fills, keepSound: false, original: null, to: at(`${name}.mp4`) };
  return redactCapture(request, { ...testWorld(), env });
}

describe("a copy that is not what was asked for is found out by reading it again, and not stored", () => {
  const each = (pattern: string, value: string) =>
    `args=(); for a in "$@"; do args+=("\${a/${pattern}/${value}}"); done`;
  const behind = (name: string, then: string) =>
    `args=(); before=; for a in "$@"; do if [ "$before" = ${name} ]; then ${then}; fi; before=$a; args+=("$a"); done`;
  it.each([
    ["where the region is not filled", "unfilled", each("gte(t,0.350000)", "gte(t,99)"), "not solid"],
    ["where another region is filled", "elsewhere", each("x=16:y=32", "x=32:y=32"), "not solid"],
    ["where it is filled a frame too late", "late", each("gte(t,0.350000)", "gte(t,0.450000)"), "not solid"],
    ["where it is filled grey", "grey", each("color=black", "color=gray"), "not solid"],
    ["where tags came along", "tags", behind("-map_metadata", "a=0"), "its metadata contains"],
    ["where chapters came along", "chapters", behind("-map_chapters", "a=0"), "chapters"],
    [
      "where frames are missing",
      "frames",
      `args=(); for a in "$@"; do case "$a" in file:*/copy.mp4) args+=(-frames:v 15) ;; esac; args+=("$a"); done`,
      "15 frames",
    ],
    [
      "where it begins later than it was to",
      "later",
      `args=(); for a in "$@"; do if [ "$a" = -0.000000 ]; then a=0.5; fi; args+=("$a"); done`,
      "does not begin at 0",
    ],
    [
      "where the sound came along",
      "sound",
      `args=(); for a in "$@"; do if [ "$a" = -an ]; then args+=(-map 0:a:0); else args+=("$a"); fi; done`,
      "streams",
    ],
  ])("%s", async (_title, name, script, words) => {
    const others = `case " $* " in *" -movflags "*) ;; *) exec ${real} "$@" ;; esac`;
    const before = readdirSync(join(vault, "objects"), { recursive: true }).length;
    const made = redactWith(name, `${others}\n${script}\nexec ${real} "\${args[@]}"`);
    await expect(made).rejects.toMatchObject({ code: "io", message: expect.stringContaining(words) });
    expect(readdirSync(join(vault, "objects"), { recursive: true }).length).toBe(before);
    expect(readdirSync(folder.path)).not.toContain(`${name}.mp4`);
  });
});

it("where ffmpeg has no encoder for H.264, a copy is made with one that is part of every ffmpeg", async () => {
  const hidden = `if [ "$2" = -encoders ]; then ${real} "$@" | grep -v libx264; else exec ${real} "$@"; fi`;
  const { publication } = await redactWith("plain", hidden);
  expect(publication.runs.some(({ argv }) => argv.includes("mpeg4"))).toBe(true);
  expect(publication.checks.map(({ check }) => check)).toEqual([
    "streams",
    "boxes",
    "texts",
    "frames",
    "fills",
  ]);
});
