import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pinnedModules } from "./modules.js";
import { findPackageManager, installLine, tryPackage } from "./package-manager.js";
import { root, SetupFailure, say } from "./shell.js";
import { installYtDlp, noteYtDlp, updateYtDlp } from "./yt-dlp.js";

const dayMs = 86_400_000;

/**
 * Makes sure that yt-dlp, ffmpeg and ffprobe are there, and perl and bubblewrap where they can be had. Says what it
 * does. With `update` the newest yt-dlp is installed first. Throws a SetupFailure with status 3 that names every needed program
 * that is still missing, and with status 4 where the update failed.
 */
export async function installPrograms(env, { update }) {
  const built = join(root, "dist", "tools", "run");
  const { findProgram, minimumYtDlp, toolsFolder } = await import(join(built, "programs.js"));
  const { foundModules, isPinnedContent } = await import(join(built, "installed-modules.js"));
  const find = (name) => findProgram(name, { env, now: new Date() });
  const context = {
    env,
    find,
    minimumYtDlp,
    tools: toolsFolder(env),
    pinned: pinnedModules,
    foundModules,
    isPinnedContent,
    /** The file that each module came from, as far as this run installed it. */
    filesOf: new Map(),
    // Looked for only when something is missing: asking sudo takes time.
    manager: once(() => findPackageManager(env)),
  };
  if (update) await updateYtDlp(context);
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
  if (present !== null && !present.old) {
    noteYtDlp(context, present);
    return [];
  }
  if (present !== null && triedToday(context, "yt-dlp")) return [];
  await installYtDlp(context, present);
  noteTry(context, "yt-dlp");
  const found = await context.find("yt-dlp");
  if (found === null) {
    return [
      `yt-dlp is missing and could not be installed\ninstall Python 3.10 or newer, then run \`npm run setup\` again${orType(context, "python")}`,
    ];
  }
  noteYtDlp(context, found);
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
