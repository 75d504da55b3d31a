import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { main } from "../../src/cli/main.js";
import { readSourceList } from "../../src/core/lists/source-list.js";
import { capturedTerminal, dangerous } from "../cli/terminal-double.js";
import { type CliRun, holdfast } from "../support/cli.js";
import { closeExifTools } from "../support/kept-exiftool.js";
import { openSite, type Site, type Visit } from "../support/site.js";
import { makeSiteClips } from "../support/site-clips.js";
import { sendClip } from "../support/site-files.js";
import { audit, temporaryFolder } from "../support/vaults.js";
import { testDownloader } from "../support/yt-dlp.js";

vi.mock("../../src/tools/download/yt-dlp.ts", async (original) => {
  const { limitedAt } = await import("../support/time-limits.js");
  return limitedAt(
    /\/(hangs|stubborn|floods)$/,
    await original<typeof import("../../src/tools/download/yt-dlp.js")>(),
  );
});

vi.mock("../../src/tools/media/exiftool.ts", async (original) => {
  const { startedOnce } = await import("../support/kept-exiftool.js");
  return startedOnce(await original<typeof import("../../src/tools/media/exiftool.js")>());
});

const real = await testDownloader();
const folder = temporaryFolder();
const at = (name: string) => join(folder.path, name);
let site: Site;

beforeAll(async () => {
  makeSiteClips(at("clips"));
  site = await openSite({ clips: at("clips"), routes: { "/struck/part-1.mp4": strike } });
});
afterAll(async () => {
  await closeExifTools();
  await site.close();
  folder.remove();
});

const quick = ["--delay", "0", "--retry-wait", "100ms", "--keep-free", "1M", "--per-host", "4"];

type Row = Readonly<Record<string, string>>;

function table(results: string): readonly Row[] {
  const { columns, rows } = readSourceList(readFileSync(join(results, "results.csv")), {
    name: "results.csv",
    column: "url",
  });
  return rows.map(({ cells }) =>
    Object.fromEntries(columns.map((name, index) => [name, cells[index] ?? ""])),
  );
}

async function expectSound(vault: string): Promise<void> {
  const report = await audit(vault);
  expect(report.findings.filter(({ severity }) => severity === "error")).toEqual([]);
}

interface Shown {
  readonly runs: readonly Readonly<Record<string, unknown>>[];
  readonly keyframes: readonly unknown[];
  readonly derivation: unknown;
  readonly software: readonly { readonly name: string; readonly version: string }[];
}

async function shown(vault: string, id: string): Promise<Shown> {
  return (await holdfast(["show", id, "--json", "--vault", vault])).lines[0] as unknown as Shown;
}

/** A yt-dlp that does what the end of the address says, and for a clip of the site hands on to the real one. */
const fake = (realPath: string, clip: string) => `#!/bin/sh
for address; do :; done
case "$*" in *--version*) echo 2099.12.31; exit 0;; esac
rave() { head -c "$1" /dev/urandom; printf '\\033[2J\\033]0;owned\\007\\r\\nERROR: \\033[31mowned\\342\\200\\256\\n'; }
case "$address" in
  */dies) kill -SEGV $$ ;;
  */killed) kill -KILL $$ ;;
  */mute) exit 1 ;;
  */content) exit 0 ;;
  */unusual) exit 77 ;;
  */hangs) sleep 600 ;;
  */stubborn) trap '' TERM INT HUP; while :; do sleep 1; done ;;
  */abandons) sleep 600 & exit 1 ;;
  */escapes) setsid sleep 15 & exit 1 ;;
  */raves) rave 3000000; rave 3000000 >&2; exit 1 ;;
  */floods) while :; do printf 'y%.0s' 1 2 3 4 5 6 7 8 9; printf '\\033[31m\\n'; done ;;
  */promises) printf '[download] 1 of 1 at 1 ETA 0\\n[download] \\033[2J of NaN at x ETA -1\\n'; exit 0 ;;
  */strays) echo stray > ../../stray.mp4; echo stray > movie.mp4; mkdir media.mp4; ln -s /etc/passwd media.webm; ln ../../stray.mp4 media.mkv; mkfifo media.mov; exit 0 ;;
  */text) printf '<!doctype html><title>\\033[2Jlog in</title>' > media.mp4; exit 0 ;;
  */noise) head -c 200000 /dev/urandom > media.mp4; exit 0 ;;
  */nothing) : > media.mp4; exit 0 ;;
  */confused) printf '{"title": "\\\\u001b[2J", "formats": [[[' > media.info.json; exit 1 ;;
  */good) cp "${clip}" media.mp4 ;;
  *) exec "${realPath}" "$@" ;;
esac
`;

describe.skipIf(real === null)("a downloader that fails in the middle of a list", () => {
  const vault = at("faults");
  const faults: readonly (readonly [what: string, status: string, reason: RegExp])[] = [
    ["dies", "failed", /could not read/],
    ["killed", "failed", /could not read/],
    ["mute", "failed", /could not read/],
    ["content", "failed", /could not read/],
    ["unusual", "failed", /could not read/],
    ["hangs", "failed", /time it may take/],
    ["stubborn", "failed", /time it may take/],
    ["abandons", "failed", /could not read/],
    ["escapes", "failed", /could not read/],
    ["raves", "failed", /could not read/],
    ["floods", "failed", /time it may take/],
    ["promises", "failed", /could not read/],
    ["strays", "failed", /could not read/],
    ["text", "failed", /not a video/],
    ["noise", "captured", /^unreadable: no picture and no sound of it could be read here/],
    ["nothing", "failed", /no bytes/],
    ["confused", "failed", /could not read/],
  ];
  const io = capturedTerminal({
    columns: 100,
    env: {
      ...process.env,
      TERM: "xterm",
      HOLDFAST_ALLOW_PRIVATE: "1",
      PATH: `${at("bin")}:${process.env.PATH}`,
      HOLDFAST_TOOLS: at("tools"),
    },
  });
  let status = -1;
  let rows: readonly Row[] = [];

  beforeAll(async () => {
    mkdirSync(at("bin"));
    writeFileSync(at("bin/yt-dlp"), fake(real?.path ?? "", at("clips/part-1.mp4")), { mode: 0o755 });
    // A good row before every fourth of them; the last of all comes by the real downloader.
    const lines = faults.flatMap(([fault], n) => [
      ...(n % 4 === 0 ? [`${site.url}/fake/${n}/good,good`] : []),
      `${site.url}/fake/${fault},${fault}`,
    ]);
    const list = at("faults.csv");
    writeFileSync(list, ["url,what", ...lines, `${site.url}/clips/clip.mp4,good`, ""].join("\n"));
    const bounds = ["--max-time", "1s", "--attempts", "2"];
    status = await main(
      ["batch", list, "--vault", vault, "--to", at("faults-results"), ...quick, ...bounds],
      io,
    );
    rows = table(at("faults-results"));
  }, 600_000);

  it("each good row before, between and after is captured whole", () => {
    const good = rows.filter(({ what }) => what === "good");
    expect(good).toHaveLength(6);
    expect(good.map(({ status: result, reason }) => [result, reason])).toEqual(
      good.map(() => ["captured", ""]),
    );
    expect(new Set(good.slice(0, -1).map(({ sha256 }) => sha256)).size).toBe(1);
  });

  it.each(faults)("one that %s ends its row as %s, and no other", (fault, result, reason) => {
    const found = rows.filter(({ what }) => what === fault);
    expect(found.map((row) => row.status)).toEqual([result]);
    expect(found[0]?.reason).toMatch(reason);
  });

  it("bytes that no program can read are kept as they came, and nothing is said to be in them", async () => {
    const [row] = rows.filter(({ what }) => what === "noise");
    const { keyframes, derivation } = await shown(vault, row?.capture ?? "");
    expect(keyframes).toEqual([]);
    expect(derivation).toMatchObject({ completeness: expect.not.stringMatching("whole") });
  });

  it("every failure that can pass was tried twice, and the log says how each ended", async () => {
    const [row] = rows.filter(({ what }) => what === "killed");
    const report = await holdfast(["report", row?.capture ?? "", "--json", "--vault", vault]);
    const runs = [{ signal: "SIGKILL" }, { signal: "SIGKILL" }];
    expect(report.lines[0]?.failed).toMatchObject({ runs });
  });

  it("and the exit status says that some failed", () => expect(status).toBe(4));

  it("the vault is as recorded, and nothing lies about in it", async () => {
    await expectSound(vault);
    expect(readdirSync(join(vault, "staging")).filter((name) => /^\d{8}-/.test(name))).toEqual([]);
  });

  it("nothing of what it said reaches the terminal as it was", () => {
    const drawing = /\r\u001b\[2K|\u001b\[1A\u001b\[2K|\u001b\[3[0-9]m/g;
    expect(dangerous.test(io.written.both.replaceAll(drawing, ""))).toBe(false);
    expect(io.written.both).not.toContain("owned");
    expect(io.written.both.length).toBeLessThan(1_000_000);
  });
});

const hasProc = process.platform === "linux";
const isScript = real !== null && readFileSync(real.path).subarray(0, 2).toString() === "#!";

/** Processes that run the kept interpreter, each with its parent. */
function interpreters(): ReadonlyMap<number, number> {
  const found = new Map<number, number>();
  for (const name of readdirSync("/proc").filter((entry) => /^\d+$/.test(entry))) {
    try {
      const argv = readFileSync(`/proc/${name}/cmdline`, "utf8").split("\0");
      if (!argv.some((word) => word.endsWith("yt-dlp-prefork.py"))) continue;
      const parent = /^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${name}/status`, "utf8"))?.[1];
      found.set(Number(name), Number(parent));
    } catch {
      // It has ended meanwhile.
    }
  }
  return found;
}

/** The interpreter of this process that was killed with a download running in it. */
let victim: number | undefined;

/** Serves a clip. Whoever asks for it has a download running: the first interpreter is killed at that moment. */
function strike(visit: Visit): void {
  const [own] = [...interpreters()].find(([, parent]) => parent === process.pid) ?? [];
  if (own !== undefined && victim === undefined) {
    victim = own;
    process.kill(own, "SIGKILL");
  }
  sendClip(visit, "part-1.mp4");
}

describe.skipIf(!hasProc || !isScript)("the yt-dlp that stays loaded", () => {
  it("killed in the middle of a list costs no row: what ran in it is tried again", async () => {
    const vault = at("killed");
    const list = at("killed.txt");
    const addresses = Array.from({ length: 3 }, (_, n) => `${site.url}/struck/part-1.mp4?n=${n}\n`);
    writeFileSync(list, addresses.join(""));
    const to = at("killed-results");
    const ran = await holdfast(["batch", list, "--json", "--vault", vault, "--to", to, ...quick]);
    expect(ran.status, ran.stderr).toBe(0);
    expect(victim).toBeDefined();
    const rows = table(to);
    expect(rows.map(({ status }) => status)).toEqual(addresses.map(() => "captured"));
    const all = await Promise.all(rows.map(({ capture }) => shown(vault, capture ?? "")));
    const ends = all.flatMap(({ runs }) => runs.map(({ signal, forked }) => [signal, forked]));
    expect(ends).toContainEqual(["SIGKILL", true]);
    expect(ends).toContainEqual([null, true]);
    await expectSound(vault);
    expect([...interpreters().values()].filter((parent) => parent === process.pid)).toEqual([]);
  });
});

const old = process.env.HOLDFAST_TEST_OLD_YTDLP;

describe.skipIf(!old)("a yt-dlp of 2023", () => {
  const list = at("old.txt");
  const common = (vault: string) => [
    "batch",
    list,
    "--json",
    "--vault",
    vault,
    "--to",
    at("old-results"),
    ...quick,
  ];
  let env: Record<string, string>;

  beforeAll(() => {
    env = { PATH: `${dirname(old ?? "")}:/usr/bin:/bin`, HOLDFAST_TOOLS: at("no-tools") };
    writeFileSync(list, `${site.url}/clips/part-1.mp4\n${site.url}/page/video\n`);
  });

  it("is refused, and nothing is asked for", async () => {
    const asked = site.requests.length;
    const ran = await holdfast(common(at("old-refused")), env);
    expect([ran.status, ran.stdout]).toEqual([3, ""]);
    expect(ran.stderr).toContain("--allow-old-yt-dlp");
    expect([site.requests.length, existsSync(at("old-refused"))]).toEqual([asked, false]);
  });

  it("works where a person allows it, and each record says that it was old", async () => {
    const vault = at("old");
    const ran: CliRun = await holdfast([...common(vault), "--allow-old-yt-dlp"], env);
    expect(ran.status, ran.stderr).toBe(0);
    const rows = table(at("old-results"));
    expect(rows.map(({ status }) => status)).toEqual(["captured", "captured"]);
    for (const { capture } of rows) {
      const { software } = await shown(vault, capture ?? "");
      expect(software).toContainEqual(
        expect.objectContaining({
          name: expect.stringMatching(/^yt-dlp \(older than/),
          version: expect.stringMatching(/^2023/),
        }),
      );
    }
    await expectSound(vault);
  });
});
