import { createHash } from "node:crypto";
import {
  chmodSync,
  createReadStream,
  createWriteStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { npm, say } from "./shell.js";

/** holdfast's list: for each kind of machine a package of npm that holds Node.js, with the digests of package and program. */
export const pinnedRuntimes = JSON.parse(
  readFileSync(new URL("./pinned-runtime.json", import.meta.url), "utf8"),
);

/** yt-dlp runs no older one. */
const oldestRuntime = 22;

/** What it means that yt-dlp has no JavaScript runtime. */
const without =
  "YouTube offers fewer formats, and none to an account: nothing runs the scripts of its player";

/**
 * Makes sure that yt-dlp has a Node.js that it accepts: the one that runs holdfast, if it is new enough, else one of its own
 * in the tools folder, which nothing else uses. It comes from the package in holdfast's list, of which no script is run.
 * Returns whether there is one; otherwise says why not and what that means.
 */
export async function installRuntime(context) {
  if (Number.parseInt(context.node ?? process.versions.node, 10) >= oldestRuntime) return true;
  const known = (context.runtimes ?? pinnedRuntimes)[`${process.platform}-${process.arch}`];
  if (known === undefined)
    return refused("holdfast knows no package with Node.js 22 for this kind of machine");
  const place = join(context.tools, "node", "bin");
  if (
    existsSync(join(place, "node")) &&
    digestOf(join(place, "node"), "sha256", "hex") === known.binary_sha256
  )
    return true;
  say(
    `fetching Node.js ${known.version}, about 50 MB, for yt-dlp alone: it runs the scripts of YouTube's player, and takes no older one`,
  );
  mkdirSync(place, { recursive: true });
  const folder = mkdtempSync(join(context.tools, ".node-"));
  try {
    const packing = ["pack", "--silent", "--ignore-scripts", "--pack-destination", folder];
    if (!npm([...packing, `${known.package}@${known.version}`], context.env, folder))
      return refused("npm could not fetch it");
    const [file = ""] = readdirSync(folder).filter((name) => name.endsWith(".tgz"));
    const integrity = `sha512-${digestOf(join(folder, file), "sha512", "base64")}`;
    if (integrity !== known.integrity) return refused(`its digest ${integrity} is not in holdfast's list`);
    const fresh = join(folder, "node");
    await unpack(join(folder, file), fresh);
    if (digestOf(fresh, "sha256", "hex") !== known.binary_sha256)
      return refused("the program in it is not the one in holdfast's list");
    chmodSync(fresh, 0o755);
    renameSync(fresh, join(place, "node"));
    return true;
  } catch (error) {
    return refused(error.code ?? error.message);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Writes the one file of the package that is needed. Loaded late, because the packages are installed by set-up itself. */
async function unpack(archive, path) {
  const { extract } = await import("tar-stream");
  const entries = extract();
  const reading = pipeline(createReadStream(archive), createGunzip(), entries);
  const writing = (async () => {
    for await (const entry of entries) {
      if (entry.header.name === "package/bin/node") await pipeline(entry, createWriteStream(path));
      else entry.resume();
    }
  })();
  await Promise.all([reading, writing]);
}

function digestOf(path, algorithm, encoding) {
  return createHash(algorithm).update(readFileSync(path)).digest(encoding);
}

function refused(why) {
  say(`continuing without a JavaScript runtime for yt-dlp, ${why}: ${without}`);
  return false;
}
