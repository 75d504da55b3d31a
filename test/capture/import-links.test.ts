import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { walkFolder } from "../../src/capture/folder-walk.js";
import { holdfast } from "../support/cli.js";
import { makeSiteClips } from "../support/site-clips.js";
import { temporaryFolder } from "../support/vaults.js";

const folder = temporaryFolder();
const at = (...names: string[]) => join(folder.path, ...names);
const vault = at("vault");
const key = "-----BEGIN OPENSSH PRIVATE KEY-----\nCANARYKEY\n";
let held: Record<string, unknown>;

async function imported(...words: readonly string[]) {
  const run = await holdfast(["import", "--json", "--vault", vault, ...words]);
  const leftOut = run.lines.filter((line) => "left_out" in line && "why" in line);
  return {
    ...run,
    results: run.lines.filter((line) => !leftOut.includes(line)),
    leftOut: Object.fromEntries(leftOut.map((line) => [String(line.left_out), line.why])),
  };
}

const contentOf = (result: Record<string, unknown> | undefined) =>
  join(vault, String(result?.object), "v1/content");

const filesOf = (result: Record<string, unknown> | undefined): readonly { path: string }[] =>
  JSON.parse(readFileSync(join(contentOf(result), "record.json"), "utf8")).files;

/** Every stored byte of the vault in which a text stands. */
function filesWith(text: string): readonly string[] {
  return readdirSync(vault, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => readFileSync(path).includes(text));
}

function clipIn(name: string, from: string): string {
  mkdirSync(at(name), { recursive: true });
  copyFileSync(at("made", from), at(name, "clip.mp4"));
  return at(name, "clip.mp4");
}

beforeAll(async () => {
  makeSiteClips(at("made"));
  mkdirSync(at("home"));
  writeFileSync(at("home", "id_ed25519"), key);
  const first = await imported(clipIn("first", "clip.mp4"), "--received-from", "CANARYPERSON");
  held = first.results[0] ?? {};
});
afterAll(() => folder.remove());

describe("a link beside a clip", () => {
  it("that leads to a key or into the vault puts neither into record or vault, in a folder or beside a typed file", async () => {
    const file = clipIn("baited", "other.mp4");
    const annex = join(vault, "private", String(held.id), "annex.json");
    symlinkSync(at("home", "id_ed25519"), at("baited", "clip.json"));
    symlinkSync(annex, at("baited", "clip.txt"));
    const out = { "clip.json": "link-outside", "clip.txt": "link-to-own" };
    for (const typed of [at("baited"), file]) {
      const run = await imported(typed, "--again");
      expect(run.leftOut, typed).toEqual(out);
      expect(run.status).toBe(4);
      expect(run.stderr).not.toContain("followed");
      expect(filesOf(run.results[0])).toHaveLength(1);
    }
    expect(filesWith("CANARYKEY")).toEqual([]);
    expect(filesWith("CANARYPERSON")).toEqual([annex]);
  });

  it("that leads to what lies in the named folder is a companion, under the link's name", async () => {
    const file = clipIn("kept", "part-1.mp4");
    mkdirSync(at("kept", "store"));
    writeFileSync(at("kept", "store", "SHA256-x"), "a note of it");
    symlinkSync("store/SHA256-x", at("kept", "clip.txt"));
    symlinkSync(at("kept"), at("kept-by-link"));
    for (const typed of [at("kept"), file, at("kept-by-link"), at("kept-by-link", "clip.mp4")]) {
      const run = await imported(typed, "--again");
      expect([run.leftOut, run.status], typed).toEqual([{}, 0]);
      const files = filesOf(run.results[0]);
      expect(files).toMatchObject([{}, { role: "sidecar", received_as: "<name>.txt" }]);
      expect(readFileSync(join(contentOf(run.results[0]), String(files[1]?.path)), "utf8")).toBe(
        "a note of it",
      );
    }
  });

  it("that leads to the keys of holdfast is left out, even where they lie in the named folder", async () => {
    clipIn("all", "part-2.mp4");
    const config = at("all", "config", "holdfast");
    mkdirSync(join(config, "keys"), { recursive: true });
    writeFileSync(join(config, "keys", "key"), key);
    symlinkSync(join(config, "keys", "key"), at("all", "clip.json"));
    symlinkSync(join(config, "keys"), at("all", "more"));
    const walk = walkFolder(at("all"), { vault, config });
    expect(walk.files.map(({ shown }) => shown)).toEqual(["clip.mp4"]);
    expect(walk.leftOut).toEqual([{ name: "clip.json", why: "link-to-own" }]);
    expect(walk.litter.join()).toMatch(/config\/holdfast\/.*more\//);
  });
});

describe("a link into a part of a vault", () => {
  it("is passed over and said so, and leaves no failed attempt in the log", async () => {
    clipIn("around", "part-3.mp4");
    symlinkSync(join(vault, "objects"), at("around", "x"));
    symlinkSync(join(contentOf(held), "original/track-1.mp4"), at("around", "inner.mp4"));
    const run = await imported(at("around"));
    expect(run.results.map(({ url, status }) => `${status} ${url}`)).toEqual(["captured clip.mp4"]);
    expect(run.leftOut).toEqual({ "inner.mp4": "link-to-own" });
    expect(run.stderr).toContain("the vault in it was passed over: x");
    const failed = await holdfast(["list", "--json", "--status", "failed", "--vault", vault]);
    expect(failed.lines.filter((line) => "id" in line)).toEqual([]);
  });

  it("of somebody else is that vault's evidence, which is named", () => {
    mkdirSync(at("seen"));
    symlinkSync(join(vault, "objects"), at("seen", "x"));
    symlinkSync(join(contentOf(held), "original/track-1.mp4"), at("seen", "inner.mp4"));
    const walk = walkFolder(at("seen"), { vault: at("another"), config: at("config") });
    expect(walk.files).toEqual([]);
    expect(walk.leftOut).toEqual([
      { name: "inner.mp4", why: "vault" },
      { name: "x", why: "vault" },
    ]);
  });
});

describe("a pipe in a folder", () => {
  it("is named, whatever it is called, and nothing waits for it", () => {
    clipIn("pipes", "other.mp4");
    mkdirSync(at("pipes", "sub"));
    execFileSync("mkfifo", [at("pipes", "sub", "bag-info.txt"), at("pipes", "clip.json")]);
    const program = join(import.meta.dirname, "../../bin/holdfast.js");
    // In a process of its own: one that waits in an open call hears no signal but this.
    const run = spawnSync(
      process.execPath,
      [program, "import", at("pipes"), "--json", "--vault", vault, "--again"],
      { encoding: "utf8", timeout: 120_000, killSignal: "SIGKILL" },
    );
    expect([run.status, run.signal]).toEqual([4, null]);
    const lines: Record<string, unknown>[] = run.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines.map(({ left_out, why, status }) => status ?? `${left_out} ${why}`)).toEqual([
      "captured",
      "clip.json special",
      "sub/bag-info.txt special",
    ]);
  });
});
