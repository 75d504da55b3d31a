import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { wellFormed } from "../../src/core/words/printable.js";
import { fetchVideo } from "../../src/tools/download/yt-dlp.js";
import { forbiddenJail } from "../../src/tools/run/jail-state.js";
import { signWithSshKeygen } from "../../src/tools/run/ssh-keygen.js";
import { holdfast } from "../support/cli.js";
import { hostileTexts, steeringIn } from "../support/hostile-texts.js";
import { openSite, type Site } from "../support/site.js";
import { temporaryFolder } from "../support/vaults.js";
import { requestFor, testDownloader } from "../support/yt-dlp.js";

const program = await testDownloader();
const folder = temporaryFolder();
const vault = ["--vault", join(folder.path, "vault")];
let site: Site;

beforeAll(async () => {
  site = await openSite({ clips: folder.path });
});
afterAll(async () => {
  await site.close();
  folder.remove();
});

/** Some of what is dangerous on one line. */
const words =
  "\u001b[2J\u001b]0;owned\u0007 \u009b31m \u202eexe.gpj\u202c \u200b\u2028 holdfast: as recorded";

/** A program that prints `words` and fails. */
function complaining(name: string): string {
  const bin = join(folder.path, `bin ${name}`);
  mkdirSync(bin);
  writeFileSync(
    join(bin, name),
    `#!/bin/sh\nprintf '%s\\n' '${words}' "$0 ${"x".repeat(5000)}" | tee /dev/stderr\nexit 1\n`,
  );
  chmodSync(join(bin, name), 0o755);
  return bin;
}

describe.skipIf(!program)("what yt-dlp says", () => {
  it("a server's own words in an error are spelled out where they are kept, and never shown", async () => {
    const request = requestFor(program!, `${site.url}/fault/words.mp4`, folder.path);
    const outcome = await fetchVideo(request);
    expect(outcome.kind).toBe("failed");
    expect(outcome.warnings.join("\n")).toContain("\\u{1b}[31m");
    expect(steeringIn(outcome.warnings.join("\n"))).toBeNull();
    // Beside it the raw bytes hold what was printed: they go into the private annex.
    expect(outcome.run.stderr.toString()).toContain("\u001b[31m");

    const { status, stdout, stderr } = await holdfast(["archive", `${site.url}/fault/words.mp4`, ...vault]);
    expect(status).toBe(4);
    expect(stdout + stderr).not.toContain("DRM");
    const log = join(folder.path, "vault/log");
    const lines = readdirSync(log).map((name) => readFileSync(join(log, name), "latin1"));
    expect(lines.join("")).not.toContain("login required");
  });
});

describe("what a clip says of itself", () => {
  it("tags stay data: on no page, in no line of the log, and in JSON that any reader takes", async () => {
    const tags = hostileTexts
      .filter(({ text }) => text.length < 400 && !text.includes("\0"))
      .map(({ text }) => text);
    const keys = ["title", "artist", "comment", "album", "genre", "copyright", "description"];
    const name = "\u202e4pm.\u001b[2J=1+1 <img src=x onerror=alert(1)>.mp4";
    const clip = join(folder.path, name);
    execFileSync("ffmpeg", [
      ..."-nostdin -loglevel error -f lavfi -i testsrc2=s=64x48:r=5:d=1 -c:v libx264 -preset ultrafast".split(
        " ",
      ),
      ...keys.flatMap((key, at) => [
        "-metadata",
        `${key}=${wellFormed(tags.filter((_, index) => index % keys.length === at).join(" "))}`,
      ]),
      `file:${clip}`,
    ]);
    const { status, lines } = await holdfast(["import", clip, "--json", ...vault]);
    expect(status).toBe(0);
    const [result] = lines;
    expect(result).toMatchObject({ status: "captured", derivation: "done", title: null });
    const { stdout } = await holdfast(["show", String(result?.id), ...vault]);
    expect(stdout).toContain("\\u{202e}4pm.\\u{1b}[2J=1+1");
    expect(stdout).not.toContain("jndi");
    const object = join(folder.path, "vault", String(result?.object));
    const readings = readdirSync(object, { recursive: true, encoding: "utf8" }).filter((path) =>
      path.endsWith(".json"),
    );
    expect(readings.length).toBeGreaterThan(3);
    const texts = readings.map((path) => readFileSync(join(object, path), "utf8"));
    expect(texts.filter((text) => /(?!\n)[\0-\x1f]/.test(text))).toEqual([]);
    for (const text of texts) JSON.parse(text);
    expect(texts.join("")).toContain("jndi");
  });
});

describe("what other programs say", () => {
  it("ssh-keygen's reason is one printable line of at most 200 characters", async () => {
    const answer = await signWithSshKeygen({
      message: Buffer.from("x"),
      namespace: "test",
      publicKeyLine: "ssh-ed25519 AAAA",
      keyFile: null,
      env: { PATH: `${complaining("ssh-keygen")}:/usr/bin` },
      signal: new AbortController().signal,
    });
    if (!("problem" in answer)) throw new Error("it signed");
    expect([...answer.problem].length).toBeLessThanOrEqual(200);
    expect(steeringIn(answer.problem)).toBeNull();
  });

  it("bubblewrap's reason is too", () => {
    const state = forbiddenJail(`bwrap: ${words}\n${words}`, {
      apparmor: null,
      clone: null,
      max: null,
      inContainer: false,
    });
    expect(steeringIn(JSON.stringify(state))).toBeNull();
  });

  it("doctor shows programs whose place, name or version is hostile as what they are", async () => {
    const bin = join(folder.path, "bin \u001b[2J \u202e");
    mkdirSync(bin);
    for (const name of ["yt-dlp", "ffmpeg", "ffprobe"]) {
      writeFileSync(join(bin, name), `#!/bin/sh\nprintf '%s\\n' '${name} version 2026.07.04${words}'\n`);
      chmodSync(join(bin, name), 0o755);
    }
    const { stdout } = await holdfast(["doctor", ...vault], {
      PATH: `${bin}:/usr/bin`,
      HOLDFAST_YTDLP: join(bin, "yt-dlp"),
    });
    expect(stdout).toContain("yt-dlp");
    const json = await holdfast(["doctor", "--json", ...vault], { PATH: `${bin}:/usr/bin` });
    expect(json.lines).toHaveLength(1);
  });
});
