import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { environment } from "./environment.js";
import { installExtras } from "./extras.js";
import { installRuntime } from "./js-runtime.js";
import { pinnedModules } from "./modules.js";
import { findPackageManager, installLine, tryPackage } from "./package-manager.js";
import { root, SetupFailure, say } from "./shell.js";
import { installYtDlp, noteYtDlp, updateYtDlp } from "./yt-dlp.js";

const dayMs = 86_400_000;

/**
 * Makes sure that yt-dlp, ffmpeg and ffprobe are installed, and yt-dlp's extras, perl and bubblewrap if they are available.
 * Prints what it does. With `update`, first installs the newest yt-dlp; with `browser`, Chromium, which is otherwise wished for by the tests
 * alone. Throws a SetupFailure with status 3, naming every needed program
 * that is still missing, or with status 4 if the update failed.
 */
export async function installPrograms(env, { update, browser, forTests }) {
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
    /** The file that each module came from, if this run installed it. */
    filesOf: new Map(),
    // Searched for only if something is missing, because asking sudo takes time.
    manager: once(() => findPackageManager(env)),
  };
  if (update) await updateYtDlp(context);
  const missing = [
    ...(await needYtDlp(context)),
    ...(await needFfmpeg(context)),
    ...(browser ? await needBrowser(context) : []),
  ];
  if (missing.length > 0) throw new SetupFailure(3, missing.join("\n"));
  if (!triedToday(context, "js-runtime") && !(await installRuntime(context))) noteTry(context, "js-runtime");
  await wish(
    context,
    "exiftool",
    "perl",
    "holdfast needs it to read the metadata inside files; without it, records state that this step failed",
  );
  await wish(
    context,
    "bwrap",
    "bubblewrap",
    "it puts other programs into a sandbox; without it they run only with limits, which records state",
  );
  if (forTests) {
    await wish(
      context,
      "chromium",
      "chromium",
      "the tests of captured pages need it; without it they are skipped by name",
    );
  }
}

async function needYtDlp(context) {
  const present = await context.find("yt-dlp");
  if (present !== null && !present.old) {
    addExtras(context, present);
    noteYtDlp(context, present);
    return [];
  }
  if (present !== null && triedToday(context, "yt-dlp")) return [];
  await installYtDlp(context, present);
  noteTry(context, "yt-dlp");
  const found = await context.find("yt-dlp");
  if (found === null) {
    return [
      `yt-dlp is missing and could not be installed: the lines above say what was tried\ncheck the network, and that Python 3.10 or newer is here, then run \`npm run setup\` again${orType(context, "python")}`,
    ];
  }
  addExtras(context, found);
  noteYtDlp(context, found);
  if (found.old) {
    say(
      `only yt-dlp ${found.version} is available: versions before ${context.minimumYtDlp} can leak cookies, be hijacked by a link and write outside their folder; ` +
        "holdfast uses it only with --allow-old-yt-dlp, and records state that",
    );
  }
  return [];
}

/** Only set-up's own environment gets extras. What cannot be had is looked for, and said, again after a day. */
function addExtras(context, { path }) {
  if (!path.startsWith(join(environment(context.tools), "bin"))) {
    if (triedToday(context, "extras")) return;
    say(
      `the yt-dlp in use is ${path}, to which set-up adds nothing; \`holdfast doctor\` says what it lacks for some sites`,
    );
    noteTry(context, "extras");
    return;
  }
  installExtras(context, {
    isDue: (name) => !triedToday(context, name),
    noteTry: (name) => noteTry(context, name),
  });
}

async function needFfmpeg(context) {
  const isThere = async () =>
    (await context.find("ffmpeg")) !== null && (await context.find("ffprobe")) !== null;
  if (await isThere()) return [];
  say(
    "ffmpeg and ffprobe are missing: holdfast needs them to make keyframes and to check that a file is complete",
  );
  if (tryPackage(context, "ffmpeg") && (await isThere())) return [];
  return [
    `ffmpeg and ffprobe are missing${orType(context, "ffmpeg") || "\ninstall ffmpeg, then run `npm run setup` again"}`,
  ];
}

/** Chromium is large and not needed for clips, so it is installed only where somebody asks for it. */
async function needBrowser(context) {
  const present = await context.find("chromium");
  if (present !== null) {
    say(`chromium ${present.version} is installed: ${present.path}`);
    return [];
  }
  say(
    "holdfast captures the page around a clip with Chromium: it runs in a sandbox with a fresh profile, and only while a page is captured",
  );
  if (tryPackage(context, "chromium") && (await context.find("chromium")) !== null) return [];
  return [
    `chromium is missing${orType(context, "chromium") || "\ninstall it with the system's package manager, then run `npm run setup -- --browser` again"}`,
  ];
}

/** Tries to install an optional program, at most once a day. */
async function wish(context, program, what, why) {
  if ((await context.find(program)) !== null || triedToday(context, what)) return;
  say(`${what} is missing: ${why}`);
  if (!tryPackage(context, what)) say(`continuing without ${what}${orType(context, what)}`);
  noteTry(context, what);
}

function orType(context, what) {
  const line = installLine(context.manager(), what);
  return line === null ? "" : `\nto install it: ${line}`;
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
