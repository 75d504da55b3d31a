import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { temporaryFolder } from "../support/vaults.js";

/*
 * File systems that refuse a nicety, by a library that stands between the program and the system (Linux with a C compiler;
 * elsewhere these tests are skipped).
 */

const folder = temporaryFolder();
const weak = join(folder.path, "weak");
const library = join(folder.path, "weak-disk.so");
const clip = join(folder.path, "clip.mp4");
const program = fileURLToPath(new URL("../../bin/holdfast.js", import.meta.url));
const canStandBetween = process.platform === "linux" && spawnSync("cc", ["--version"]).status === 0;

beforeAll(() => {
  const picture = ["-f", "lavfi", "-i", "testsrc2=s=64x48:r=5:d=1", "-c:v", "mpeg4"];
  execFileSync("ffmpeg", ["-nostdin", "-loglevel", "error", ...picture, clip]);
  if (!canStandBetween) return;
  const source = join(import.meta.dirname, "../support/weak-disk.c");
  execFileSync("cc", ["-shared", "-fPIC", "-o", library, source, "-ldl"]);
});
afterAll(() => folder.remove());

/** The program on a disk that refuses `what` in this way; key and vault lie on it. */
function holdfast(what: string, code: keyof typeof constants.errno, ...words: readonly string[]) {
  const env = {
    PATH: process.env.PATH,
    HOME: weak,
    TMPDIR: process.env.TMPDIR,
    HOLDFAST_OFFLINE: "1",
    HOLDFAST_NEW_VAULT: "1",
    ...(what === "" ? {} : { LD_PRELOAD: library }),
    WEAK: what,
    WEAK_AT: weak,
    WEAK_ERRNO: String(constants.errno[code]),
  };
  const argv = [program, ...words, "--vault", join(weak, "vault")];
  return spawnSync(process.execPath, argv, { env, encoding: "utf8", cwd: folder.path });
}

function warnings(): readonly string[] {
  const objects = join(weak, "vault", "objects");
  const record = readdirSync(objects, { recursive: true }).find((path) =>
    String(path).endsWith("record.json"),
  );
  return JSON.parse(readFileSync(join(objects, String(record)), "utf8")).warnings;
}

const words = {
  sync: "the file system of this vault refuses to sync a folder",
  chmod: "the file system of this vault refuses to make a file read-only",
  mmap: "the file system of this vault refuses memory that programs share",
};

describe.skipIf(!canStandBetween)("a file system that refuses", () => {
  it.each([
    ["to sync a folder, as SMB does", "sync", "EINVAL", [words.sync]],
    ["to sync a folder, as a FUSE file system without it does", "sync", "ENOSYS", [words.sync]],
    ["to open or sync a folder, as Windows does", "sync", "EACCES", [words.sync]],
    ["rights of files, as exFAT and CIFS do", "chmod", "EPERM", [words.chmod]],
    ["hard links, as exFAT does", "link", "EPERM", []],
    ["shared memory, as drives of Windows under WSL do", "mmap", "ENODEV", [words.mmap]],
    ["all of it", "sync,chmod,link,mmap", "ENOTSUP", [words.sync, words.chmod, words.mmap]],
  ] as const)("%s, holds a vault; what is weaker is said, in the record too", (_, what, code, said) => {
    rmSync(weak, { recursive: true, force: true });
    mkdirSync(weak);
    const first = holdfast(what, code, "import", clip, "--json");
    expect(first.status, first.stderr).toBe(0);
    const { id } = JSON.parse(first.stdout);
    for (const sentence of said) expect(first.stderr).toContain(sentence);
    expect(warnings().map((warning) => said.find((sentence) => warning.startsWith(sentence)))).toEqual(
      expect.arrayContaining([...said]),
    );
    for (const argv of [
      ["annotate", id, "case=1"],
      ["list"],
      ["export", id, "--to", join(weak, "package")],
      ["verify", "--record"],
    ]) {
      const { status, stderr } = holdfast(what, code, ...argv);
      expect(status, `${argv[0]}: ${stderr}`).toBe(0);
    }
    const { stdout } = holdfast(what, code, "doctor");
    const seen = said.filter((sentence) => sentence !== words.mmap);
    for (const sentence of seen) expect(stdout).toContain(sentence);
    expect(holdfast("", code, "verify").status, "on a machine that sees a plain disk").toBe(0);
  });

  it("nothing says nothing", () => {
    rmSync(weak, { recursive: true, force: true });
    mkdirSync(weak);
    const { status, stderr } = holdfast("none", "EINVAL", "import", clip);
    expect(status, stderr).toBe(0);
    expect(stderr).not.toContain("file system");
    expect(warnings()).toEqual([]);
    expect(holdfast("none", "EINVAL", "doctor").stdout).not.toContain("file system");
  });

  it("a sync because the disk is broken is not passed over", () => {
    rmSync(weak, { recursive: true, force: true });
    mkdirSync(weak);
    expect(holdfast("sync", "EIO", "import", clip).status).toBe(4);
  });
});
