import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { homedir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type KeptYtDlp, openKeptYtDlp } from "../../../src/tools/download/kept-yt-dlp.ts";
import { jailOfRun, placesOf, ytDlpJailState } from "../../../src/tools/download/yt-dlp-jail.ts";
import { doorPort } from "../../../src/tools/run/jail-door.ts";
import { run } from "../../../src/tools/run/run.ts";
import type { RunRequest, RunResult } from "../../../src/tools/run/run-request.js";
import { jail, processesNaming } from "../../support/jails.ts";
import { until } from "../../support/until.ts";
import { scratchFolder } from "../../support/yt-dlp.ts";

const { folder: scratch, clean } = scratchFolder();
const version = "2026.01.02";

/** In place of yt-dlp: a package that was taken over, and does what its argument says. */
const takenOver = `
import json, os, socket, subprocess, sys
class YoutubeDL:
    def urlopen(self, request):
        raise AssertionError
def main(argv=None):
    if argv is None:
        exec(sys.argv[1])
`;

const zipScript = `
import sys, zipfile
with open(sys.argv[1], "wb") as file:
    file.write(b"#!/usr/bin/env python3\\n")
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("yt_dlp/__init__.py", sys.argv[2])
        archive.writestr("yt_dlp/version.py", "__version__ = '%s'" % sys.argv[3])
        archive.writestr("__main__.py", "import yt_dlp\\nyt_dlp.main()\\n")
`;

const program = join(scratch, "tools", "yt-dlp");
const inNetwork: Socket[] = [];
let answered: Server;
let port = 0;

beforeAll(async () => {
  mkdirSync(join(scratch, "tools"));
  execFileSync("/usr/bin/env", ["python3", "-c", zipScript, program, takenOver, version]);
  chmodSync(program, 0o755);
  writeFileSync(join(scratch, "secret.txt"), "another capture");
  answered = createServer((socket) => void inNetwork.push(socket)).listen(0, "127.0.0.1");
  await new Promise((resolve) => answered.once("listening", resolve));
  const address = answered.address();
  port = typeof address === "object" && address !== null ? address.port : 0;
});
afterAll(() => {
  answered.close();
  clean();
});

const limits = {
  wallMs: 60_000,
  cpuSeconds: 30,
  addressSpaceBytes: 2 * 2 ** 30,
  fileSizeBytes: 2 ** 20,
  stdoutBytes: 2 ** 20,
};

/** How often somebody came to the door, and the request of a run that does as the Python says. */
function request(script: string, change: Partial<RunRequest> = {}) {
  const places = placesOf(program, homedir());
  if (places === null) throw new Error("the program of the test is not one that can be locked in");
  let callers = 0;
  const receive = (caller: Socket) => {
    callers += 1;
    caller.end("from the guard");
  };
  const cwd = mkdtempSync(join(scratch, "run-"));
  const asked: RunRequest = {
    program,
    argv: [script],
    cwd,
    limits,
    jail: jailOfRun({ ...places, receive }, { reads: [], writes: [] }),
    ...change,
  };
  return { asked, cwd, callers: () => callers };
}

const text = ({ stdout, stderr }: RunResult) => `${stdout.toString("utf8")}${stderr.toString("utf8")}`;

const attempts = (lines: readonly string[]) =>
  lines
    .map(
      (line) =>
        `try:\n    print(${JSON.stringify(line)}, ${line})\nexcept OSError as error:\n    print("no", error.errno)`,
    )
    .join("\n");

describe.skipIf(!jail.works)("a downloader that is taken over by a page", () => {
  let kept: KeptYtDlp;
  beforeAll(() => {
    kept = openKeptYtDlp({ path: program, version });
  });
  afterAll(() => kept.close());

  const ways: readonly [string, boolean, (request: RunRequest) => Promise<RunResult>][] = [
    ["a process of its own", false, run],
    ["a fork of one that stays loaded", true, (asked) => kept.run(asked)],
  ];
  describe.each(ways)("as %s", (_title, forked, start) => {
    it("is recorded as locked in, with the limits and the folder it was given", async () => {
      const { asked, cwd } = request(
        "import resource; open('made', 'w').write('x'); print(os.getcwd(), resource.getrlimit(resource.RLIMIT_FSIZE)[0], dict(os.environ))",
      );
      const result = await start(asked);
      expect(text(result)).toContain(`${cwd} ${limits.fileSizeBytes} `);
      expect(text(result)).not.toContain(homedir());
      expect({ ...result, stdout: "", stderr: "" }).toMatchObject({
        exitCode: 0,
        endedBy: "exited",
        sandbox: "bwrap",
        forked,
      });
      expect(readdirSync(cwd)).toEqual(["made"]);
    });

    it("sees neither other captures, nor the home folder, nor accounts, and changes no program", async () => {
      const { asked } = request(
        attempts([
          `open(${JSON.stringify(join(scratch, "secret.txt"))}).read()`,
          `os.listdir(${JSON.stringify(homedir())})`,
          "open('/etc/passwd').read()",
          "open('/etc/hostname').read()",
          `open(${JSON.stringify(program)}, 'ab')`,
          "open('/usr/bin/planted', 'w')",
          "open('/planted', 'w')",
        ]),
      );
      const said = text(await start(asked))
        .trim()
        .split("\n");
      // ENOENT, EACCES, EROFS
      expect(said.map((line) => line.replace(/^no (2|13|30)$/, "no"))).toEqual(Array(7).fill("no"));
      const beside = request(`print(sorted(os.listdir(${JSON.stringify(scratch)})))`);
      const own = beside.cwd.split("/").at(-1) ?? "";
      expect(text(await start(beside.asked)).trim()).toBe(
        JSON.stringify([own, "tools"].sort()).replaceAll('"', "'").replace(",", ", "),
      );
    });

    it("reaches the guard at its door, and no server, no name service and nobody else", async () => {
      const { asked, callers } = request(
        `${attempts([
          `socket.create_connection(('127.0.0.1', ${port}), 5)`,
          "socket.create_connection(('192.0.2.1', 80), 5)",
          "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'?', ('192.0.2.53', 53))",
          "socket.getaddrinfo('localhost.example', 80)",
        ])}
print([name for _, name in socket.if_nameindex()])
print(socket.create_connection(('127.0.0.1', ${doorPort}), 5).recv(99))`,
      );
      const said = text(await start(asked))
        .trim()
        .split("\n");
      expect(said.slice(0, 4).every((line) => line.startsWith("no "))).toBe(true);
      expect(said.slice(4)).toEqual(["['lo']", "b'from the guard'"]);
      expect(callers()).toBe(1);
      expect(inNetwork).toEqual([]);
    });

    it("has no right that it could use, and no handle of ours", async () => {
      const { asked } = request(`
print(sorted(fd for fd in os.listdir('/proc/self/fd') if os.path.exists('/proc/self/fd/' + fd)))
for line in open('/proc/self/status'):
    if line.startswith(('CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb', 'NoNewPrivs')): print(line.split())
print(len([name for name in os.listdir('/proc') if name.isdigit()]) <= 4)
import ctypes
libc = ctypes.CDLL(None)
libc.unshare(0x10000000 | 0x20000)
print(os.path.exists(${JSON.stringify(join(scratch, "secret.txt"))}), libc.umount2(b'/proc', 2), libc.umount2(b'/tmp', 2))
`);
      expect(
        text(await start(asked))
          .trim()
          .split("\n"),
      ).toEqual([
        "['0', '1', '2']",
        ...["CapInh:", "CapPrm:", "CapEff:", "CapBnd:", "CapAmb:"].map(
          (name) => `['${name}', '${"0".repeat(16)}']`,
        ),
        "['NoNewPrivs:', '1']",
        "True",
        "False -1 -1",
      ]);
    });

    it("leaves nothing running: not what it forked away before it ended", async () => {
      const mark = `left-${randomBytes(8).toString("hex")}`;
      const { asked } = request(
        `subprocess.Popen([sys.executable or '/usr/bin/python3', '-c', 'import time; time.sleep(300)', '${mark}'], start_new_session=True)`,
      );
      expect((await start(asked)).exitCode).toBe(0);
      await until(() => processesNaming(mark) === 0);
    });

    it("ends at an interrupt and when its time is up, by the signal or status that is recorded", async () => {
      const control = new AbortController();
      const waiting = request("print('begun', flush=True); import time; time.sleep(300)", {
        signal: control.signal,
        onStdout: () => control.abort(),
      });
      expect(await start(waiting.asked)).toMatchObject({
        endedBy: "aborted",
        signal: "SIGTERM",
        exitCode: null,
      });
      const short = request("import time; time.sleep(300)", { limits: { ...limits, wallMs: 1500 } });
      expect(await start(short.asked)).toMatchObject({ endedBy: "wall-time", exitCode: null });
      expect((await start(request("sys.exit(7)").asked)).exitCode).toBe(7);
      expect((await start(request("os.kill(os.getpid(), 9)").asked)).signal).toBe("SIGKILL");
    });
  });

  it("does not run at all where the jail cannot be made, and the run says so", async () => {
    const { asked } = request("print('ran')");
    const broken = { ...asked, jail: { ...asked.jail, reads: ["/nothing/there"], writes: [] } };
    for (const start of [run, (again: RunRequest) => kept.run(again)])
      expect(await start(broken)).toMatchObject({ endedBy: "not-started", stdout: Buffer.alloc(0) });
  });
});

describe("whether a downloader can be locked in", () => {
  it.skipIf(!jail.works)("is found out by loading it there and knocking at the door", async () => {
    expect(await ytDlpJailState(program, homedir())).toMatchObject({ works: true });
    const broken = join(scratch, "broken", "yt-dlp");
    mkdirSync(join(scratch, "broken"));
    writeFileSync(broken, readFileSync(program).subarray(0, -200), { mode: 0o755 });
    expect(await ytDlpJailState(broken, homedir())).toMatchObject({
      works: false,
      reason: `${broken} does not start inside the sandbox`,
    });
  });

  it.skipIf(!jail.works)(
    "is not answered by another yt-dlp that the same Python finds among its own packages",
    async () => {
      const environment = join(scratch, "environment");
      const python = join(environment, "bin", "python3");
      mkdirSync(join(environment, "bin"), { recursive: true });
      writeFileSync(join(environment, "pyvenv.cfg"), "home = /usr/bin\n");
      symlinkSync("/usr/bin/python3", python);
      const packages = execFileSync(python, ["-I", "-c", "import site; print(site.getsitepackages()[0])"]);
      const foreign = join(packages.toString().trim(), "yt_dlp");
      expect(foreign.startsWith(`${environment}/`)).toBe(true);
      mkdirSync(foreign, { recursive: true });
      writeFileSync(join(foreign, "__init__.py"), "def main(): pass\n");
      const own = `#!${python}\n`;
      const content = readFileSync(program);
      const zip = content.subarray(content.indexOf("\n") + 1);
      const kept = { whole: [own, zip], cut: [own, zip.subarray(0, -200)] } as const;
      for (const [name, [first, rest]] of Object.entries(kept)) {
        const path = join(environment, name);
        writeFileSync(path, Buffer.concat([Buffer.from(first), rest]), { mode: 0o755 });
        expect((await ytDlpJailState(path, homedir())).works).toBe(name === "whole");
      }
      const script = join(environment, "bin", "yt-dlp");
      writeFileSync(script, `${own}from yt_dlp import main\n`, { mode: 0o755 });
      expect(await ytDlpJailState(script, homedir())).toMatchObject({ works: true });
    },
  );

  it("it is not where what would run is not known, or the home folder would have to be shown", () => {
    const binary = join(scratch, "binary");
    writeFileSync(binary, "\x7fELF", { mode: 0o755 });
    expect(placesOf(binary, homedir())).toBeNull();
    expect(placesOf(program, join(program, "below"))).toBeNull();
    expect(placesOf(program, "/somewhere/else")).toEqual({
      python: expect.stringMatching(/python3/),
      reads: [program],
    });
  });
});
