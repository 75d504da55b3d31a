import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fourScenes, makeClip, mebibyte, padClip } from "./clips.js";
import { compare } from "./compare.js";
import { holdfastCommand, importInto, jsonLines } from "./holdfast.js";
import { need, needSpace } from "./machine.js";
import { CannotRun } from "./processes.js";
import { say } from "./report.js";
import { checkCommand } from "./sums.js";

/** Clips of a mixed lot, 1 GiB together: no core is left alone with the largest for long. */
const sizes = [320, 240, 176, 128, 96, 64].map((size) => size * mebibyte);

/** An audit of a whole vault, log and index included, against checking one digest of exactly the files stored in it. */
export async function benchVerify({ programs, folder }) {
  needSpace(2 * sizes.reduce((sum, size) => sum + size, 0));
  const clip = await makeClip(need(programs, "ffmpeg"), join(folder, "clip.mp4"), {
    scenes: fourScenes,
    size: "640x360",
    rate: 25,
    roundSeconds: 8,
    seconds: 8,
  });
  const files = sizes.map((size, index) =>
    padClip(clip, join(folder, `${index}.mp4`), size, { sparse: false }),
  );
  const vault = join(folder, "vault");
  await importInto(vault, files);
  const stored = storedFiles(vault);
  const bytes = stored.reduce((sum, path) => sum + statSync(path).size, 0);
  say(`-- a vault of ${sizes.length} captures, ${stored.length} files, ${Math.round(bytes / mebibyte)} MiB`);
  const peer = await checkCommand(programs, folder, stored);
  const full = await compare(holdfastCommand(vault, ["verify"]), peer, { pairs: 3, atLeast: 2.5 });
  expectAudit(full, stored.length, bytes, 2);
  const quick = await compare(holdfastCommand(vault, ["verify", "--quick"]), peer, { pairs: 3, atLeast: 5 });
  expectAudit(quick, stored.length, bytes, 1);
}

/** Every file of every object and annex: what `verify` hashes. */
function storedFiles(vault) {
  const inObjects = readdirSync(join(vault, "objects"))
    .filter((name) => /^[0-9a-f]{2}$/.test(name))
    .flatMap((name) => filesBelow(join(vault, "objects", name)));
  return [...inObjects, ...filesBelow(join(vault, "private"))];
}

function filesBelow(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

/** A ratio over other bytes than the peer read would be worth nothing. */
function expectAudit(runs, files, bytes, digests) {
  for (const { stdout } of runs) {
    const report = jsonLines(stdout).find((line) => "checked" in line);
    const { checked } = report ?? {};
    if (
      report?.ok &&
      checked.files === files &&
      checked.bytes === bytes &&
      checked.digests_per_file === digests
    )
      continue;
    throw new CannotRun(
      `verify did not check the ${files} files that sha256sum did: ${JSON.stringify(report)}`,
    );
  }
}
