import { join } from "node:path";
import { makeRandomFile, mebibyte } from "./clips.js";
import { compare } from "./compare.js";
import { ownPeak } from "./holdfast.js";
import { needSpace, root } from "./machine.js";
import { say } from "./report.js";
import { checkCommand } from "./sums.js";

const script = join(root, "test", "bench", "hash-files.js");
const total = 512 * mebibyte;

/** Both digests of 512 MiB in one read, as four files and as one, against checking one digest of the same files. */
export async function benchHashing({ programs, folder }) {
  needSpace(2 * total);
  for (const [name, count, atLeast] of [
    ["four files", 4, 2.5],
    ["one file, which one core reads alone", 1, null],
  ]) {
    say(`-- 512 MiB in ${name}`);
    const paths = Array.from({ length: count }, (_, index) =>
      makeRandomFile(join(folder, `${count}-${index}.bin`), total / count),
    );
    const ours = {
      label: `node test/bench/hash-files.js   (dist/vault/check/measure.js: ${count} files, SHA-256 and SHA-512)`,
      program: process.execPath,
      args: ["--import", ownPeak, script, ...paths],
    };
    await compare(ours, await checkCommand(programs, folder, paths), { pairs: 5, atLeast });
  }
}
