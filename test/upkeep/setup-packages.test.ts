import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { temporaryFolder } from "../support/vaults.js";

const setup = join(import.meta.dirname, "../../bin/setup");
let folder = temporaryFolder();
let said: string[] = [];

beforeEach(() => {
  folder = temporaryFolder();
  mkdirSync(join(folder.path, "bin"));
  said = [];
  vi.spyOn(console, "error").mockImplementation((words) => said.push(String(words)));
});
afterEach(() => {
  vi.restoreAllMocks();
  folder.remove();
});

/** Programs of a machine that has Debian's package manager and nothing else, and what was asked of it. */
async function machine(offered: string) {
  const program = (name: string, script: string) => {
    const path = join(folder.path, "bin", name);
    writeFileSync(path, `#!/bin/sh\n${script}\n`);
    chmodSync(path, 0o755);
  };
  const log = join(folder.path, "asked");
  writeFileSync(log, "");
  program("sudo", 'shift; exec "$@"');
  program("apt-cache", `echo "$2:"; echo "  Candidate: ${offered}"`);
  program(
    "apt-get",
    `echo "$*" >> "${log}"; case "$1" in --assume-no) echo "Need to get 4,321 kB of archives."; echo "After this operation, 17 MB of additional disk space will be used."; exit 1;; esac`,
  );
  for (const name of ["sh", "true"]) symlinkSync(`/bin/${name}`, join(folder.path, "bin", name));
  const env = { PATH: [join(folder.path, "bin")].join(delimiter) };
  const { findPackageManager, offeredDate, tryPackage } = await import(join(setup, "package-manager.js"));
  const context = { env, manager: () => findPackageManager(env) };
  return { context, offeredDate, tryPackage, asked: () => readFileSync(log, "utf8").trimEnd().split("\n") };
}

describe("a package of the system", () => {
  it("is known by its date before anything is installed, so that none is that holdfast would refuse", async () => {
    const old = await machine("2023.03.04-1");
    expect(old.offeredDate(old.context, "yt-dlp")).toBe("2023.03.04");
    expect(old.asked()).toEqual([""]);
  });

  it("that the lists do not name is looked for once more after they were fetched", async () => {
    const none = await machine("(none)");
    expect(none.offeredDate(none.context, "yt-dlp")).toBeNull();
    expect(none.asked()).toEqual(["update"]);
  });

  it("is installed after it was said what will be fetched and how much room it takes", async () => {
    const { context, tryPackage, asked } = await machine("7:5.1");
    expect(tryPackage(context, "ffmpeg")).toBe(true);
    expect(said[0]).toMatch(/installing it with the package manager: .*apt-get install .* ffmpeg$/);
    expect(said.slice(1)).toEqual([
      "Need to get 4,321 kB of archives.",
      "After this operation, 17 MB of additional disk space will be used.",
    ]);
    expect(asked().map((line) => line.split(" ")[0])).toEqual(["--assume-no", "install"]);
  });
});

describe("set-up", () => {
  it("has the system's packages for the browser, with letters for what is written in Kazakhstan", async () => {
    const { context, tryPackage, asked } = await machine("150.0.1");
    expect(tryPackage(context, "chromium")).toBe(true);
    expect(asked().at(-1)).toBe(
      "install -y --no-install-recommends chromium fonts-dejavu-core fonts-noto-color-emoji",
    );
    expect(said.slice(1)).toContain("Need to get 4,321 kB of archives.");
  });

  it.each([
    ["2023.03.04-1", 0],
    ["2026.9.1", 2],
    ["2026.10.01", 2],
  ])(
    "brings no yt-dlp onto the machine that holdfast would refuse, and %s is asked for %i times",
    async (offered, calls) => {
      const { installSystemYtDlp } = await import(join(setup, "yt-dlp.js"));
      const { context, asked } = await machine(offered);
      installSystemYtDlp({ ...context, minimumYtDlp: "2026.08.19" });
      expect(asked().filter((line) => line !== "")).toHaveLength(calls);
      const refused = said.filter((line) => /not installing the system's yt-dlp 2023\.03\.04/.test(line));
      expect(refused).toHaveLength(calls === 0 ? 1 : 0);
    },
  );
});
