import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Downloader } from "../../src/tools/download/fetch-types.js";
import { toolsFolder } from "../../src/tools/run/programs.js";
import { madeOnce } from "./made-once.js";

/** The tools folder of this machine, whatever home the tests have. */
export function ownTools(): string {
  return toolsFolder({ ...process.env, HOME: homedir() });
}

/** What is only there to install something. */
const forInstalling = /^(?:pip|setuptools|pkg_resources|_distutils_hack|distutils-precedence)(?:$|[-.])/;

/**
 * Copies set-up's Python environment into `made`, of its packages those that are kept. Its yt-dlp starts from `place`,
 * where the copy will lie.
 */
export function copyEnvironment(
  made: string,
  place: string = made,
  isKept: (entry: string) => boolean = () => true,
): void {
  const from = join(ownTools(), "yt-dlp");
  const packages = join("lib", pythonOf(from), "site-packages");
  mkdirSync(join(made, packages), { recursive: true });
  const copy = (path: string) =>
    cpSync(join(from, path), join(made, path), {
      recursive: true,
      verbatimSymlinks: true,
      // Python compiles what does not have the time that its compiled file names.
      preserveTimestamps: true,
    });
  for (const path of ["bin", "pyvenv.cfg"]) copy(path);
  for (const entry of readdirSync(join(from, packages)))
    if (!forInstalling.test(entry) && isKept(entry)) copy(join(packages, entry));
  const script = join(made, "bin", "yt-dlp");
  const first = `#!${join(place, "bin", "python3")}\n`;
  writeFileSync(script, readFileSync(script, "utf8").replace(/^#!.*\n/, first));
}

/** The folder of a package in a copied environment. */
export function packageOf(environment: string, name: string): string {
  return join(environment, "lib", pythonOf(environment), "site-packages", name);
}

/**
 * A tools folder without any of yt-dlp's extras but the one that decrypts, and without a runtime: what set-up leaves where
 * the package server has nothing else. Made once for a run of the tests.
 */
export function bareTools(): string {
  const place = join(process.env.HOLDFAST_TEST_CLIPS ?? "", "bare-tools");
  return madeOnce("bare-tools", (folder) =>
    copyEnvironment(join(folder, "yt-dlp"), join(place, "yt-dlp"), (entry) =>
      /^(?:yt_dlp|Cryptodome|pycryptodomex)(?:$|-)/.test(entry),
    ),
  );
}

/** The yt-dlp of `bareTools`, of the same version as the one that was found. */
export function bareDownloader({ version }: Downloader): Downloader {
  return { path: join(bareTools(), "yt-dlp", "bin", "yt-dlp"), version };
}

/** Whether this machine's yt-dlp is one that set-up installed with pip: only such a one can be copied. */
export const canCopyTools = existsSync(join(ownTools(), "yt-dlp", "pyvenv.cfg"));

function pythonOf(environment: string): string {
  const version = /^version = (\d+\.\d+)/m.exec(readFileSync(join(environment, "pyvenv.cfg"), "utf8"))?.[1];
  if (version === undefined) throw new Error(`${realpathSync(environment)} is no Python environment`);
  return `python${version}`;
}
