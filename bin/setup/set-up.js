// Plain JavaScript: this runs before anything is installed or built.
import { build } from "./build.js";
import { installDependencies } from "./dependencies.js";
import { installPrograms } from "./programs.js";
import { SetupFailure, say } from "./shell.js";
import { buildSqlite, keepingSqlite } from "./sqlite.js";

export { say };

const oldestNode = [20, 19];

/**
 * Makes holdfast ready to run: packages, build, outside programs. Does nothing if nothing is missing. Prints only to
 * stderr. Writes only to node_modules, dist and the tools folder, and through the package manager. With `update`, installs
 * the newest yt-dlp; with `browser`, Chromium too; with `forTests`, what the tests need. Returns the exit status: 0 ready, 3 a program is missing, 4 the update failed, 70 anything else
 * failed.
 */
export async function setUp(env, { update = false, browser = false, forTests = false } = {}) {
  try {
    checkNode(process.versions.node);
    keepingSqlite(() => installDependencies(env, { forTests }));
    // Must run before anything loads SQLite.
    buildSqlite(env);
    build(env);
    await installPrograms(env, { update, browser, forTests });
    return 0;
  } catch (error) {
    if (!(error instanceof SetupFailure)) throw error;
    say(error.message);
    return error.status;
  }
}

function checkNode(version) {
  const [major, minor] = version.split(".").map(Number);
  if (major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1])) return;
  throw new SetupFailure(
    3,
    `holdfast needs Node.js ${oldestNode.join(".")} or newer, but this is ${version}\ninstall a newer one from https://nodejs.org`,
  );
}
