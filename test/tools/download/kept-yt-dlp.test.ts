import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Downloader, FetchOutcome } from "../../../src/tools/download/fetch-types.ts";
import { type KeptYtDlp, openKeptYtDlp } from "../../../src/tools/download/kept-yt-dlp.ts";
import { fetchVideo } from "../../../src/tools/download/yt-dlp.ts";
import { usualOptions } from "../../../src/tools/download/yt-dlp-args.ts";
import { readYtDlpFile } from "../../../src/tools/download/yt-dlp-file.ts";
import { openSite, type Site } from "../../support/site.ts";
import { makeSiteClips } from "../../support/site-clips.ts";
import { until } from "../../support/until.ts";
import {
  type RequestChange,
  requestFor,
  scratchFolder,
  smallBounds,
  testDownloader,
} from "../../support/yt-dlp.ts";
import { forkAgrees } from "../../trials/kept-yt-dlp.ts";

const downloader = await testDownloader();
const isScript = downloader !== null && readFileSync(downloader.path).subarray(0, 2).toString() === "#!";
const hasProc = process.platform === "linux";

describe.skipIf(!isScript || !hasProc)("a yt-dlp that stays loaded", () => {
  const program = downloader as Downloader;
  const { folder, clean } = scratchFolder();
  let site: Site;
  let kept: KeptYtDlp;

  beforeAll(async () => {
    const clips = join(folder, "clips");
    makeSiteClips(clips);
    site = await openSite({ clips });
    kept = openKeptYtDlp(program);
  });
  afterAll(async () => {
    await kept.close();
    await site.close();
    clean();
  });

  const fetch = (path: string, change: RequestChange = {}): Promise<FetchOutcome> =>
    fetchVideo(requestFor(program, `${site.url}${path}`, folder, { run: kept.run, ...change }));

  // The soak compares a file, pages and failures too, and keeps one that is a single zip (test/SOAK.md).
  test("gives for a stream in pieces what a process of its own gives, byte for byte", () =>
    forkAgrees(program, kept, site, folder, "/hls/plain.m3u8"));

  test("asks for its first connection for the settings of TLS for which the roots are read before it", () => {
    const module = readYtDlpFile(program.path);
    const script = `
import json, sys
sys.path[:0] = [part for part in sys.argv[1:2] if part]
import yt_dlp
from yt_dlp.networking import common
def ask(**settings):
    print(json.dumps(settings, sort_keys=True))
    raise SystemExit(0)
common.make_ssl_context = ask
yt_dlp.main(json.loads(sys.argv[2]))
`;
    const options = [...usualOptions(program.version), "--no-simulate", "--", `${site.url}/media/clip.mp4`];
    const argv = ["-I", "-B", "-c", script, module?.zip ?? "", JSON.stringify(options)];
    const cwd = mkdtempSync(join(folder, "asked-"));
    const said = execFileSync(module?.python ?? "", argv, { cwd, encoding: "utf8", stdio: "pipe" });
    const prefork = readFileSync("src/tools/download/yt-dlp-prefork.py", "utf8");
    const settings = '{"legacy_support": false, "use_certifi": true, "verify": true}';
    expect(said.trim().split("\n").at(-1)).toBe(settings);
    expect(prefork).toContain('usual = {"verify": True, "legacy_support": False, "use_certifi": True}');
  });

  test("holds each child to the size of file that its own run may write", async () => {
    const outcome = await kept.run({
      program: program.path,
      argv: ["--ignore-config", "--no-part", "-o", "media.mp4", `${site.url}/fault/endless.mp4`],
      cwd: mkdtempSync(join(folder, "limited-")),
      limits: {
        wallMs: 60_000,
        cpuSeconds: 60,
        addressSpaceBytes: 2 ** 31,
        fileSizeBytes: 1_000_000,
        stdoutBytes: 1e6,
      },
    });
    expect(outcome.exitCode).not.toBe(0);
    expect(outcome.stderr.toString()).toMatch(/too large/i);
  });

  /** The forked children that work in a folder below `base`. */
  function childrenIn(base: string): number[] {
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
      .filter((pid) => {
        try {
          return (
            readlinkSync(`/proc/${pid}/cwd`).startsWith(base) &&
            readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("yt-dlp-prefork.py")
          );
        } catch {
          return false;
        }
      });
  }

  function parentOf(pid: number): number {
    return Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
  }

  async function slow(name: string, change: RequestChange = {}) {
    const base = join(folder, name);
    execFileSync("mkdir", [base]);
    let isOver = false;
    const outcome = fetchVideo(
      requestFor(program, `${site.url}/fault/slow.mp4`, base, { run: kept.run, ...change }),
    ).finally(() => {
      isOver = true;
    });
    // A child whose time is short may be over before it is seen.
    await until(() => isOver || childrenIn(base).length === 1);
    return { base, outcome, pid: childrenIn(base)[0]! };
  }

  test("ends a child with everything in its group when it is told to, or has had its time", async () => {
    const controller = new AbortController();
    const aborted = await slow("aborted", { signal: controller.signal });
    controller.abort();
    expect((await aborted.outcome).run.endedBy).toBe("aborted");
    expect(childrenIn(aborted.base)).toEqual([]);
    const late = await slow("late", { bounds: { ...smallBounds, wallMs: 3_000 } });
    expect((await late.outcome).run.endedBy).toBe("wall-time");
    expect(childrenIn(late.base)).toEqual([]);
  });

  test("loses one child without touching another, whose download goes on to its end", async () => {
    const [victim, neighbour] = [await slow("victim"), fetch("/clips/clip.mp4")];
    process.kill(victim.pid, "SIGKILL");
    expect((await victim.outcome).run.signal).toBe("SIGKILL");
    expect((await neighbour).kind).toBe("media");
  });

  test("gives a child no open file of another and nothing of this process's environment", async () => {
    const controller = new AbortController();
    const [one, two] = [
      await slow("one", { signal: controller.signal }),
      await slow("two", { signal: controller.signal }),
    ];
    const open = (pid: number) =>
      readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
        try {
          return [readlinkSync(`/proc/${pid}/fd/${fd}`)];
        } catch {
          // It was closed since the folder was read.
          return [];
        }
      });
    const shared = open(one.pid).filter((file) => file !== "/dev/null" && open(two.pid).includes(file));
    expect(shared).toEqual([]);
    const ofInterpreter = open(parentOf(one.pid));
    expect(ofInterpreter.length).toBeGreaterThan(4);
    expect(open(one.pid).filter((file) => file !== "/dev/null" && ofInterpreter.includes(file))).toEqual([]);
    const environment = readFileSync(`/proc/${one.pid}/environ`, "utf8");
    expect(environment).toContain("HOME=/nonexistent");
    expect(environment).not.toContain(process.env.HOME ?? "?");
    controller.abort();
    await Promise.all([one.outcome, two.outcome]);
  });

  test.each([
    ["a shell script", '#!/bin/sh\necho "ERROR: nothing here" >&2\nexit 3\n'],
    ["an interpreter that is not there", "#!/nonexistent/bin/python3\n"],
  ])("that is %s is started as a process of its own each time", async (_what, text) => {
    const path = join(folder, `fake-${_what.length}`);
    writeFileSync(path, text, { mode: 0o755 });
    const fake = openKeptYtDlp({ path, version: program.version });
    const outcome = await fetchVideo(
      requestFor({ path, version: program.version }, `${site.url}/clips/clip.mp4`, folder, { run: fake.run }),
    );
    await fake.close();
    expect([outcome.kind, outcome.run.forked]).toEqual(["failed", false]);
  });
});
