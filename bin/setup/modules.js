import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { environment } from "./environment.js";
import { say, succeeds, succeedsQuietly } from "./shell.js";

/** holdfast's list of modules: one version of each, with the digests of its files. */
export const pinnedModules = JSON.parse(
  readFileSync(new URL("./pinned-modules.json", import.meta.url), "utf8"),
);

/**
 * Installs yt-dlp in the listed version, without dependencies, or in the newest version if the listed one is unavailable.
 * Never installs a file of the listed version with a digest that is not in the list. Returns true if it is installed;
 * `filesOf` then names the file it came from.
 */
export function installPinned(context) {
  const { version } = context.pinned["yt-dlp"];
  const result = installModule(context, "yt-dlp", `yt-dlp==${version}`);
  if (result !== "not-had") return result === "installed";
  say(
    `yt-dlp ${version}, whose digest holdfast knows, is not available: installing the newest version instead`,
  );
  return installNewest(context);
}

/** Installs the newest yt-dlp. Returns true if it was installed. */
export function installNewest(context) {
  const minimum = context.minimumYtDlp.split(".").map(Number).join(".");
  return installModule(context, "yt-dlp", `yt-dlp>=${minimum}`) === "installed";
}

/**
 * Downloads one file, compares its digest, and only then lets pip unpack it: `installed`, `not-had`, `refused`, or
 * `not-needed` by this Python. Accepts only wheels, because pip would run a package's own program to build anything else.
 * With `quiet`, pip shows nothing.
 */
export function installModule(
  { env, tools, pinned, filesOf },
  name,
  requirement,
  { quiet } = { quiet: false },
) {
  const python = join(environment(tools), "bin", "python3");
  const start = quiet ? succeedsQuietly : succeeds;
  // An index that is not there does not come by asking five times.
  const pip = (args) => start(python, ["-I", "-m", "pip", ...args, "--retries=1"], env, tools);
  const folder = mkdtempSync(join(tools, ".module-"));
  const condition = pinned[name].only_if;
  const wanted = condition === undefined ? requirement : `${requirement}; ${condition}`;
  try {
    if (!pip(["download", "--no-deps", "--only-binary=:all:", "--dest", folder, wanted])) return "not-had";
    const [file, ...others] = readdirSync(folder);
    if (file === undefined && condition !== undefined) return "not-needed";
    if (file === undefined || others.length > 0) return "not-had";
    const sha256 = createHash("sha256")
      .update(readFileSync(join(folder, file)))
      .digest("hex");
    if (!isAcceptable(pinned[name], name, file, sha256)) return "refused";
    if (!pip(["install", "--no-deps", "--no-index", "--force-reinstall", join(folder, file)]))
      return "not-had";
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
