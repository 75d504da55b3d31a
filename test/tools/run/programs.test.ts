import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { checkClock, readChronyc, readTimedatectl } from "../../../src/tools/run/clock.js";
import {
  compareVersions,
  findProgram,
  requirePrograms,
  toolsFolder,
} from "../../../src/tools/run/programs.js";

const now = new Date("2026-09-01T00:00:00Z");
let folder: string;
let env: Record<string, string>;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-programs-"));
  env = { PATH: join(folder, "path"), HOLDFAST_TOOLS: join(folder, "tools") };
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A program that answers with `words` and counts in `<path>.calls` how often it was started. */
function pretend(path: string, words: string): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\necho x >> '${path}.calls'\necho '${words}'\n`);
  chmodSync(path, 0o755);
  return path;
}

function calls(path: string): number {
  return existsSync(`${path}.calls`) ? readFileSync(`${path}.calls`, "utf8").split("\n").length - 1 : 0;
}

function sha256(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}

describe("where the programs are", () => {
  it("the tools folder is $HOLDFAST_TOOLS, else below the XDG data folder, else below the home folder", () => {
    expect(toolsFolder({ HOLDFAST_TOOLS: "/t" })).toBe("/t");
    expect(toolsFolder({ XDG_DATA_HOME: "/d", HOME: "/h" })).toBe("/d/holdfast/tools");
    expect(toolsFolder({ XDG_DATA_HOME: "d", HOME: "/h" })).toBe("/h/.local/share/holdfast/tools");
  });

  it("the real ffmpeg and ffprobe are found with version and digest", async () => {
    const search = { env: { ...process.env, HOLDFAST_TOOLS: env.HOLDFAST_TOOLS }, now };
    for (const name of ["ffmpeg", "ffprobe"] as const) {
      const program = await findProgram(name, search);
      expect(program?.version).toMatch(/\d/);
      expect(program?.sha256).toBe(sha256(program?.path ?? ""));
      expect(program?.sha256_tells_no_place).toBe(true);
      expect(program).toMatchObject({ name, source: "path", old: false, released_days_ago: null });
    }
  });

  it("ExifTool comes with holdfast", async () => {
    const program = await findProgram("exiftool", { env: { ...env, PATH: "/usr/bin:/bin" }, now });
    expect(program).toMatchObject({ source: "bundled", version: expect.stringMatching(/^\d+\.\d+$/) });
  });

  it("a program that does not work is passed over for the next one", async () => {
    const broken = pretend(join(folder, "shims", "ffmpeg"), "no such version");
    const path = pretend(join(folder, "path", "ffmpeg"), "ffmpeg version 9.1-x Copyright");
    const program = await findProgram("ffmpeg", {
      env: { ...env, PATH: `${dirname(broken)}:${env.PATH}` },
      now,
    });
    expect(program).toMatchObject({ path, version: "9.1-x" });
  });

  it("relative entries of PATH are not searched", async () => {
    expect(await findProgram("ffmpeg", { env: { ...env, PATH: ".::bin" }, now })).toBeNull();
  });
});

describe("which yt-dlp is used", () => {
  it("the newest one, whether on PATH or in the tools folder", async () => {
    const onPath = pretend(join(folder, "path", "yt-dlp"), "2026.07.05");
    expect(await findProgram("yt-dlp", { env, now })).toMatchObject({
      path: onPath,
      source: "path",
      released_days_ago: 58,
    });
    const ours = pretend(join(folder, "tools", "yt-dlp", "bin", "yt-dlp"), "2026.08.19");
    expect(await findProgram("yt-dlp", { env, now })).toMatchObject({
      path: ours,
      source: "tools-folder",
      old: false,
    });
    pretend(onPath, "2026.08.20.232811");
    expect(await findProgram("yt-dlp", { env, now })).toMatchObject({
      path: onPath,
      version: "2026.08.20.232811",
    });
  });

  it("an old one is refused unless a person allows it, and is marked as old", async () => {
    pretend(join(folder, "path", "yt-dlp"), "2023.03.04");
    const search = { env, now, allowOldYtDlp: false };
    await expect(requirePrograms(["yt-dlp"], search)).rejects.toMatchObject({
      code: "program-missing",
      message: expect.stringContaining("2023.03.04"),
    });
    const allowed = await requirePrograms(["yt-dlp"], { ...search, allowOldYtDlp: true });
    expect(allowed.get("yt-dlp")?.old).toBe(true);
    const byVariable = { ...search, env: { ...env, HOLDFAST_ALLOW_OLD_YTDLP: "1" } };
    expect((await requirePrograms(["yt-dlp"], byVariable)).get("yt-dlp")?.version).toBe("2023.03.04");
  });

  it("a missing program is named, with what to type", async () => {
    const missing = requirePrograms(["ffprobe"], { env, now, allowOldYtDlp: false });
    await expect(missing).rejects.toMatchObject({
      code: "program-missing",
      message: "ffprobe is not installed",
    });
    await expect(missing).rejects.toHaveProperty("hint", expect.stringContaining("npm run setup"));
  });

  it("the content of the installed package is told, and asked for anew when it changes", async () => {
    const script = pretend(join(folder, "tools", "yt-dlp", "bin", "yt-dlp"), "2026.08.19");
    const packages = join(folder, "tools", "yt-dlp", "lib", "python3.11", "site-packages");
    mkdirSync(join(packages, "yt_dlp"), { recursive: true });
    const module = join(packages, "yt_dlp", "__init__.py");
    const content = () =>
      createHash("sha256")
        .update(`${sha256(module)}  yt_dlp/__init__.py\n`)
        .digest("hex");
    writeFileSync(module, "x\n");
    const program = await findProgram("yt-dlp", { env, now });
    expect(program).toMatchObject({ package_sha256: content(), sha256: sha256(script) });
    writeFileSync(module, "y\n");
    expect((await findProgram("yt-dlp", { env, now }))?.package_sha256).toBe(content());
    expect(calls(script)).toBe(2);
  });

  it("versions are compared number by number", () => {
    expect(compareVersions("2026.07.04", "2026.7.4")).toBe(0);
    expect(compareVersions("2026.10.01", "2026.09.30")).toBeGreaterThan(0);
    expect(compareVersions("2026.08.19", "2026.08.19.1")).toBeLessThan(0);
  });
});

describe("versions are remembered", () => {
  it("an unchanged program is asked once, a changed one again", async () => {
    const path = pretend(join(folder, "path", "ffmpeg"), "ffmpeg version 1 x");
    for (let round = 0; round < 3; round += 1) await findProgram("ffmpeg", { env, now });
    expect(calls(path)).toBe(1);
    pretend(path, "ffmpeg version 22 x");
    expect(await findProgram("ffmpeg", { env, now })).toMatchObject({ version: "22", sha256: sha256(path) });
  });

  it("memory that makes no sense is not believed", async () => {
    const path = pretend(join(folder, "path", "ffmpeg"), "ffmpeg version 7 x");
    await findProgram("ffmpeg", { env, now });
    const memory = join(folder, "tools", "versions.json");
    const texts = [
      "",
      "{",
      "[1]",
      '{"programs":7}',
      readFileSync(memory, "utf8").replace(/"sha256": "./, '"sha256": "g'),
    ];
    for (const text of texts) {
      writeFileSync(memory, text);
      expect((await findProgram("ffmpeg", { env, now }))?.version).toBe("7");
    }
    expect(calls(path)).toBe(1 + texts.length);
  });

  it("a tools folder that cannot be written costs nothing but time", async () => {
    const path = pretend(join(folder, "path", "ffmpeg"), "ffmpeg version 7 x");
    symlinkSync("/nonexistent/nowhere", join(folder, "tools"));
    await findProgram("ffmpeg", { env, now });
    expect(await findProgram("ffmpeg", { env, now })).toMatchObject({ version: "7" });
    expect(calls(path)).toBe(2);
  });
});

describe("the clock", () => {
  it("the time service's answer is read, and an answer that says nothing is unknown", () => {
    expect(["yes\n", "no\n", "", "maybe"].map(readTimedatectl)).toEqual([true, false, null, null]);
    expect(readChronyc("Reference ID    : 0\nLeap status     : Normal\n")).toBe(true);
    expect(readChronyc("Leap status     : Not synchronised\n")).toBe(false);
    expect(readChronyc("506 Cannot talk to daemon\n")).toBeNull();
  });

  it("this machine's clock is asked, and where nothing answers that is said", async () => {
    const check = await checkClock(now);
    expect(check.checked_at).toBe("2026-09-01T00:00:00.000Z");
    expect(check.synchronised === null).toBe(check.source === "none");
  });
});
