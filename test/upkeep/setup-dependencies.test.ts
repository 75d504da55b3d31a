import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { temporaryFolder } from "../support/vaults.js";

const root = join(import.meta.dirname, "../..");
const folder = temporaryFolder();
const copy = join(folder.path, "holdfast");
const asked = join(folder.path, "asked");
const modules = join(copy, "node_modules");
afterAll(() => folder.remove());

beforeAll(() => {
  mkdirSync(join(folder.path, "bin"));
  cpSync(join(root, "bin"), join(copy, "bin"), { recursive: true });
  for (const name of ["package.json", "package-lock.json"]) cpSync(join(root, name), join(copy, name));
  const npm = join(folder.path, "bin", "npm");
  const script = `case "$1" in config) echo https://user:secret@packages.example/npm/;; *) echo "$*" >> "${asked}"; mkdir -p "${modules}";; esac`;
  writeFileSync(npm, `#!/bin/sh\n${script}\n`);
  chmodSync(npm, 0o755);
});

/** What npm was asked by set-up, and what set-up said. */
function installs(forTests: boolean): { readonly npm: readonly string[]; readonly said: string } {
  writeFileSync(asked, "");
  const module = JSON.stringify(join(copy, "bin/setup/dependencies.js"));
  const script = `import { installDependencies } from ${module}; installDependencies(process.env, { forTests: ${forTests} });`;
  const { stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
    env: { PATH: `${join(folder.path, "bin")}:/usr/bin:/bin` },
    encoding: "utf8",
  });
  return {
    npm: readFileSync(asked, "utf8")
      .split("\n")
      .filter((line) => line !== ""),
    said: stderr,
  };
}

describe("the packages that set-up installs", () => {
  it("are for a user those of building and running alone, and it is said before from where, and how large", () => {
    const first = installs(false);
    expect(first.npm).toEqual(["ci --omit=dev --ignore-scripts"]);
    expect(first.said).toMatch(/from packages\.example: at most \d+, about 130 MB on the disk/);
    expect(first.said).not.toContain("secret");
    expect(installs(false).npm).toEqual([]);
  });

  it("are for the tests all of them, which is enough for a user too", () => {
    expect(installs(true).npm).toEqual(["ci --ignore-scripts"]);
    expect(installs(true).npm).toEqual([]);
    expect(installs(false).npm).toEqual([]);
    rmSync(modules, { recursive: true });
    expect(existsSync(modules)).toBe(false);
    expect(installs(false).npm).toEqual(["ci --omit=dev --ignore-scripts"]);
  });

  it("include all that the build names", () => {
    const { dependencies, devDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    const needed = ["typescript", "ajv", "@types/node", "@types/better-sqlite3", "@types/fluent-ffmpeg"];
    for (const name of needed) expect(dependencies, name).toHaveProperty([name]);
    for (const name of ["vitest", "@biomejs/biome"]) expect(devDependencies, name).toHaveProperty([name]);
  });
});
