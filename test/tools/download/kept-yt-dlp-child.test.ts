import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { type KeptYtDlp, openKeptYtDlp } from "../../../src/tools/download/kept-yt-dlp.ts";
import { usualOptions } from "../../../src/tools/download/yt-dlp-args.ts";
import { run } from "../../../src/tools/run/run.ts";
import type { Limits, RunRequest, RunResult } from "../../../src/tools/run/run-request.js";
import { until } from "../../support/until.js";
import { scratchFolder } from "../../support/yt-dlp.ts";

const hasProc = process.platform === "linux";
const { folder: scratch, clean } = scratchFolder();
const version = "2026.01.02";

/** A package that does what its first argument says, in place of yt-dlp. */
const fakePackage = `
import json, os, resource, signal, sys, time
from yt_dlp.YoutubeDL import YoutubeDL
from yt_dlp.networking import common

rehearsals = []

def facts():
    limits = ("AS", "FSIZE", "CPU", "NOFILE", "CORE")
    signals = ("SIGINT", "SIGTERM", "SIGHUP", "SIGPIPE", "SIGCHLD")
    return {
        "arguments": sys.argv[1:],
        "environment": dict(os.environ),
        "limits": {name: resource.getrlimit(getattr(resource, "RLIMIT_" + name)) for name in limits},
        "signals": {name: str(signal.getsignal(getattr(signal, name))).split(" at ")[0] for name in signals},
        # One more was the folder itself while it was read.
        "open": sorted(fd for fd in map(int, os.listdir("/proc/self/fd")) if os.path.exists(f"/proc/self/fd/{fd}") or fd < 3),
        "input": os.readlink("/proc/self/fd/0"),
        "folder": os.getcwd(),
        "leads": [os.getsid(0) == os.getpid(), os.getpgid(0) == os.getpid()],
        "mask": os.umask(0o77),
        "encodings": [sys.stdout.encoding, sys.stdout.errors, sys.stderr.encoding, sys.stderr.errors],
        "buffered": not sys.stdout.line_buffering,
    }

def main(argv=None):
    order = sys.modules["yt_dlp.YoutubeDL"].orderedSet_from_options
    if argv is not None:
        rehearsals.append(argv)
        order(["default"], {"all": ["a", "b"]}, use_regex=True)
        return
    what = sys.argv[1]
    if what == "order":
        asked = [(["default"], ["a", "b"], True), (["default"], ["a", "c"], True), (["a"], ["a", "b"], True), (["default"], ["a", "b"], False)]
        print(json.dumps([order(names, {"all": every}, use_regex=regex) for names, every, regex in asked]))
        print(os.getpid(), os.getppid())
    elif what == "trust":
        usual = {"verify": True, "legacy_support": False, "use_certifi": True}
        others = [{"verify": False}, {"legacy_support": True}, {"use_certifi": False}, {"client_certificate": "one"}]
        asked = [*({**usual, **other} for other in others), usual, usual]
        print(json.dumps([common.make_ssl_context(**settings) for settings in asked]), os.getpid(), os.getppid())
    elif what == "rehearsals":
        print(json.dumps(rehearsals))
    elif what == "facts":
        print(json.dumps(facts(), sort_keys=True))
    elif what == "words":
        print("before")
        sys.exit("some words")
    elif what == "crash":
        print("before")
        raise RuntimeError("broken")
    elif what == "status":
        sys.exit(7)
    elif what == "killed":
        os.kill(os.getpid(), signal.SIGSEGV)
    elif what == "large":
        with open("large", "wb") as file:
            file.write(bytes(2_000_000))
    elif what == "memory":
        bytearray(3 * 2**30)
    elif what == "flood":
        while True:
            print("x" * 1000)
    elif what == "deaf":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if os.fork() == 0:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        print("deaf", flush=True)
        time.sleep(300)
    elif what == "random":
        import random, tempfile
        print(random.random(), tempfile.gettempdir())
    elif what == "parent":
        print(os.getppid(), flush=True)
        time.sleep(300)
`;

/** Its answer says which process worked it out. */
const fakeOrder = `
import os

class YoutubeDL:
    def urlopen(self, request):
        raise AssertionError("nothing is fetched here")

def orderedSet_from_options(options, alias_dict, *, use_regex=False):
    return [*options, *alias_dict["all"], use_regex, os.getpid()]
`;

/** Its contexts say which process made them, and how. */
const fakeTrust = `
import os

def make_ssl_context(verify=True, client_certificate=None, legacy_support=False, use_certifi=True):
    return [os.getpid(), verify, client_certificate, legacy_support, use_certifi]
`;

const zipScript = `
import sys, zipfile
with open(sys.argv[1], "wb") as file:
    file.write(b"#!/usr/bin/env python3\\n")
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("yt_dlp/__init__.py", sys.argv[2])
        archive.writestr("yt_dlp/version.py", "__version__ = '%s'" % sys.argv[3])
        archive.writestr("yt_dlp/YoutubeDL.py", sys.argv[4])
        archive.writestr("yt_dlp/networking/__init__.py", "Response = None")
        archive.writestr("yt_dlp/networking/common.py", sys.argv[5])
        archive.writestr("__main__.py", "import yt_dlp\\nyt_dlp.main()\\n")
`;

const fakeParts = [fakePackage, version, fakeOrder, fakeTrust];

function makeFake(): string {
  const path = join(scratch, "yt-dlp-fake");
  execFileSync("/usr/bin/env", ["python3", "-c", zipScript, path, ...fakeParts]);
  chmodSync(path, 0o755);
  return path;
}

const limits: Limits = {
  wallMs: 60_000,
  cpuSeconds: 77,
  addressSpaceBytes: 2 ** 31,
  fileSizeBytes: 1_000_000,
  stdoutBytes: 100_000,
};

describe.skipIf(!hasProc)("a child of a yt-dlp that stays loaded", () => {
  const program = makeFake();
  const kept = openKeptYtDlp({ path: program, version });

  afterAll(async () => {
    await kept.close();
    clean();
  });

  const ask = (way: KeptYtDlp["run"], what: string, change: Partial<RunRequest> = {}): Promise<RunResult> =>
    way({ program, argv: [what], cwd: mkdtempSync(join(scratch, "run-")), limits, ...change });

  test("has the arguments, environment, limits, signals and folder of a process of its own, and no open file of another", async () => {
    const cwd = mkdtempSync(join(scratch, "run-"));
    const change = { cwd, argv: ["facts", "--", "қ ü"], env: { EXTRA: "one" } };
    const [forked, own] = [await ask(kept.run, "facts", change), await ask(run, "facts", change)];
    expect([forked.forked, own.forked]).toEqual([true, false]);
    const { open, ...facts } = JSON.parse(forked.stdout.toString());
    // What whoever started this process left open comes to a process of its own too; a fork has not even that.
    const { open: _, ...expected } = JSON.parse(own.stdout.toString());
    expect(open).toEqual([0, 1, 2]);
    expect(facts).toEqual(expected);
    expect(facts).toMatchObject({
      limits: { AS: [2 ** 31, 2 ** 31], FSIZE: [1e6, 1e6], CPU: [77, 77], NOFILE: [256, 256], CORE: [0, 0] },
      input: "/dev/null",
      leads: [true, true],
    });
    expect(facts.environment).toMatchObject({ TMPDIR: cwd, HOME: "/nonexistent", EXTRA: "one" });
  });

  test("takes over the order of the extractors that was worked out before, and works out any other itself", async () => {
    const [said = "", pids = ""] = (await ask(kept.run, "order")).stdout.toString().split("\n");
    const [own, interpreter] = pids.split(" ").map(Number);
    expect(own).not.toBe(interpreter);
    expect(JSON.parse(said)).toEqual([
      ["default", "a", "b", true, interpreter],
      ["default", "a", "c", true, own],
      ["a", "a", "b", true, own],
      ["default", "a", "b", false, own],
    ]);
  });

  test("takes over trusted roots that were read before it for its first connection, and only in the settings it asks for", async () => {
    const said = (await ask(kept.run, "trust")).stdout.toString();
    const [, contexts = "", pids = ""] = /^(.*\]) (.*)$/m.exec(said) ?? [];
    const [own, interpreter] = pids.split(" ").map(Number);
    expect(own).not.toBe(interpreter);
    expect(JSON.parse(contexts)).toEqual([
      [own, false, null, false, true],
      [own, true, null, true, true],
      [own, true, null, false, false],
      [own, true, "one", false, true],
      [interpreter, true, null, false, true],
      [own, true, null, false, true],
    ]);
  });

  test("begins after a usual download was rehearsed, with the options of one and without an address of anybody", async () => {
    const told = JSON.parse((await ask(kept.run, "rehearsals")).stdout.toString());
    const ways = ["--simulate", "--no-simulate"];
    const page = ["--", "http://rehearsal.invalid/page"];
    expect(told).toEqual(ways.map((way) => [...usualOptions(version), "--quiet", way, ...page]));
  });

  test.each(["words", "crash", "status", "killed", "large", "memory"])(
    "ends as a process of its own ends: %s",
    async (what) => {
      const [forked, own] = [await ask(kept.run, what), await ask(run, what)];
      const essence = ({ exitCode, signal, endedBy, reason, stdout, stderr, sandbox }: RunResult) => ({
        ...{ exitCode, signal, endedBy, reason, sandbox },
        stdout: stdout.toString(),
        last: stderr.toString().trimEnd().split("\n").at(-1),
      });
      expect(forked.forked).toBe(true);
      expect(essence(forked)).toEqual(essence(own));
      expect(essence(forked)).not.toMatchObject({ exitCode: 0 });
    },
  );

  test("is ended when it prints more than it may", async () => {
    const outcome = await ask(kept.run, "flood");
    expect([outcome.forked, outcome.endedBy, outcome.signal]).toEqual([true, "output-limit", "SIGTERM"]);
  });

  test("is killed with what it started when it does not hear that it is to end", async () => {
    const controller = new AbortController();
    let said = "";
    const outcome = await ask(kept.run, "deaf", {
      signal: controller.signal,
      onStdout: (chunk) => {
        said += chunk.toString();
        if (said.split("deaf").length === 3) controller.abort();
      },
    });
    expect([outcome.endedBy, outcome.signal]).toEqual(["aborted", "SIGKILL"]);
  });

  test("has random numbers and a temporary folder of its own", async () => {
    const outcomes = await Promise.all([1, 2, 3].map(() => ask(kept.run, "random")));
    const said = outcomes.map((outcome) => outcome.stdout.toString().trim().split(" "));
    expect(new Set(said.map(([number]) => number)).size).toBe(3);
    expect(new Set(said.map(([, folder]) => folder)).size).toBe(3);
  });

  test("loses nothing of what it says where this process is busy from its beginning to its end", async () => {
    for (const round of [1, 2, 3]) {
      const asked = ask(kept.run, "words");
      for (let turn = 0; turn < round; turn += 1) await new Promise(setImmediate);
      const until = performance.now() + 700;
      while (performance.now() < until);
      const { stdout, stderr, exitCode } = await asked;
      expect([stdout.toString(), stderr.toString(), exitCode]).toEqual(["before\n", "some words\n", 1]);
    }
  });

  test("ends with an interpreter that no longer answers, and the next request is served", async () => {
    const controller = new AbortController();
    let parent = 0;
    const outcome = await ask(kept.run, "parent", {
      signal: controller.signal,
      onStdout: (chunk) => {
        parent = Number(chunk.toString());
        process.kill(parent, "SIGSTOP");
        controller.abort();
      },
    });
    expect([outcome.endedBy, outcome.signal]).toEqual(["aborted", "SIGKILL"]);
    expect(() => process.kill(parent, 0)).toThrow("ESRCH");
    expect(await ask(kept.run, "status")).toMatchObject({ forked: true, exitCode: 7 });
  });

  /** Processes of a yt-dlp that stays loaded for which `belongs` holds. */
  function interpreters(belongs: (pid: string) => boolean): readonly number[] {
    return readdirSync("/proc")
      .filter((pid) => {
        try {
          return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("yt-dlp-prefork.py") && belongs(pid);
        } catch {
          return false;
        }
      })
      .map(Number);
  }

  test("ends with an interpreter that is killed, says so, and the next request is served", async () => {
    const cwd = mkdtempSync(join(scratch, "orphan-"));
    const outcome = await ask(kept.run, "parent", {
      cwd,
      onStdout: (chunk) => {
        process.kill(Number(chunk.toString()), "SIGKILL");
      },
    });
    expect(outcome).toMatchObject({ forked: true, exitCode: null, signal: "SIGKILL", endedBy: "exited" });
    await expect.poll(() => interpreters((pid) => readlinkSync(`/proc/${pid}/cwd`) === cwd)).toEqual([]);
    expect(await ask(kept.run, "status")).toMatchObject({ forked: true, exitCode: 7 });
  });

  test("is a process of its own where the interpreter dies while it loads; the next one is not, and nothing is left behind", async () => {
    const place = mkdtempSync(join(scratch, "t-"));
    const usual = process.env.TMPDIR;
    // A place of its own: others on this machine keep theirs in the usual one.
    process.env.TMPDIR = place;
    try {
      const isOurs = (pid: string) =>
        new RegExp(`^PPid:\\s+${process.pid}$`, "m").test(readFileSync(`/proc/${pid}/status`, "utf8"));
      const before = interpreters(isOurs);
      const own = openKeptYtDlp({ path: program, version });
      const begun = () => interpreters(isOurs).filter((pid) => !before.includes(pid));
      // What is started becomes the interpreter a moment later.
      await until(() => begun().length === 1);
      const loading = begun();
      process.kill(loading[0] ?? 0, "SIGKILL");
      const [first, second] = [await ask(own.run, "status"), await ask(own.run, "status")];
      expect([first, second]).toMatchObject([{ exitCode: 7 }, { exitCode: 7, forked: true }]);
      expect(readdirSync(place)).toEqual([expect.stringMatching(/^holdfast-kept-/)]);
      await own.close();
      expect(readdirSync(place)).toEqual([]);
    } finally {
      if (usual === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = usual;
    }
  });

  test("is a process of its own where another version was found than the one that loads", async () => {
    const other = openKeptYtDlp({ path: program, version: "2020.01.01" });
    const outcome = await ask(other.run, "status");
    await other.close();
    expect([outcome.exitCode, outcome.forked]).toEqual([7, false]);
  });
});

describe.skipIf(!hasProc)("where yt-dlp cannot be kept, each request is a process of its own", () => {
  const { folder, clean: cleanOther } = scratchFolder();
  afterAll(cleanOther);

  async function once(kept: KeptYtDlp, program: string): Promise<RunResult> {
    try {
      return await kept.run({ program, argv: ["status"], cwd: mkdtempSync(join(folder, "run-")), limits });
    } finally {
      await kept.close();
    }
  }

  function script(name: string, text: string): string {
    const path = join(folder, name);
    writeFileSync(path, text, { mode: 0o755 });
    return path;
  }

  test("a Python script that does something else than call yt-dlp", async () => {
    const path = script("wrapper", "#!/usr/bin/env python3\nimport sys\nsys.exit(9)\n");
    const outcome = await once(openKeptYtDlp({ path, version }), path);
    expect([outcome.forked, outcome.exitCode]).toEqual([false, 9]);
  });

  test("a program that is not there", async () => {
    const path = join(folder, "missing");
    expect((await once(openKeptYtDlp({ path, version }), path)).forked).toBe(false);
  });

  test("another program than the one that was loaded", async () => {
    const path = script("other", "#!/bin/sh\nexit 8\n");
    const outcome = await once(openKeptYtDlp({ path: join(folder, "missing"), version }), path);
    expect([outcome.forked, outcome.exitCode]).toEqual([false, 8]);
  });

  test("a folder for temporary files that is missing, or has too long a name for a socket", async () => {
    const program = join(folder, "yt-dlp-zip");
    execFileSync("/usr/bin/env", ["python3", "-c", zipScript, program, ...fakeParts]);
    chmodSync(program, 0o755);
    const before = process.env.TMPDIR;
    const long = mkdtempSync(join(folder, `${"x".repeat(90)}-`));
    for (const place of [join(folder, "no-such-folder"), long]) {
      process.env.TMPDIR = place;
      const kept = openKeptYtDlp({ path: program, version });
      if (before === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = before;
      expect(await once(kept, program)).toMatchObject({ forked: false, exitCode: 7 });
    }
  });
});
