import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const fileName = "modules.json";

/** Set-up's record of each module (read by src/tools/run/installed-modules.ts); null if there is none. */
export function notedModules(tools) {
  try {
    return Object(JSON.parse(readFileSync(join(tools, fileName), "utf8"))).modules ?? null;
  } catch {
    return null;
  }
}

/**
 * Records the installed modules, for `holdfast doctor` and later commands to compare with. For a module installed by an
 * earlier run, the file it came from is not known.
 */
export function noteModules({ tools, foundModules, isPinnedContent, filesOf }, program) {
  const before = notedModules(tools) ?? {};
  const modules = Object.fromEntries(
    foundModules(program, tools).map((module) => {
      const { name, version, content_sha256 } = module;
      const unseen = { file: null, file_sha256: null, pinned: isPinnedContent(module) };
      const isSame = before[name]?.content_sha256 === content_sha256;
      const from = filesOf.get(name) ?? (isSame ? before[name] : unseen);
      const { file, file_sha256, pinned } = from;
      return [name, { version, file, file_sha256, pinned, content_sha256 }];
    }),
  );
  mkdirSync(tools, { recursive: true });
  writeFileSync(join(tools, `.${fileName}.new`), `${JSON.stringify({ v: 1, modules }, null, 1)}\n`);
  renameSync(join(tools, `.${fileName}.new`), join(tools, fileName));
  return modules;
}
