import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { npm, root, SetupFailure, say } from "./shell.js";

const source = join(root, "src");
const built = join(root, "dist");
const stamp = join(built, ".holdfast-stamp");

/** Builds dist from src and the schemas if anything changed since the last build. Throws a SetupFailure. */
export function build(env) {
  const wanted = fingerprint();
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  say("building holdfast from its sources (npm run build)");
  rmSync(stamp, { force: true });
  if (!npm(["run", "--silent", "build"], env)) {
    throw new SetupFailure(
      70,
      "the build failed; the compiler's messages above say why\nif you changed nothing in src, please report this",
    );
  }
  removeLeftovers();
  writeFileSync(stamp, wanted);
}

function fingerprint() {
  const hash = createHash("sha256");
  const others = ["tsconfig.json", "package-lock.json", "bin/compile-schemas.js"].map((name) =>
    join(root, name),
  );
  const schemas = filesBelow(join(root, "schemas")).filter((path) => path.endsWith(".schema.json"));
  for (const path of [...others, ...schemas, ...filesBelow(source)]) {
    const { size, mtimeMs } = statSync(path);
    hash.update(`${relative(root, path)}\0${size}\0${mtimeMs}\n`);
  }
  return hash.digest("hex");
}

/** Removes built files whose source is gone, so that nothing imports them by accident. */
function removeLeftovers() {
  for (const path of filesBelow(built).filter((file) => file.endsWith(".js"))) {
    const origin = join(source, relative(built, path).replace(/\.js$/, ".ts"));
    if (!existsSync(origin)) rmSync(path);
  }
}

function filesBelow(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();
}
