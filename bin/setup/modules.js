import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { environment } from "./environment.js";
import { say, succeeds } from "./shell.js";

/** Our list: of each module one version, and the digests of its files. */
export const pinnedModules = JSON.parse(
  readFileSync(new URL("./pinned-modules.json", import.meta.url), "utf8"),
);

/** yt-dlp does without it: encrypted segments are then decrypted in Python itself, at about 100 KB a second. */
const optional = ["pycryptodomex"];

/**
 * Installs the version of our list of each module, one by one, without what they depend on. Where there is no such
 * version to be had, the newest. True when yt-dlp is there; `filesOf` then says which file each came from. A file that is not
 * the one of our list is not installed.
 */
export function installPinned(context) {
  for (const [name, { version }] of Object.entries(context.pinned)) {
    const result = installModule(context, name, `${name}==${version}`);
    if (result === "installed") continue;
    if (result === "not-had") {
      say(`${name} ${version}, whose digest holdfast knows, could not be had: taking the newest there is`);
      if (installModule(context, name, newest(context, name)) === "installed") continue;
    }
    if (!optional.includes(name)) return false;
    say(`going on without ${name}: encrypted segments are decrypted more slowly`);
  }
  return true;
}

/** Installs the newest version of each module. True when that of yt-dlp is there. */
export function installNewest(context) {
  return Object.keys(context.pinned).every(
    (name) => installModule(context, name, newest(context, name)) === "installed" || optional.includes(name),
  );
}

function newest({ minimumYtDlp }, name) {
  return name === "yt-dlp" ? `yt-dlp>=${minimumYtDlp.split(".").map(Number).join(".")}` : name;
}

/**
 * Fetches one file, compares it, and only then lets pip unpack it: `installed`, `not-had`, or `refused`. Wheels alone:
 * anything else would run a program of the package to build it.
 */
function installModule({ env, tools, pinned, filesOf }, name, requirement) {
  const python = join(environment(tools), "bin", "python3");
  const folder = mkdtempSync(join(tools, ".module-"));
  try {
    const fetching = ["download", "--no-deps", "--only-binary=:all:", "--dest", folder, requirement];
    if (!succeeds(python, ["-I", "-m", "pip", ...fetching], env, tools)) return "not-had";
    const [file, ...others] = readdirSync(folder);
    if (file === undefined || others.length > 0) return "not-had";
    const sha256 = createHash("sha256")
      .update(readFileSync(join(folder, file)))
      .digest("hex");
    if (!isAcceptable(pinned[name], name, file, sha256)) return "refused";
    const unpacking = ["install", "--no-deps", "--no-index", "--force-reinstall", join(folder, file)];
    if (!succeeds(python, ["-I", "-m", "pip", ...unpacking], env, tools)) return "not-had";
    filesOf.set(name, { file, file_sha256: sha256, pinned: pinned[name].files[file]?.sha256 === sha256 });
    return "installed";
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function isAcceptable(known, name, file, sha256) {
  const [distribution = "", version] = file.split("-");
  if (distribution.toLowerCase().replaceAll(/[-_.]+/g, "-") !== name) {
    say(`${file} is not a file of ${name}: it is not installed`);
    return false;
  }
  const wanted = known.files[file]?.sha256;
  const isUnlisted = wanted === undefined && known.every_file && version === known.version;
  if (!isUnlisted && (wanted === undefined || wanted === sha256)) return true;
  say(`${file} has the SHA-256 ${sha256}, which is not that of our list: it is not installed`);
  return false;
}
