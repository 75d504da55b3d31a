import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { environment } from "./environment.js";
import { say, succeeds } from "./shell.js";

/** holdfast's list of modules: one version of each, with the digests of its files. */
export const pinnedModules = JSON.parse(
  readFileSync(new URL("./pinned-modules.json", import.meta.url), "utf8"),
);

/** yt-dlp works without it but then decrypts encrypted segments in Python, at about 100 KB per second. */
const optional = ["pycryptodomex"];

/**
 * Installs each module in the listed version, one by one and without dependencies, or in the newest version if the listed
 * one is unavailable. Never installs a file of the listed version with a digest that is not in the list. Returns true if
 * yt-dlp is installed; `filesOf` then names the file each module came from.
 */
export function installPinned(context) {
  for (const [name, { version }] of Object.entries(context.pinned)) {
    const result = installModule(context, name, `${name}==${version}`);
    if (result === "installed") continue;
    if (result === "not-had") {
      say(
        `${name} ${version}, whose digest holdfast knows, is not available: installing the newest version instead`,
      );
      if (installModule(context, name, newest(context, name)) === "installed") continue;
    }
    if (!optional.includes(name)) return false;
    say(`continuing without ${name}: decrypting encrypted segments will be slower`);
  }
  return true;
}

/** Installs the newest version of each module. Returns true if yt-dlp's was installed. */
export function installNewest(context) {
  return Object.keys(context.pinned).every(
    (name) => installModule(context, name, newest(context, name)) === "installed" || optional.includes(name),
  );
}

function newest({ minimumYtDlp }, name) {
  return name === "yt-dlp" ? `yt-dlp>=${minimumYtDlp.split(".").map(Number).join(".")}` : name;
}

/**
 * Downloads one file, compares its digest, and only then lets pip unpack it: `installed`, `not-had`, or `refused`. Accepts
 * only wheels, because pip would run a package's own program to build anything else.
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
    say(`not installing ${file}: it is not a file of ${name}`);
    return false;
  }
  const wanted = known.files[file]?.sha256;
  const isUnlisted = wanted === undefined && known.every_file && version === known.version;
  if (!isUnlisted && (wanted === undefined || wanted === sha256)) return true;
  say(`not installing ${file}: its SHA-256 ${sha256} is not in holdfast's list`);
  return false;
}
