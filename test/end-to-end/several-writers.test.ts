import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { audit, temporaryFolder } from "../support/vaults.js";
import { writeSound } from "../trials/faulted-commands.js";
import { appendAtOnce } from "../trials/several-writers.js";

const folder = temporaryFolder();
const program = join(import.meta.dirname, "../../bin/holdfast.js");
afterAll(() => folder.remove());

describe("two processes on one vault", () => {
  it("lose no entry and give no number twice, and who verifies meanwhile finds nothing wrong", async () => {
    await appendAtOnce(2, 3, 20, join(folder.path, "shared"));
  });

  it("that import the same file at once keep it once, and the second says that it is here", async () => {
    const place = join(folder.path, "same");
    mkdirSync(place);
    const file = join(place, "clip.wav");
    writeSound(file, 400);
    const importing = [1, 2].map(async () => {
      const argv = [program, "import", "--json", "--vault", join(place, "vault"), file];
      const child = spawn(process.execPath, argv, { stdio: ["ignore", "pipe", "ignore"] });
      let said = "";
      child.stdout.setEncoding("utf8").on("data", (text: string) => {
        said += text;
      });
      const [status] = await once(child, "close");
      return { status, ...JSON.parse(said.split("\n")[0] ?? "") } as Record<string, unknown>;
    });
    const results = await Promise.all(importing);
    expect(results.map(({ status }) => status).sort()).toEqual(["already-captured", "captured"]);
    expect(new Set(results.map(({ id }) => id)).size).toBe(1);
    expect((await audit(join(place, "vault"))).ok).toBe(true);
  });
});
