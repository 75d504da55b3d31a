import { createHash } from "node:crypto";
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { tryPackage } from "./package-manager.js";
import { onPath, say, succeeds } from "./shell.js";

const release = "https://github.com/yt-dlp/yt-dlp/releases/latest/download";

/**
 * Gets a yt-dlp that is new enough from the first place that has one: pip in a folder of holdfast's own, the official
 * release with its published checksum, the system's package manager. `present` is the old one there is, or null.
 */
export async function installYtDlp(context, present) {
  say(
    present === null
      ? "yt-dlp is missing: it finds and downloads the video of a page"
      : `yt-dlp ${present.version} is older than ${context.minimumYtDlp}: older ones are not safe with hostile pages`,
  );
  if (makeEnvironment(context) || (tryPackage(context, "python") && makeEnvironment(context))) {
    if (installWithPip(context) && (await isNew(context))) return;
  }
  if ((await installRelease(context)) && (await isNew(context))) return;
  if (present === null) tryPackage(context, "yt-dlp");
}

async function isNew({ find }) {
  const found = await find("yt-dlp");
  return found !== null && !found.old;
}

/** A Python environment of its own: nothing of the system's Python is touched. */
function makeEnvironment({ env, tools }) {
  const python = onPath("python3", env);
  if (python === null) return false;
  mkdirSync(tools, { recursive: true });
  rmSync(environment(tools), { recursive: true, force: true });
  say(`making a Python environment in ${environment(tools)}`);
  return succeeds(python, ["-m", "venv", environment(tools)], env, tools);
}

function installWithPip({ env, tools, minimumYtDlp }) {
  const oldest = minimumYtDlp.split(".").map(Number).join(".");
  say("installing yt-dlp into it with pip; where the network is slow this takes a minute or two");
  const python = join(environment(tools), "bin", "python3");
  const pip = ["-m", "pip", "install", `yt-dlp>=${oldest}`];
  // Without the second package yt-dlp decrypts encrypted segments in Python itself, at about 100 KB a second.
  const done = succeeds(python, [...pip, "pycryptodomex"], env, tools) || succeeds(python, pip, env, tools);
  if (!done) rmSync(environment(tools), { recursive: true, force: true });
  return done;
}

function environment(tools) {
  return join(tools, "yt-dlp");
}

/** The release is one file that any Python runs; it is kept only when its published checksum fits. */
async function installRelease({ env, tools }) {
  if (onPath("python3", env) === null) return false;
  say("downloading the official yt-dlp release and checking its published SHA-256");
  try {
    const sums = Buffer.from(await download(`${release}/SHA2-256SUMS`, 60_000)).toString("utf8");
    const expected = /^([0-9a-f]{64}) [ *]yt-dlp$/m.exec(sums)?.[1];
    const program = Buffer.from(await download(`${release}/yt-dlp`, 300_000));
    if (createHash("sha256").update(program).digest("hex") !== expected)
      throw new Error("the checksum does not fit");
    const folder = join(tools, "bin");
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, ".yt-dlp.new"), program, { mode: 0o755 });
    renameSync(join(folder, ".yt-dlp.new"), join(folder, "yt-dlp"));
    return true;
  } catch (error) {
    say(`the release could not be had: ${error.cause?.code ?? error.message}`);
    return false;
  }
}

async function download(url, patienceMs) {
  const response = await fetch(url, { signal: AbortSignal.timeout(patienceMs) });
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  return await response.arrayBuffer();
}
