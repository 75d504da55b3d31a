import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { environment } from "./environment.js";
import { installModule } from "./modules.js";
import { say } from "./shell.js";

/**
 * What yt-dlp can do without, and what it means where a part of it cannot be had. A part's modules are installed in this
 * order, what is needed by others first. Left out of yt-dlp's own `default`: mutagen, which only writes tags into files.
 */
const parts = [
  { modules: ["pycryptodomex"], without: "decrypting encrypted segments is slow, about 100 KB per second" },
  {
    modules: ["yt-dlp-ejs"],
    without:
      "YouTube offers fewer formats, and often none to an account: nothing solves the challenges of its player",
  },
  {
    modules: ["certifi", "pycparser", "cffi", "typing-extensions", "curl-cffi"],
    without:
      "TikTok, Instagram without an account and sites behind Cloudflare may refuse: yt-dlp cannot ask as a browser does",
  },
  {
    modules: ["charset-normalizer", "idna", "urllib3", "certifi", "requests"],
    without: "yt-dlp asks with Python's own library, which makes a connection for each request",
  },
  { modules: ["brotli"], without: "the few sites that always answer in Brotli cannot be read" },
  { modules: ["websockets"], without: "the few sites that send video through web sockets cannot be read" },
];

/**
 * Installs what is missing of yt-dlp's extras into set-up's own environment, one by one and without dependencies: the
 * listed version where yt-dlp is the listed one, else the newest that yt-dlp allows. Says once what cannot be had.
 * `isDue` tells whether a part that could not be had, named by its last module, is tried again; `noteTry` hears that it was.
 */
export function installExtras(context, { isDue, noteTry }) {
  const there = installedVersions(context.tools);
  const missing = missingParts(context, (name) => there.has(name)).filter(({ last }) => isDue(last));
  if (missing.length === 0) return;
  say(
    "installing what yt-dlp needs for some sites, with pip into the same folder (20 MB, on the disk 60 MB); what each is for: .github/docs/platforms.md",
  );
  for (const { names, last, without } of missing) {
    if (!installPart(context, names, without)) noteTry(last);
  }
}

/** Installs the newest of each extra that yt-dlp allows, and says which part cannot be had. */
export function updateExtras(context) {
  for (const { names, without } of missingParts(context, () => false)) installPart(context, names, without);
}

function missingParts({ pinned }, isThere) {
  return parts
    .map(({ modules, without }) => {
      const needed = modules.filter((name) => pinned[name] !== undefined);
      return { names: needed.filter((name) => !isThere(name)), last: needed.at(-1), without };
    })
    .filter(({ names, last }) => names.includes(last));
}

function installPart(context, names, without) {
  for (const name of names) {
    const result = installExtra(context, name);
    if (result === "installed" || result === "not-needed") continue;
    const why = result === "refused" ? "what was offered is not in holdfast's list" : "it cannot be had here";
    say(`continuing without ${name}, ${why}: ${without}`);
    return false;
  }
  return true;
}

function installExtra(context, name) {
  if (context.filesOf.has(name)) return "installed";
  const wanted = [requirementOf(context, name)];
  const ofList = `${name}==${context.pinned[name].version}`;
  if (isListedYtDlp(context) && !context.updating) wanted.unshift(ofList);
  let result = "not-had";
  for (const requirement of new Set(wanted)) {
    // That a part cannot be had is no failure, and `installPart` says it.
    result = installModule(context, name, requirement, { quiet: true });
    if (result !== "not-had") return result;
  }
  return result;
}

function isListedYtDlp({ tools, pinned }) {
  return installedVersions(tools).get("yt-dlp") === pinned["yt-dlp"]?.version;
}

/** What the installed yt-dlp asks of a module, for instance `curl-cffi<0.17,>=0.5.10`; the name alone if it asks nothing. */
function requirementOf({ tools }, name) {
  const folder = packages(tools);
  const info = namesIn(folder).find((entry) => /^yt_dlp-.*\.dist-info$/.test(entry));
  if (info === undefined) return name;
  const asked = textOf(join(folder, info, "METADATA")).matchAll(
    /^Requires-Dist: ([\w.-]+)([^;\n]*); .*extra == '(?:default|curl-cffi)'$/gm,
  );
  for (const [, module, versions] of asked) if (normal(module) === name) return `${name}${versions.trim()}`;
  return name;
}

/** Versions of the installed packages, by normal name. */
function installedVersions(tools) {
  const infos = namesIn(packages(tools)).map((entry) => /^(.+)-([^-]+)\.dist-info$/.exec(entry));
  return new Map(infos.flatMap((found) => (found === null ? [] : [[normal(found[1]), found[2]]])));
}

function normal(name) {
  return name.toLowerCase().replaceAll(/[-_.]+/g, "-");
}

function packages(tools) {
  const lib = join(environment(tools), "lib");
  const python = namesIn(lib).find((name) => /^python3/.test(name)) ?? "";
  return join(lib, python, "site-packages");
}

function namesIn(folder) {
  return existsSync(folder) ? readdirSync(folder) : [];
}

function textOf(path) {
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}
