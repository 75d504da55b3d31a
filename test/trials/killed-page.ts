import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import type { Figures, Round } from "../soak/rounds.js";
import { holdfast } from "../support/cli.js";
import { openSite } from "../support/site.js";
import { until } from "../support/until.js";
import { audit } from "../support/vaults.js";

const program = join(import.meta.dirname, "../../bin/holdfast.js");
const html = `<title>A post</title><h1>On the square</h1><div style="height:30000px">down</div>`;

/**
 * Takes the page of one capture again and again and kills the command, as `kill -9` would, after a time that `round` chooses
 * anew for each. Every page that a command said was stored must be there, and no process may be left.
 */
export async function killPage(kills: number, round: Round, folder: string): Promise<Figures> {
  const vault = join(folder, `killed-pages-${round.seed}`);
  const site = await openSite({
    clips: "/nonexistent",
    routes: {
      "/post": ({ response }) => response.writeHead(200, { "content-type": "text/html" }).end(html),
    },
  });
  try {
    const first = await holdfast(["page", `${site.url}/post`, "--json", "--vault", vault]);
    expect(first.status, first.stderr).toBe(0);
    const { id } = first.lines[0] as { readonly id: string };
    const stored = ["v1"];
    const began = performance.now();
    const whole = await holdfast(["page", id, "--json", "--vault", vault]);
    const wholeMs = performance.now() - began;
    stored.push(String(whole.lines[0]!.version));
    let killed = 0;
    for (let kill = 0; kill < kills; kill += 1) {
      const env = { ...process.env, HOLDFAST_ALLOW_PRIVATE: "1" };
      const child = spawn(process.execPath, [program, "page", "--json", id, "--vault", vault], {
        env,
        stdio: ["ignore", "pipe", "ignore"],
      });
      let said = "";
      child.stdout.on("data", (chunk: Buffer) => {
        said += chunk.toString("utf8");
      });
      const ended = once(child, "close");
      const end = setTimeout(() => child.kill("SIGKILL"), round.random() * wholeMs * 1.2);
      await ended;
      clearTimeout(end);
      if (child.signalCode === "SIGKILL") killed += 1;
      const version = /"version":"(v\d+)"/.exec(said)?.[1];
      if (version !== undefined) stored.push(version);
      await until(() => processesOf(vault).length === 0);
    }
    const last = await holdfast(["page", id, "--json", "--vault", vault]);
    expect(last.status, last.stderr).toBe(0);
    const report = await audit(vault);
    expect(report.findings.filter(({ severity }) => severity === "error")).toEqual([]);
    const [object = ""] = readdirSync(join(vault, "objects"), { recursive: true, encoding: "utf8" }).filter(
      (path) => path.endsWith(`/${id}`),
    );
    const versions = readdirSync(join(vault, "objects", object)).filter((name) => /^v\d+$/.test(name));
    expect(versions).toEqual(expect.arrayContaining(stored));
    return { kills: killed, "pages acknowledged": stored.length, "pages lost": 0 };
  } finally {
    await site.close();
  }
}

/** Processes whose command line names this vault: those of a jail name its staging. */
function processesOf(vault: string): readonly string[] {
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
