import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const fileName = "modules.json";

/** What set-up wrote down about each module (read by src/tools/run/installed-modules.ts); null where it wrote nothing. */
export function notedModules(tools) {
  try {
    return Object(JSON.parse(readFileSync(join(tools, fileName), "utf8"))).modules ?? null;
  } catch {
    return null;
  }
}

/**
 * Writes down what is there now, for `holdfast doctor` and every later command to compare with. Of a module that was
 * installed before, the file that it came from is not known again.
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
