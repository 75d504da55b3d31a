import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findPackageManager, installLine, tryPackage } from "./package-manager.js";
import { root, SetupFailure, say } from "./shell.js";
import { installYtDlp } from "./yt-dlp.js";

const dayMs = 86_400_000;

/**
 * Makes sure that yt-dlp, ffmpeg and ffprobe are there, and perl and bubblewrap where they can be had. Says what it
 * does. Throws a SetupFailure with status 3 that names every needed program that is still missing.
 */
export async function installPrograms(env) {
  const { findProgram, minimumYtDlp, toolsFolder } = await import(join(root, "dist", "tools", "programs.js"));
  const find = (name) => findProgram(name, { env, now: new Date() });
  const context = {
    env,
    find,
    minimumYtDlp,
    tools: toolsFolder(env),
    // Looked for only when something is missing: asking sudo takes time.
    manager: once(() => findPackageManager(env)),
  };
  const missing = [...(await needYtDlp(context)), ...(await needFfmpeg(context))];
  if (missing.length > 0) throw new SetupFailure(3, missing.join("\n"));
  await wish(
    context,
    "exiftool",
    "perl",
    "reading a file's own metadata needs it; without it that step is recorded as failed",
  );
  await wish(
    context,
    "bwrap",
    "bubblewrap",
    "it locks other people's programs in; without it they run with limits only, and the record says so",
  );
}

async function needYtDlp(context) {
  const present = await context.find("yt-dlp");
  if (present !== null && !present.old) return [];
  if (present !== null && triedToday(context, "yt-dlp")) return [];
  await installYtDlp(context, present);
  noteTry(context, "yt-dlp");
  const found = await context.find("yt-dlp");
  if (found === null) {
    return [
      `yt-dlp is missing and could not be installed\ninstall Python 3.10 or newer, then run \`npm run setup\` again${orType(context, "python")}`,
    ];
  }
  if (found.old) {
    say(
      `only yt-dlp ${found.version} could be had: versions before ${context.minimumYtDlp} can leak cookies, be misled by a link and write outside their folder; ` +
        "holdfast uses it only with --allow-old-yt-dlp, and the record says so",
    );
  }
  return [];
}

async function needFfmpeg(context) {
  const isThere = async () =>
    (await context.find("ffmpeg")) !== null && (await context.find("ffprobe")) !== null;
  if (await isThere()) return [];
  say("ffmpeg and ffprobe are missing: they make keyframes and check that a file is whole");
  if (tryPackage(context, "ffmpeg") && (await isThere())) return [];
  return [
    `ffmpeg and ffprobe are missing${orType(context, "ffmpeg") || "\ninstall ffmpeg, then run `npm run setup` again"}`,
  ];
}

/** Installs something holdfast can do without, once a day at most. */
async function wish(context, program, what, why) {
  if ((await context.find(program)) !== null || triedToday(context, what)) return;
  say(`${what} is missing: ${why}`);
  if (!tryPackage(context, what)) say(`going on without ${what}${orType(context, what)}`);
  noteTry(context, what);
}

function orType(context, what) {
  const line = installLine(context.manager(), what);
  return line === null ? "" : `\ntype: ${line}`;
}

function triedToday(context, what) {
  const last = Date.parse(tries(context)[what] ?? "");
  return Math.abs(Date.now() - last) < dayMs;
}

function noteTry(context, what) {
  mkdirSync(context.tools, { recursive: true });
  const noted = { ...tries(context), [what]: new Date().toISOString() };
  writeFileSync(join(context.tools, "tries.json"), `${JSON.stringify(noted)}\n`);
}

function tries(context) {
  try {
    return Object(JSON.parse(readFileSync(join(context.tools, "tries.json"), "utf8")));
  } catch {
    return {};
  }
}

function once(work) {
  let done = null;
  return () => {
    done ??= { value: work() };
    return done.value;
  };
}
