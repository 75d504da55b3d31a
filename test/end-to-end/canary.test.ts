import { spawn, spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { toolsFolder } from "../../src/tools/run/programs.js";
import { digestsIn, filesBelow, formsOf, guessed } from "../support/guesses.js";
import { jail } from "../support/jails.js";
import { openProxy, type TestProxy } from "../support/proxies.js";
import { openSite, type Site } from "../support/site.js";
import { makeSiteClips } from "../support/site-clips.js";
import { spellings } from "../support/spellings.js";
import { temporaryFolder } from "../support/vaults.js";

/** Who collects, from where and by what way, in words that appear nowhere else. */
const canaries = {
  user: "zz_canary_user",
  host: "zz-canary-host",
  home: "zz_canary_home",
  folder: "zz_canary_folder",
  cookie: "ZZCANARYCOOKIE1",
  proxyUser: "zz_canary_proxy_user",
  proxyPassword: "zz_canary_proxy_password",
  address: "203.0.113.77",
  zone: "Antarctica/Troll",
} as const;

const folder = temporaryFolder();
const home = join("/", canaries.home);
const homeOutside = join(folder.path, "home");
const work = join(homeOutside, canaries.folder);
const program = join(import.meta.dirname, "../../bin/holdfast.js");
const driver = join(import.meta.dirname, "../support/commands-in-turn.js");
const host = "video.canary-site.example";
let site: Site;
let proxy: TestProxy;
const hasStrace = spawnSync("strace", ["-o", "/dev/null", "true"]).status === 0;
/** What every command said, by its words. */
const said = new Map<string, string>();

beforeAll(async () => {
  mkdirSync(work, { recursive: true });
  makeSiteClips(join(folder.path, "clips"));
  site = await openSite({ clips: join(folder.path, "clips"), visitorAddress: canaries.address });
  proxy = await openProxy("http", Number(new URL(site.url).port));
  copyFileSync(join(folder.path, "clips", "other.mp4"), join(work, "own.mp4"));
  const rows = [`http://${host}/clips/part-1.mp4,Astana`, `http://${host}/fault/cut-length.mp4,`];
  writeFileSync(join(work, "rows.csv"), `url,place\n${rows.join("\n")}\n`);
  const cookie = [`.${host}`, "TRUE", "/", "FALSE", "4102444800", "session", canaries.cookie];
  writeFileSync(join(work, "cookies.txt"), `# Netscape HTTP Cookie File\n${cookie.join("\t")}\n`);
  writeFileSync(
    join(folder.path, "passwd"),
    `${canaries.user}:x:${process.getuid?.()}:${process.getgid?.()}::${home}:/bin/sh\n`,
  );
});
afterAll(async () => {
  await proxy.close();
  await site.close();
  folder.remove();
});

/** The real program, as that person on that machine would start it, in a folder of that home. */
async function asCollector(...words: readonly string[]): Promise<{ status: number | null; stdout: string }> {
  const ran = await started([process.execPath, program, ...words]);
  said.set(words.join(" "), `${ran.stdout}\n${ran.stderr}`);
  return ran;
}

/** The same for many command lines, one after the other in one process; what each printed. */
async function inTurn(...lines: readonly (readonly string[])[]): Promise<readonly string[]> {
  const list = join(folder.path, "lines.json");
  writeFileSync(list, JSON.stringify(lines.map((argv) => ({ argv, env: {}, human: true }))));
  const ran = await started([process.execPath, driver, list]);
  const { printed, said: errors } = JSON.parse(ran.stdout) as { printed: string[]; said: string };
  for (const [index, words] of lines.entries()) said.set(words.join(" "), printed[index] ?? "");
  said.set(`what went to stderr from ${lines[0]?.join(" ")} on`, `${errors}\n${ran.stderr}`);
  return printed;
}

async function started(argv: readonly string[]) {
  const machine = [
    ...["--dev-bind", "/", "/", "--unshare-uts", "--hostname", canaries.host],
    ...["--bind", homeOutside, home, "--ro-bind", join(folder.path, "passwd"), "/etc/passwd"],
    ...["--chdir", join(home, canaries.folder), "--", ...argv],
  ];
  const env = {
    PATH: process.env.PATH,
    HOME: home,
    USER: canaries.user,
    LOGNAME: canaries.user,
    HOSTNAME: canaries.host,
    TZ: canaries.zone,
    HOLDFAST_TOOLS: toolsFolder({ ...process.env, HOME: homedir() }),
    HOLDFAST_OFFLINE: "1",
    HOLDFAST_NEW_VAULT: "1",
  };
  const child = spawn("/usr/bin/bwrap", machine, { env, stdio: ["ignore", "pipe", "pipe"] });
  const texts = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const)
    child[name].on("data", (chunk: Buffer) => {
      texts[name] += chunk.toString("utf8");
    });
  const status = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { status, ...texts };
}

/** Which canary stands where, `path: canary`, in every file below a folder but those in a `private/` of a vault. */
function hits(below: string, isPrivate: (path: string) => boolean): readonly string[] {
  const files = readdirSync(below, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !isPrivate(path.slice(below.length + 1)));
  expect(files.length).toBeGreaterThan(0);
  return files.flatMap((path) =>
    found(readFileSync(path)).map((name) => `${path.slice(below.length + 1)}: ${name}`),
  );
}

function found(bytes: Buffer): readonly string[] {
  return Object.entries(canaries)
    .filter(([, text]) => spellings(text).some((word) => bytes.includes(word)))
    .map(([name]) => name);
}

/** What is secret of the key that signs: its seed, as bytes and in the spellings that a text could have. */
function secretOfKey(): readonly Buffer[] {
  const file = readdirSync(homeOutside, { recursive: true, encoding: "utf8" })
    .map((path) => join(homeOutside, path))
    .find((path) => /\/keys\/[0-9a-f]+\/signing-key-1$/.test(path));
  const text = readFileSync(file ?? "", "utf8");
  const body = Buffer.from(text.replaceAll(/-----.*-----|\s/g, ""), "base64");
  // openssh-key-v1: of an Ed25519 key the last long field is seed and public key (PROTOCOL.key, RFC 8709).
  const at = body.lastIndexOf(Buffer.of(0, 0, 0, 64));
  const seed = body.subarray(at + 4, at + 36);
  return [seed, Buffer.from(seed.toString("hex")), Buffer.from(body.toString("base64").slice(-120, -80))];
}

describe.skipIf(!jail.works)("who collected, from where and by what way", () => {
  const vault = "v";
  let ids: readonly string[] = [];
  const inVault = ["--vault", vault];
  const way = `http://${canaries.proxyUser}:${canaries.proxyPassword}@127.0.0.1`;

  it("stands in the private annex alone, after every command that captures", async () => {
    const through = ["--proxy", `${way}:${new URL(proxy.url).port}`, "--allow-private"];
    const cookies = ["--cookies", "cookies.txt"];
    const pages = ["/page/cookie", "/page/visitor", "/hls/plain.m3u8"];
    const urls = pages.map((page) => `http://${host}${page}`);
    const archived = await asCollector("archive", ...inVault, ...through, ...cookies, ...urls);
    expect([archived.status, archived.stdout]).toEqual([0, expect.stringContaining("v/objects/")]);
    expect(site.requests.some(({ headers }) => String(headers.cookie).includes(canaries.cookie))).toBe(true);
    const to = ["--to", "results", "--attempts", "1"];
    const [, , listed = ""] = await inTurn(
      ["batch", "rows.csv", ...inVault, ...through, ...cookies, ...to],
      ["import", ...inVault, "own.mp4", "--received-from", canaries.user],
      ["list", "--json", ...inVault],
    );
    ids = listed
      .trim()
      .split("\n")
      .map((line) => String(JSON.parse(line).id));
    expect(ids.length).toBeGreaterThanOrEqual(5);
    const annexes = found(
      Buffer.concat(
        readdirSync(join(work, vault, "private"), { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile())
          .map((entry) => readFileSync(join(entry.parentPath, entry.name))),
      ),
    );
    // The annex is there to hold it: a search that finds nothing anywhere would show nothing.
    expect([...annexes].sort()).toEqual(Object.keys(canaries).sort());
    expect(hits(join(work, vault), (path) => path.startsWith("private/"))).toEqual([]);
    expect(hits(join(work, "results"), () => false)).toEqual([]);
  });

  it("stands in no package, report, page or list, and in nothing that a command says", async () => {
    const [first = ""] = ids;
    const outside = join(work, "out");
    mkdirSync(outside);
    await inTurn(
      ["annotate", ...inVault, first, "place=Astana"],
      ["derive", ...inVault, "--deep", first],
      ["checkpoint", ...inVault],
      ["verify", ...inVault],
      ["verify", "--json", ...inVault],
      ["list", ...inVault],
      ["find", ...inVault, "clip"],
      ["show", ...inVault, first],
      ["show", "--json", ...inVault, first],
      ["open", ...inVault, first],
      ["export", ...inVault, "--to", "out/folder", ...ids],
      ["export", ...inVault, "--to", "out/package.tar", first],
      ["report", ...inVault, "--to", "out/report.html", first],
      ["report", ...inVault, "--declaration", "--to", "out/declaration.html", first],
      ["verify", "out/folder"],
      ["key", "show", ...inVault],
      ["rebuild", ...inVault],
    );
    expect(hits(outside, () => false)).toEqual([]);
    expect(hits(join(work, vault), (path) => path.startsWith("private/"))).toEqual([]);
    const failed = [...said].filter(([, text]) => /usage:|a bug in/i.test(text));
    expect(failed).toEqual([]);
    const key = secretOfKey();
    for (const below of [work, join(work, vault, "private")]) {
      const files = readdirSync(below, { recursive: true, withFileTypes: true }).filter((entry) =>
        entry.isFile(),
      );
      for (const { parentPath, name } of files)
        expect(
          key.some((secret) => readFileSync(join(parentPath, name)).includes(secret)),
          name,
        ).toBe(false);
    }
    const loud = [...said].flatMap(([words, text]) =>
      found(Buffer.from(text)).map((name) => `${words.replaceAll(/zz[-_]\S+/gi, "…")}: ${name}`),
    );
    expect(loud).toEqual([]);
  });

  it("stands behind no digest that leaves: whoever guesses a name, a path or an address has nothing to try it against", () => {
    const isPrivate = (path: string) => path.startsWith("private/");
    const digests = digestsIn([
      ...filesBelow(join(work, vault), isPrivate),
      ...filesBelow(join(work, "out"), () => false),
      ...filesBelow(join(work, "results"), () => false),
    ]);
    const tools = toolsFolder({ ...process.env, HOME: homedir() });
    const inTools = (path: string) => !/^yt-dlp\/(bin\/|.*\/RECORD$)|^versions\.json$/.test(path);
    // Of a page that nothing was cut from, the copy is the raw file.
    const kept = filesBelow(join(work, vault, "objects"), () => false).map((path) => readFileSync(path));
    // The digest of nothing tells nothing, and verify.sh knows it.
    const isEmpty = (path: string) => readFileSync(path).length === 0;
    const isKept = (path: string) => kept.some((bytes) => bytes.equals(readFileSync(path)));
    const files = [
      ...filesBelow(join(work, vault, "private"), (path) => path.endsWith("/annex.json")).filter(
        (path) => !isKept(path) && !isEmpty(path),
      ),
      ...filesBelow(tools, inTools),
      join(work, "cookies.txt"),
      join(folder.path, "passwd"),
    ];
    const places = [tools, join(home, canaries.folder), join(home, canaries.folder, vault), homedir()];
    const below = ["yt-dlp", "yt-dlp/bin/yt-dlp", "yt-dlp/bin/python3", "staging", "cookies.txt", "own.mp4"];
    const names = [
      ...Object.values(canaries),
      `${canaries.user}@${canaries.host}`,
      `${way}:${new URL(proxy.url).port}`,
      ...places,
      ...places.flatMap((place) => below.map((name) => join(place, name))),
    ];
    const things = new Map<string, string | Buffer>([
      ...files.map((path) => [path, readFileSync(path)] as const),
      ...names.flatMap((name) => formsOf(name).map((form) => [JSON.stringify(form), form] as const)),
    ]);
    expect(files.length).toBeGreaterThan(10);
    // A search that finds nothing anywhere would show nothing: the digest of an original is there.
    const [original = ""] = filesBelow(join(work, vault), (path) => !/\/original\/track-1\./.test(path));
    expect(guessed(new Map([["an original", readFileSync(original)]]), digests)).toHaveLength(2);
    expect(guessed(things, digests)).toEqual([]);
  });

  it.skipIf(!hasStrace)(
    "the signing key is in no argument and no environment of a program that is started",
    async () => {
      const tracer = ["strace", "-f", "-v", "-xx", "-s", "100000", "-e", "trace=execve", "-o", "trace.txt"];
      await started([...tracer, process.execPath, program, "import", ...inVault, "--again", "own.mp4"]);
      const trace = readFileSync(join(work, "trace.txt"), "latin1").replaceAll("\\x", "");
      const starts = (name: string) => trace.includes(Buffer.from(name).toString("hex"));
      expect(starts("ffprobe")).toBe(true);
      expect(secretOfKey().filter((secret) => trace.includes(secret.toString("hex")))).toEqual([]);
    },
  );
});
