import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fourScenes, makeClip, mebibyte, padClip } from "./clips.js";
import { compare } from "./compare.js";
import { holdfastCommand, importInto, jsonLines } from "./holdfast.js";
import { need, needSpace } from "./machine.js";
import { CannotRun, runWhole } from "./processes.js";
import { say } from "./report.js";

/** A gibibyte of clips, so that making the proof and the pages counts for little beside them. */
const sizes = [384, 320, 192, 128].map((size) => size * mebibyte);

/**
 * A whole export (copied, hashed twice, synced, read again and checked) against `cp -r` of the very files that came out
 * of it, which does none of that. Both first remove what the run before made.
 */
export async function benchExport({ programs, folder }) {
  needSpace(5 * sizes.reduce((sum, size) => sum + size, 0));
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
  const ids = readdirSync(join(vault, "private"));
  say(
    `-- ${ids.length} captures, ${Math.round(sizes.reduce((sum, size) => sum + size, 0) / mebibyte)} MiB of clips`,
  );
  const source = join(folder, "made-once");
  await runWhole(exporting(vault, ids, source));
  const copy = join(folder, "copied");
  const label = "cp -r of the finished package";
  const peer = asNew({ label, line: `cp -r '${source}' '${copy}'` }, copy);
  for (const name of ["exported", "exported.tar"]) {
    const runs = await compare(exporting(vault, ids, join(folder, name)), peer, { pairs: 3 });
    expectPackages(runs, ids.length, source);
  }
}

function exporting(vault, ids, to) {
  const shown = ["export", "…", "--to", to.split("/").at(-1)];
  const command = holdfastCommand(vault, ["export", ...ids, "--to", to], shown);
  const line = [command.program, ...command.args].map((word) => `'${word}'`).join(" ");
  return asNew({ ...command, env: { ...command.env, HOLDFAST_OFFLINE: "1" }, line }, to);
}

/** A command of a shell that finds nothing where it writes. */
function asNew({ line, ...command }, target) {
  return { ...command, program: "sh", args: ["-c", `rm -rf '${target}' && exec ${line}`] };
}

/** A speed over other bytes than the peer copied would be worth nothing. */
function expectPackages(runs, captures, source) {
  const payload = /^Payload-Oxum: (\d+)\./m.exec(readFileSync(join(source, "bag-info.txt"), "utf8"))?.[1];
  for (const { stdout } of runs) {
    const [result] = jsonLines(stdout).filter((line) => "tagmanifest_sha256" in line);
    if (result?.captures.length === captures && result.bytes > Number(payload)) continue;
    throw new CannotRun("holdfast export: the package does not hold what was copied beside it");
  }
}
