import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { holdfast } from "../support/cli.js";
import { chromium } from "../support/page-visits.js";
import { openSite, type Site } from "../support/site.js";
import { until } from "../support/until.js";
import { audit, temporaryFolder } from "../support/vaults.js";

const folder = temporaryFolder();
const vault = join(folder.path, "vault");
const program = join(import.meta.dirname, "../../bin/holdfast.js");
let site: Site;
let address = "";

beforeAll(async () => {
  const html = `<title>A post</title><h1>On the square</h1><div style="height:30000px">down</div>`;
  const routes = {
    "/post": ({ response }: { readonly response: import("node:http").ServerResponse }) => {
      response.writeHead(200, { "content-type": "text/html" }).end(html);
    },
  };
  site = await openSite({ clips: "/nonexistent", routes });
  address = `${site.url}/post`;
});
afterAll(async () => {
  await site.close();
  folder.remove();
});

/** Kills the program, as `kill -9` would, once a path in staging ends so; false when it was over before. */
async function killAt(child: ChildProcess, ending: string): Promise<boolean> {
  const ended = once(child, "exit");
  // As often as can be: some of these moments are short.
  while (child.exitCode === null && !staged().some((path) => path.endsWith(ending)))
    await new Promise((resolve) => setTimeout(resolve, 2));
  const alive = child.exitCode === null;
  child.kill("SIGKILL");
  await ended;
  return alive;
}

function staged(): readonly string[] {
  try {
    return readdirSync(join(vault, "staging"), { recursive: true, encoding: "utf8" });
  } catch {
    // The folder changes while it is read.
    return [];
  }
}

/** Processes of a browser whose command line names the address of this test, or whose jail this vault. */
function survivors(): readonly string[] {
  return readdirSync("/proc")
    .filter((pid) => /^\d+$/.test(pid) && Number(pid) !== process.pid)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(vault);
      } catch {
        return false;
      }
    });
}

describe.skipIf(chromium === null || !existsSync("/proc/self/cmdline"))(
  "a command that is killed while it takes a page",
  () => {
    it("leaves a vault without an error and no browser running, wherever it was, and loses no page that was stored", async () => {
      const stored = await holdfast(["page", address, "--json", "--vault", vault]);
      expect(stored.status, stored.stderr).toBe(0);
      const { id } = stored.lines[0] as { readonly id: string };
      let killed = 0;
      for (const ending of [
        "/browser",
        "seen/view.png",
        "seen/full-02.png",
        "page.warc.gz.cut",
        "annex/annex.json",
      ]) {
        const env = { ...process.env, HOLDFAST_ALLOW_PRIVATE: "1" };
        const argv = [program, "page", "--quiet", id, "--vault", vault];
        const child = spawn(process.execPath, argv, { env, stdio: "ignore" });
        if (await killAt(child, ending)) killed += 1;
        await until(() => survivors().length === 0);
        const report = await audit(vault);
        expect(report.findings.filter(({ severity }) => severity === "error")).toEqual([]);
      }
      expect(killed).toBeGreaterThanOrEqual(4);
      const again = await holdfast(["page", id, "--json", "--vault", vault]);
      expect(again.lines[0]).toMatchObject({ status: "captured", id });
      const report = await audit(vault);
      expect(report.findings.filter(({ severity }) => severity === "error")).toEqual([]);
      expect(staged().filter((path) => !/^writer\.lock$/.test(path))).toEqual([]);
    });
  },
);
