import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer, text } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { pack } from "tar-stream";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { isForeignRuntime } from "../../src/tools/run/js-runtime.js";
import { findProgram } from "../../src/tools/run/programs.js";

const setup = join(import.meta.dirname, "../../bin/setup/js-runtime.js");
const program = "#!/bin/sh\necho v22.99.0\n";
let folder: string;
let archive: Buffer;
let registry: Server;
let base: string;
let asked: string[];
let said: string[];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-runtime-"));
  archive = await packed();
  registry = createServer((request, response) => {
    asked.push(request.url ?? "");
    if (request.url === "/node-here") response.end(JSON.stringify(packument()));
    else if (request.url === "/node-here.tgz") response.end(archive);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => registry.listen(0, "127.0.0.1", resolve));
  const address = registry.address();
  base = typeof address === "object" && address !== null ? `http://127.0.0.1:${address.port}` : "";
});

afterAll(async () => {
  await new Promise((resolve) => registry.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

beforeEach(() => {
  asked = [];
  said = [];
});

/** A package of npm that holds a program and a script that would betray that it was run. */
async function packed(): Promise<Buffer> {
  const entries = pack();
  const manifest = {
    name: "node-here",
    version: "22.99.0",
    scripts: { install: `touch ${join(folder, "script-was-run")}` },
  };
  entries.entry({ name: "package/package.json" }, JSON.stringify(manifest));
  entries.entry({ name: "package/LICENSE" }, "a licence");
  entries.entry({ name: "package/bin/node", mode: 0o755 }, program);
  entries.finalize();
  return gzipSync(await buffer(entries));
}

function packument(): object {
  const dist = { tarball: `${base}/node-here.tgz`, integrity: digest("sha512", archive) };
  const version = { name: "node-here", version: "22.99.0", dist };
  return { name: "node-here", "dist-tags": { latest: "22.99.0" }, versions: { "22.99.0": version } };
}

function digest(algorithm: "sha512", bytes: Buffer): string {
  return `${algorithm}-${createHash(algorithm).update(bytes).digest("base64")}`;
}

/**
 * Set-up as it sees a machine whose Node.js is this old, with a list of one package; in a process of its own, because
 * set-up waits for npm while this one must answer it.
 */
async function install(tools: string, node: string, change: object = {}): Promise<boolean> {
  const known = {
    package: "node-here",
    version: "22.99.0",
    integrity: digest("sha512", archive),
    binary_sha256: createHash("sha256").update(program).digest("hex"),
    ...change,
  };
  mkdirSync(tools, { recursive: true });
  const npm = {
    npm_config_registry: base,
    npm_config_cache: join(folder, "cache"),
    npm_config_fetch_retries: "0",
  };
  const env = { ...process.env, ...npm, HOME: folder };
  const context = { env, tools, node, runtimes: { [`${process.platform}-${process.arch}`]: known } };
  const script = `const { installRuntime } = await import(${JSON.stringify(setup)});
    process.exitCode = (await installRuntime(${JSON.stringify(context)})) ? 0 : 1;`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const [words, [status]] = await Promise.all([text(child.stderr), once(child, "close")]);
  said = words.split("\n").filter((line) => line !== "");
  return status === 0;
}

describe("the JavaScript runtime of yt-dlp", () => {
  it("is the Node.js that runs holdfast where yt-dlp accepts it: nothing is fetched", async () => {
    expect(await install(join(folder, "new"), "22.0.0")).toBe(true);
    expect({ asked, said, made: readdirSync(join(folder, "new")) }).toEqual({
      asked: [],
      said: [],
      made: [],
    });
  });

  it("is otherwise one of its own, once, from a package of our list, of which no script is run", async () => {
    const tools = join(folder, "own");
    expect(await install(tools, "20.20.2")).toBe(true);
    expect(said[0]).toContain("fetching Node.js 22.99.0, about 50 MB, for yt-dlp alone");
    expect(statSync(join(tools, "node", "bin", "node")).mode & 0o777).toBe(0o755);
    expect(readdirSync(tools)).toEqual(["node"]);
    expect(existsSync(join(folder, "script-was-run"))).toBe(false);
    const seen = asked.length;
    expect(await install(tools, "20.20.2")).toBe(true);
    expect(asked.length).toBe(seen);
  });

  it.skipIf(Number.parseInt(process.versions.node, 10) >= 22)(
    "is used from the tools folder, and called changed where it is not the program of our list",
    async () => {
      const tools = join(folder, "own");
      const found = await findProgram("node", { env: { HOLDFAST_TOOLS: tools }, now: new Date() });
      expect(found).toMatchObject({ version: "22.99.0", source: "tools-folder" });
      expect(found !== null && isForeignRuntime(found)).toBe(true);
    },
  );

  it.each([
    ["a package that is not the one of our list", { integrity: "sha512-AAAA" }, "its digest sha512-"],
    [
      "a program that is not the one of our list",
      { binary_sha256: "0".repeat(64) },
      "the program in it is not",
    ],
    ["one that npm cannot fetch", { version: "22.98.0" }, "npm could not fetch it"],
  ])("%s is left out, and what that means is said", async (_, change, words) => {
    const tools = join(folder, `refused-${words.length}`);
    expect(await install(tools, "20.20.2", change)).toBe(false);
    expect(readdirSync(join(tools, "node", "bin"))).toEqual([]);
    expect(readdirSync(tools)).toEqual(["node"]);
    expect(said.at(-1)).toContain(`continuing without a JavaScript runtime for yt-dlp, ${words}`);
    expect(said.at(-1)).toContain("YouTube offers fewer formats");
  });
});
