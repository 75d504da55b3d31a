import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { environment, makeEnvironment } from "./environment.js";
import { updateExtras } from "./extras.js";
import { notedModules, noteModules } from "./module-notes.js";
import { installNewest, installPinned } from "./modules.js";
import { offeredDate, tryPackage } from "./package-manager.js";
import { installRelease } from "./release.js";
import { SetupFailure, say } from "./shell.js";

/**
 * Installs a recent enough yt-dlp from the first source that has one: pip in holdfast's own folder, the official release
 * with its signed checksums, or the system's package manager. `present` is the old one already installed, or null.
 */
export async function installYtDlp(context, present) {
  say(
    present === null
      ? "yt-dlp is missing: holdfast needs it to find and download the video of a page"
      : `yt-dlp ${present.version} is older than ${context.minimumYtDlp}: older versions are unsafe with hostile pages`,
  );
  if (makeEnvironment(context) || (tryPackage(context, "python") && makeEnvironment(context))) {
    if (installPinned(context) && (await isNew(context))) return;
    rmSync(environment(context.tools), { recursive: true, force: true });
  }
  if ((await installRelease(context)) && (await isNew(context))) return;
  if (present === null) installSystemYtDlp(context);
}

/** A system's version may be years old: one that holdfast would refuse to use is not brought onto the machine. */
export function installSystemYtDlp(context) {
  const offered = offeredDate(context, "yt-dlp");
  if (offered === null) return;
  if (numbers(offered) >= numbers(context.minimumYtDlp)) tryPackage(context, "yt-dlp");
  else
    say(
      `not installing the system's yt-dlp ${offered}: it is older than ${context.minimumYtDlp}, and holdfast would refuse it`,
    );
}

/** A date as version, so that two of them compare as texts. */
function numbers(version) {
  return version
    .split(".")
    .slice(0, 3)
    .map((part) => part.padStart(4, "0"))
    .join(".");
}

/**
 * Records the parts of set-up's own yt-dlp, if they are not recorded yet or something was installed, and names those
 * without a digest in holdfast's list. If the folder cannot be written, set-up still succeeds, and doctor reports that
 * nothing was recorded.
 */
export function noteYtDlp(context, found) {
  if (found.source !== "tools-folder") return;
  if (context.filesOf.size === 0 && notedModules(context.tools) !== null) return;
  for (const [name, { version, content_sha256, pinned }] of Object.entries(written(context, found) ?? {})) {
    if (!pinned)
      say(
        `${name} ${version ?? ""}: recorded as installed; holdfast's list has no digest of it (content ${content_sha256})`,
      );
  }
}

function written(context, found) {
  try {
    return noteModules(context, found);
  } catch (error) {
    say(`the parts of yt-dlp could not be recorded: ${error.code ?? error.message}`);
    return null;
  }
}

/**
 * Installs the newest yt-dlp and its modules and prints what changed. Throws a SetupFailure with status 4 if the newest
 * version is unavailable; the installed one then stays.
 */
export async function updateYtDlp(context) {
  const before = new Map(Object.entries(notedModules(context.tools) ?? {}));
  const hasPip = existsSync(join(environment(context.tools), "bin", "python3")) || makeEnvironment(context);
  const byPip = hasPip && installNewest(context);
  if (!(byPip || (await installRelease(context))))
    throw new SetupFailure(4, "yt-dlp could not be updated\ncheck the network, then try again");
  if (byPip) updateExtras({ ...context, updating: true });
  const found = await context.find("yt-dlp");
  if (found?.source !== "tools-folder") {
    say(`the yt-dlp in use is ${found?.path ?? "none"}, which set-up did not install, so it was not updated`);
    return;
  }
  const after = written(context, found);
  if (after === null) return;
  for (const name of new Set([...before.keys(), ...Object.keys(after)]))
    say(changeOf(name, before.get(name), after[name]));
}

function changeOf(name, before, after) {
  const version = ({ version }) => version ?? "no version";
  const digests = ({ content_sha256, file_sha256 }) =>
    `content ${content_sha256}${file_sha256 === null ? "" : `, file ${file_sha256}`}`;
  if (after === undefined) return `${name}: ${version(before)} → removed`;
  const standing = after.pinned ? "as pinned" : "recorded, not pinned";
  if (before === undefined)
    return `${name}: not recorded before → ${version(after)}, ${standing}\n  ${digests(after)}`;
  if (before.content_sha256 === after.content_sha256)
    return `${name}: ${version(after)}, unchanged, ${standing}\n  ${digests(after)}`;
  return `${name}: ${version(before)} → ${version(after)}, ${standing}\n  from ${digests(before)}\n  to   ${digests(after)}`;
}

async function isNew({ find }) {
  const found = await find("yt-dlp");
  return found !== null && !found.old;
}
