import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { homedir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it, test } from "vitest";
import { openExifTool } from "../../../src/tools/media/exiftool.ts";
import { jailArgv } from "../../../src/tools/run/jail.ts";
import { forbiddenJail, tryJail } from "../../../src/tools/run/jail-state.ts";
import { ffprobeLimits } from "../../../src/tools/run/limits.ts";
import { jailState, run } from "../../../src/tools/run/run.ts";
import type { RunRequest, RunResult } from "../../../src/tools/run/run-request.js";
import { openClips } from "../../support/clips.ts";
import { disguise, disguises, makeSecret, secretMark } from "../../support/hostile-media.ts";
import { jail, processesNaming } from "../../support/jails.ts";
import { inFolder } from "../../support/keyframes.ts";
import { program } from "../../support/programs-on-path.ts";
import { until } from "../../support/until.ts";

const clips = openClips();
afterAll(clips.remove);

/** A clip, what lies beside it, a folder to write into and one that is no business of the program's. */
interface Place {
  readonly input: string;
  readonly beside: string;
  readonly scratch: string;
  readonly out: string;
}

function inPlace<T>(action: (place: Place) => Promise<T>): Promise<T> {
  return inFolder(async (folder) => {
    const [scratch, out] = [join(folder, "scratch"), join(folder, "out")];
    mkdirSync(scratch);
    mkdirSync(out);
    const [input, beside] = [join(folder, "input"), join(folder, "vault.db")];
    writeFileSync(input, "of the clip");
    writeFileSync(beside, "of somebody else");
    return action({ input, beside, scratch, out });
  });
}

/** Runs a perl script through the way every program is started, with the jail of a clip. */
function perl(place: Place, script: string, more: Partial<RunRequest> = {}): Promise<RunResult> {
  return run({
    program: "/usr/bin/perl",
    argv: ["-e", script],
    cwd: place.scratch,
    limits: ffprobeLimits,
    jail: { reads: [place.input], writes: [place.out] },
    ...more,
  });
}

const textOf = ({ stdout, stderr }: RunResult): string => `${stdout}${stderr}`;
/** The same run with nothing but limits: what the jail is measured against. */
const unlocked = (request: RunRequest): Promise<RunResult> => {
  const { jail: _, ...rest } = request;
  return run(rest);
};

describe("the command line of a jail", () => {
  const place = {
    program: ["/usr/bin/ffprobe"],
    command: ["/usr/bin/prlimit", "--", "/usr/bin/ffprobe", "x"],
    cwd: "/v/staging/s",
    env: { TZ: "UTC" },
    systemFolders: [
      { path: "/bin", link: "usr/bin" },
      { path: "/lib64", link: null },
    ],
  };

  it("shows the system's programs, what is to be read and what is to be written, and nothing else", () => {
    const argv = jailArgv({ ...place, jail: { reads: ["/v/objects/a"], writes: ["/v/staging/s"] } });
    expect(argv.join(" ")).toBe(
      "--unshare-all --die-with-parent --new-session --clearenv --setenv TZ UTC --cap-drop ALL " +
        "--ro-bind /usr /usr --symlink usr/bin /bin --ro-bind /lib64 /lib64 " +
        "--ro-bind-try /etc/ld.so.cache /etc/ld.so.cache --ro-bind-try /etc/alternatives /etc/alternatives " +
        "--proc /proc --dev /dev --tmpfs /tmp --bind /v/staging/s /v/staging/s --ro-bind /v/objects/a /v/objects/a " +
        "--remount-ro / --chdir /v/staging/s -- /usr/bin/prlimit -- /usr/bin/ffprobe x",
    );
  });

  it("a file to be read stays read-only in a folder to be written, and a folder to be written can lie in one to be read", () => {
    const jailed = { reads: ["/v", "/v/s/clip"], writes: ["/v/s"] };
    const text = jailArgv({ ...place, jail: jailed }).join(" ");
    expect(text).toContain("--ro-bind /v /v --bind /v/s /v/s --ro-bind /v/s/clip /v/s/clip");
  });

  it("a program that lies elsewhere is shown by itself", () => {
    const argv = jailArgv({
      ...place,
      program: ["/usr/local/bin/ffprobe", "/opt/f/ffprobe"],
      jail: { reads: [], writes: [] },
    });
    expect(argv.join(" ")).toContain("--tmpfs /tmp --ro-bind /opt/f/ffprobe /opt/f/ffprobe --remount-ro /");
  });
});

describe("a machine where programs cannot be locked in", () => {
  const facts = { apparmor: null, clone: null, max: "100", inContainer: false };

  it.each([
    ["AppArmor", { ...facts, apparmor: "1" }, "bwrap-userns-restrict"],
    ["a setting of Debian", { ...facts, clone: "0" }, "unprivileged_userns_clone=1"],
    ["a setting of the kernel", { ...facts, max: "0" }, "max_user_namespaces"],
    ["a container", { ...facts, inContainer: true }, "container"],
    ["something else", facts, "bwrap --unshare-all"],
  ])("is told why and what to do: %s", (_what, machine, hint) => {
    expect(forbiddenJail("bwrap: setting up uid map: Permission denied\nmore", machine)).toEqual({
      works: false,
      reason: "bubblewrap says: setting up uid map: Permission denied",
      hint: expect.stringContaining(hint),
    });
  });

  it("a program that is not installed is named, with how to get it", async () => {
    const never = () => Promise.reject(new Error("started"));
    expect(await tryJail("/usr/bin/true", ["/nowhere/bwrap"], never)).toMatchObject({
      reason: "bubblewrap is not installed",
      hint: expect.stringContaining("install bubblewrap"),
    });
  });

  it.skipIf(jail.works)("this one says why", () => {
    expect(jail).toMatchObject({ reason: expect.stringMatching(/\w/), hint: expect.stringMatching(/\w/) });
  });
});

describe.skipIf(!jail.works)("a program that reads a clip", () => {
  it("sees the clip, and neither what lies beside it, nor the home folder, nor who has an account", () =>
    inPlace(async (place) => {
      const places = [place.input, place.beside, "/etc/passwd", "/etc/hostname"];
      const script = `for (${places.map((path) => `'${path}'`)}) { print "$_ ", (open(F, '<', $_) ? <F> : "unseen"), "\\n" }
        for ('${homedir()}', '/home', '/var', '/sys', '${import.meta.dirname}') { print "$_ ", (-e $_ ? "there" : "unseen"), "\\n" }`;
      const result = await perl(place, script);
      expect(result).toMatchObject({ sandbox: "bwrap", exitCode: 0 });
      const seen = textOf(result)
        .split("\n")
        .filter((line) => line !== "" && !line.endsWith("unseen"));
      expect(seen).toEqual([`${place.input} of the clip`]);
    }));

  it("writes into the folders it was given, and not into the clip, beside it or the system", () =>
    inPlace(async (place) => {
      const tried = [
        join(place.scratch, "made"),
        join(place.out, "made"),
        place.input,
        place.beside,
        join(place.input, "../made"),
        "/made",
        "/usr/made",
      ];
      const script = `for (${tried.map((path) => `'${path}'`)}) { print "$_\\n" if open(F, '>>', $_) && print F "x" and close F }`;
      const reported = textOf(await perl(place, script))
        .trim()
        .split("\n");
      expect(reported).toEqual(expect.arrayContaining(tried.slice(0, 2)));
      expect(reported).not.toContain(place.input);
      // What it says of other places is of no account: a folder for temporary files of its own covers ours.
      expect(tried.filter((path) => path.endsWith("made") && existsSync(path))).toEqual(tried.slice(0, 2));
      expect(readFileSync(place.input, "utf8")).toBe("of the clip");
      expect(readFileSync(place.beside, "utf8")).toBe("of somebody else");
    }));

  it("reaches no server, not even on this machine", () =>
    inPlace(async (place) => {
      let hits = 0;
      const server = createServer((socket) => {
        hits += 1;
        socket.destroy();
      });
      await once(server.listen(0, "127.0.0.1"), "listening");
      const address = server.address();
      const port = typeof address === "object" ? address?.port : 0;
      const script = `use IO::Socket::INET; print IO::Socket::INET->new("127.0.0.1:${port}") ? "reached" : "no: $!"`;
      try {
        expect(textOf(await perl(place, script))).toMatch(/^no: /);
        expect(hits).toBe(0);
        const request = { program: "/usr/bin/perl", argv: ["-e", script], cwd: place.scratch };
        expect(textOf(await unlocked({ ...request, limits: ffprobeLimits }))).toBe("reached");
        await until(() => hits === 1);
      } finally {
        server.close();
      }
    }));

  it("has an environment made for it, and no other process in sight", () =>
    inPlace(async (place) => {
      process.env.HOLDFAST_TEST_SECRET = "cookie";
      const script =
        'print join(" ", sort keys %ENV), "\\n"; opendir(D, "/proc"); print join(" ", grep { /^\\d+$/ } readdir D)';
      const [names = "", pids = ""] = textOf(await perl(place, script)).split("\n");
      delete process.env.HOLDFAST_TEST_SECRET;
      expect(names).toContain("TMPDIR");
      expect(names).not.toMatch(/\b(HOLDFAST|NODE|USER|SSH)/);
      expect(pids.split(" ").length).toBeLessThanOrEqual(3);
    }));

  it("ends as it would without a jail: status, signal, limits, and a moment to end by itself", () =>
    inPlace(async (place) => {
      expect(await perl(place, "exit 7")).toMatchObject({ exitCode: 7, signal: null, endedBy: "exited" });
      expect(await perl(place, "kill 9, $$")).toMatchObject({ exitCode: null, signal: "SIGKILL" });
      const small = { ...ffprobeLimits, fileSizeBytes: 1000 };
      const grow = `open(F, '>', '${place.out}/big'); print F "x" x 5000; close F`;
      expect(await perl(place, grow, { limits: small })).toMatchObject({ signal: "SIGXFSZ" });
      expect(statSync(join(place.out, "big")).size).toBe(1000);
      const stop = new AbortController();
      const polite = await perl(place, '$SIG{TERM} = sub { print "bye"; exit 3 }; $|=1; print "up "; sleep', {
        signal: stop.signal,
        onStdout: () => stop.abort(),
      });
      expect(polite).toMatchObject({ endedBy: "aborted", exitCode: 3 });
      const much = await perl(place, 'print "x" x 1000 while 1', {
        limits: { ...ffprobeLimits, stdoutBytes: 5000 },
      });
      expect(much.endedBy).toBe("output-limit");
    }));

  /** Two forks deep, in a session of its own, with the pipes closed and deaf to all that can be ignored. */
  const daemon = (mark: string) =>
    `if (!fork) { use POSIX; POSIX::setsid(); if (!fork) { close STDOUT; close STDERR; $SIG{$_} = 'IGNORE' for qw(TERM HUP INT PIPE);
     exec '/usr/bin/perl', '-e', 'sleep 1 while 1', '${mark}' } exit }`;

  it("leaves nothing running: not what it forked away before it ended", () =>
    inPlace(async (place) => {
      const mark = `left-over-${process.pid}-a`;
      const seen = `open(F, '<', "/proc/$_/cmdline") && <F> =~ /${mark}/ && -e "/proc/$_" && exit(0) for 3..50`;
      const result = await perl(
        place,
        `${daemon(mark)} while (1) { ${seen}; select undef, undef, undef, 0.02 }`,
      );
      expect(result).toMatchObject({ exitCode: 0, sandbox: "bwrap" });
      await until(() => processesNaming(mark) === 0);
    }));

  it("dies with everything it forked when its time is up", () =>
    inPlace(async (place) => {
      const mark = `left-over-${process.pid}-b`;
      let [wasThere, wallMs] = [false, 1500];
      // On a busy machine the time can be up before anything was forked.
      for (; !wasThere; wallMs *= 2) {
        const limits = { ...ffprobeLimits, wallMs };
        let isOver = false;
        const ending = perl(place, `$SIG{TERM} = 'IGNORE'; ${daemon(mark)} sleep 1 while 1`, { limits });
        const ended = ending.finally(() => {
          isOver = true;
        });
        await until(() => {
          wasThere = processesNaming(`sleep 1 while 1\0${mark}`) > 0;
          return wasThere || isOver;
        });
        expect(await ended).toMatchObject({ endedBy: "wall-time", signal: "SIGKILL" });
        await until(() => processesNaming(mark) === 0);
      }
    }));

  it("dies with everything it forked when holdfast is killed", () =>
    inPlace(async (place) => {
      const mark = `left-over-${process.pid}-c`;
      const request: RunRequest = {
        program: "/usr/bin/perl",
        argv: ["-e", `${daemon(mark)} sleep 1 while 1`],
        cwd: place.scratch,
        limits: ffprobeLimits,
        jail: { reads: [place.input], writes: [] },
      };
      const module = new URL("../../../dist/tools/run/run.js", import.meta.url);
      const code = `import { run } from "${module}"; await run(${JSON.stringify(request)})`;
      const holdfast = spawn(process.execPath, ["--input-type=module", "-e", code], { stdio: "ignore" });
      // The wrappers name it too: the daemon itself is there when the perl that was started has two forks.
      await until(() => processesNaming(`sleep 1 while 1\0${mark}`) > 0);
      holdfast.kill("SIGKILL");
      await until(() => processesNaming(mark) === 0);
    }));

  it.each([0, 5, 10, 20, 30])(
    "does not outlive holdfast either where that is killed while the jail is made: %i ms after its start",
    (ms) =>
      inPlace(async (place) => {
        const mark = `left-over-${process.pid}-${ms}-ms`;
        const request: RunRequest = {
          program: "/usr/bin/perl",
          argv: ["-e", "sleep 1 while 1", mark],
          cwd: place.scratch,
          limits: ffprobeLimits,
          jail: { reads: [place.input], writes: [] },
        };
        const module = new URL("../../../dist/tools/run/run.js", import.meta.url);
        const code = `import programs from "node:child_process"; import { syncBuiltinESMExports } from "node:module";
        const { spawn } = programs;
        programs.spawn = (command, args, options) => {
          const child = spawn(command, args, options);
          const until = performance.now() + ${ms};
          while (args.includes("${mark}")) if (performance.now() >= until) process.kill(process.pid, "SIGKILL");
          return child;
        };
        syncBuiltinESMExports();
        const { run } = await import("${module}");
        await run(${JSON.stringify(request)});`;
        const holdfast = spawn(process.execPath, ["--input-type=module", "-e", code], { stdio: "ignore" });
        expect((await once(holdfast, "exit"))[1]).toBe("SIGKILL");
        await until(() => processesNaming(mark) === 0);
      }),
  );

  it("that cannot be locked in at that moment does not run at all, and the run says so", () =>
    inPlace(async (place) => {
      const made = join(place.scratch, "made");
      const jailed = { reads: [join(place.out, "gone")], writes: [] };
      const result = await perl(place, `open F, '>', '${made}'`, { jail: jailed });
      expect(result).toMatchObject({
        endedBy: "not-started",
        reason: "the jail could not be set up",
        sandbox: "bwrap",
      });
      expect(existsSync(made)).toBe(false);
    }));

  it("is locked in where it lies in a folder of its own, and has limits only, as recorded, where it cannot start inside", () =>
    inPlace(async (place) => {
      const own = join(place.out, "ffprobe");
      copyFileSync(program("ffprobe"), own);
      expect(await jailState(own)).toEqual({ works: true });
      const link = join(place.input, "../ffprobe");
      symlinkSync(own, link);
      const version = await perl(place, "", { program: link, argv: ["-version"] });
      expect(version).toMatchObject({ sandbox: "bwrap", exitCode: 0 });
      const needy = join(place.out, "needy");
      copyFileSync("/usr/bin/sh", join(place.out, "shell"));
      writeFileSync(needy, `#!${join(place.out, "shell")}\necho started\n`, { mode: 0o755 });
      expect(await jailState(needy)).toMatchObject({
        works: false,
        reason: `${needy} does not start inside the sandbox`,
      });
      const result = await perl(place, "", { program: needy, argv: [] });
      expect(result.sandbox).toBe("prlimit");
      expect(textOf(result)).toBe("started\n");
    }));
});

describe.skipIf(!jail.works)("a clip that is really a list of other files", () => {
  // Nothing but the jail stands in the way: no demuxer is left out, and files may be read.
  const generous = ["-nostdin", "-loglevel", "error", "-protocol_whitelist", "file,crypto,data"];

  test.each(Object.entries(disguises))(
    "%s gets no byte of its neighbour, even if ffmpeg follows it",
    (_name, text) =>
      inFolder(async (folder) => {
        const scratch = join(folder, "scratch");
        mkdirSync(scratch);
        const secret = makeSecret(folder, text === disguises["a DASH manifest"] ? "secret.mp4" : "secret.ts");
        const media = disguise(folder, text(secret));
        const out = join(scratch, "out.ts");
        const request = {
          program: program("ffmpeg"),
          argv: [
            ...generous,
            "-i",
            `file:${media}`,
            "-c",
            "copy",
            `file:${out}`,
            "-c",
            "copy",
            "-f",
            "mpegts",
            "-",
          ],
          cwd: scratch,
          limits: ffprobeLimits,
          jail: { reads: [media], writes: [] },
        };
        const locked = await run(request);
        expect(locked).toMatchObject({ sandbox: "bwrap", endedBy: "exited" });
        expect(locked.exitCode).not.toBe(0);
        expect(locked.stdout.length).toBe(0);
        expect(existsSync(out) ? statSync(out).size : 0).toBe(0);
        // The attack is real: with limits alone the film is copied.
        const free = await unlocked(request);
        expect(free).toMatchObject({ sandbox: "prlimit", exitCode: 0 });
        expect(free.stdout.length).toBeGreaterThan(1000);
        expect(readFileSync(secret).includes(secretMark)).toBe(true);
      }),
  );
});

describe("ExifTool, which is kept open", () => {
  it("reads originals that came after it was started", () =>
    inFolder(async (folder) => {
      const [originals, scratch] = [join(folder, "objects"), join(folder, "scratch")];
      mkdirSync(originals);
      mkdirSync(scratch);
      const session = openExifTool(originals, scratch);
      try {
        await session.version();
        const later = join(originals, "00", "media.mp4");
        mkdirSync(join(originals, "00"));
        copyFileSync(clips.get("picture.mp4"), later);
        expect(await session.read(later)).toHaveProperty("json");
      } finally {
        await session.close();
      }
    }));

  it.skipIf(!jail.works)("sees nothing beside them", () =>
    inFolder(async (folder) => {
      const [originals, scratch] = [join(folder, "objects"), join(folder, "scratch")];
      mkdirSync(originals);
      mkdirSync(scratch);
      const beside = join(folder, "private.mp4");
      copyFileSync(clips.get("picture.mp4"), beside);
      const session = openExifTool(originals, scratch);
      try {
        expect(await session.read(beside)).toEqual({ refused: "File not found - private.mp4" });
      } finally {
        await session.close();
      }
    }),
  );

  it.skipIf(!jail.works)("that cannot be locked in refuses every file, and nobody waits for it", () =>
    inFolder(async (folder) => {
      const session = openExifTool(join(folder, "gone"), folder);
      try {
        expect(await session.read(join(folder, "a"))).toEqual({ refused: "it did not start" });
      } finally {
        await session.close();
      }
    }),
  );
});
