import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { foundModules, installedModules } from "../../src/tools/run/installed-modules.js";
import { findProgram, minimumYtDlp } from "../../src/tools/run/programs.js";
import { testDownloader } from "../support/yt-dlp.ts";

const setup = join(import.meta.dirname, "../../bin/setup");
let folder: string;
let tools: string;
let said: string[];
/** A Python environment of no module but pip, made once. */
let around: string;
const made = () => join(around, "yt-dlp");

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-supply-"));
  tools = join(folder, "tools");
  for (const name of ["tools", "wheels", "programs"]) mkdirSync(join(folder, name));
  said = [];
  vi.spyOn(console, "error").mockImplementation((words) => void said.push(String(words)));
});

afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

const hasGnupg = ["gpg", "gpgv"].every(
  (name) => spawnSync(name, ["--version"], { stdio: "ignore" }).status === 0,
);
const python = execFileSync("python3", ["-c", "import sys; print(sys.executable)"], {
  encoding: "utf8",
}).trim();

beforeAll(async () => {
  around = mkdtempSync(join(tmpdir(), "holdfast-environment-"));
  const pip = await presentPip();
  execFileSync(python, ["-m", "venv", ...(pip === null ? [] : ["--without-pip"]), made()]);
  if (pip === null) return;
  const ask = ["-c", "import sysconfig; print(sysconfig.get_path('purelib'))"];
  const modules = execFileSync(join(made(), "bin", "python3"), ask, { encoding: "utf8" }).trim();
  for (const name of readdirSync(pip).filter((name) => /^pip(-[^-]+\.dist-info)?$/.test(name)))
    cpSync(join(pip, name), join(modules, name), { recursive: true, preserveTimestamps: true });
});

/** The folder with the pip of this machine's yt-dlp, which need not be unpacked and compiled once more; or null. */
async function presentPip(): Promise<string | null> {
  const downloader = await testDownloader();
  if (downloader === null) return null;
  const beside = join(dirname(downloader.path), "python3");
  const asked = spawnSync(beside, ["-I", "-c", "import pip; print(pip.__path__[0])"], { encoding: "utf8" });
  return asked.status === 0 ? dirname(asked.stdout.trim()) : null;
}

afterAll(() => rmSync(around, { recursive: true, force: true }));

/** Set-up as it sees a machine that has nothing but Python, whose new environment is the one made once, and these wheels for pip. */
function machine(pinned: object) {
  const script = join(folder, "programs", "python3");
  const copies = `if [ "$1 $2" = "-m venv" ]; then exec /bin/cp -a ${made()} "$3"; fi`;
  writeFileSync(script, `#!/bin/sh\n${copies}\nexec ${python} "$@"\n`, { mode: 0o755 });
  const pip = { PIP_NO_INDEX: "1", PIP_FIND_LINKS: join(folder, "wheels"), PIP_CONFIG_FILE: "/dev/null" };
  const env: Record<string, string> = { PATH: join(folder, "programs"), HOME: folder, ...pip };
  const find = (name: "yt-dlp") =>
    findProgram(name, { env: { HOLDFAST_TOOLS: tools }, now: new Date("2099-02-01T00:00:00Z") });
  const filesOf = new Map<string, object>();
  const manager = () => null;
  const isPinnedContent = () => false;
  return { env, tools, find, minimumYtDlp, pinned, filesOf, manager, foundModules, isPinnedContent };
}

/** Makes a wheel and returns its SHA-256. */
function wheel(
  name: string,
  version: string,
  packageName: string,
  answer = "",
  requirements: readonly string[] = [],
): string {
  const maker = join(import.meta.dirname, "../support/wheels.py");
  execFileSync(python, [maker, join(folder, "wheels"), name, version, packageName, answer, ...requirements]);
  const file = join(folder, "wheels", `${name.replaceAll("-", "_")}-${version}-py3-none-any.whl`);
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}

function pins(ytDlp: string, pycryptodomex: string) {
  const file = (name: string, sha256: string) => ({ [name]: { sha256, content_sha256: null } });
  return {
    "yt-dlp": {
      version: "2099.1.1",
      every_file: true,
      files: file("yt_dlp-2099.1.1-py3-none-any.whl", ytDlp),
    },
    pycryptodomex: {
      version: "3.0.0",
      every_file: false,
      files: file("pycryptodomex-3.0.0-py3-none-any.whl", pycryptodomex),
    },
  };
}

/** Whatever could not be had is tried again. */
const always = { isDue: () => true, noteTry: () => undefined };

async function states() {
  const found = await findProgram("yt-dlp", { env: { HOLDFAST_TOOLS: tools }, now: new Date() });
  if (found === null) return null;
  const modules = installedModules(found, { HOLDFAST_TOOLS: tools });
  return modules.map(({ name, version, state, file_sha256 }) => ({ name, version, state, file_sha256 }));
}

describe("the modules that set-up installs with pip", () => {
  it("are those of our list, one by one; the one command for the newest says what changed, and that our list has none of it", async () => {
    const { installYtDlp, noteYtDlp, updateYtDlp } = await import(join(setup, "yt-dlp.js"));
    const { installExtras } = await import(join(setup, "extras.js"));
    const first = wheel("yt-dlp", "2099.1.1", "yt_dlp", "2099.01.01");
    const second = wheel("pycryptodomex", "3.0.0", "Cryptodome");
    const context = machine(pins(first, second));
    await installYtDlp(context, null);
    installExtras(context, always);
    noteYtDlp(context, await context.find("yt-dlp"));
    expect(await states()).toEqual([
      { name: "pycryptodomex", version: "3.0.0", state: "as-pinned", file_sha256: second },
      { name: "yt-dlp", version: "2099.1.1", state: "as-pinned", file_sha256: first },
    ]);
    const newer = wheel("yt-dlp", "2099.2.2", "yt_dlp", "2099.02.02");
    said = [];
    await updateYtDlp(machine(context.pinned));
    expect((await states())?.[1]).toEqual({
      name: "yt-dlp",
      version: "2099.2.2",
      state: "recorded-not-pinned",
      file_sha256: newer,
    });
    expect(said.join("\n")).toMatch(/^yt-dlp: 2099\.1\.1 → 2099\.2\.2, recorded, not pinned$/m);
    expect(said.join("\n")).toMatch(new RegExp(`^ {2}from content [0-9a-f]{64}, file ${first}$`, "m"));
    expect(said.join("\n")).toMatch(new RegExp(`^ {2}to {3}content [0-9a-f]{64}, file ${newer}$`, "m"));
    expect(said.join("\n")).toMatch(/^pycryptodomex: 3\.0\.0, unchanged, as pinned$/m);
    rmSync(join(folder, "wheels"), { recursive: true });
    await expect(updateYtDlp(machine(context.pinned))).rejects.toMatchObject({ status: 4 });
    expect((await states())?.[1]).toMatchObject({ version: "2099.2.2", state: "recorded-not-pinned" });
  });

  it("a file that is not the one of our list is not installed, nor one that the list does not have of that version", async () => {
    const { makeEnvironment } = await import(join(setup, "environment.js"));
    const { installPinned } = await import(join(setup, "modules.js"));
    const first = wheel("yt-dlp", "2099.1.1", "yt_dlp", "2099.01.01");
    wheel("pycryptodomex", "3.0.0", "Cryptodome");
    const wrong = "0".repeat(64);
    const context = machine(pins(wrong, wrong));
    makeEnvironment(context);
    expect(installPinned(context)).toBe(false);
    expect(said.join("\n")).toContain(`yt_dlp-2099.1.1-py3-none-any.whl: its SHA-256 ${first}`);
    const unlisted = pins(wrong, wrong);
    unlisted["yt-dlp"].files = {};
    expect(installPinned(machine(unlisted))).toBe(false);
    expect(await states()).toBeNull();
    // Without the other module yt-dlp works; that it is left out is said.
    const mended = machine(pins(first, wrong));
    expect(installPinned(mended)).toBe(true);
    const { installExtras } = await import(join(setup, "extras.js"));
    installExtras(mended, always);
    expect(said.at(-1)).toContain(
      "continuing without pycryptodomex, what was offered is not in holdfast's list",
    );
    expect((await findProgram("yt-dlp", { env: { HOLDFAST_TOOLS: tools }, now: new Date() }))?.version).toBe(
      "2099.01.01",
    );
  });
});

describe("the extras that yt-dlp names", () => {
  const named = (versions: Readonly<Record<string, string>>) =>
    Object.fromEntries(
      Object.entries(versions).map(([name, version]) => [name, { version, every_file: false, files: {} }]),
    );

  it("are installed as far as they can be had, in a version that yt-dlp allows; what is missing is said once, with what it means", async () => {
    const { makeEnvironment } = await import(join(setup, "environment.js"));
    const { installPinned } = await import(join(setup, "modules.js"));
    const { installExtras } = await import(join(setup, "extras.js"));
    const asked = [
      "curl-cffi!=0.6.*,<0.17,>=0.5.10; (implementation_name == 'cpython') and extra == 'curl-cffi'",
      "mutagen; extra == 'default'",
    ];
    wheel("yt-dlp", "2099.1.1", "yt_dlp", "2099.01.01", asked);
    for (const version of ["0.16.9", "0.17.0"]) wheel("curl-cffi", version, "curl_cffi");
    for (const name of ["certifi", "cffi", "mutagen", "requests"]) wheel(name, "1.0.0", name);
    const context = machine({
      ...named({ "yt-dlp": "2099.1.1", "yt-dlp-ejs": "0.8.0", certifi: "1.0.0", cffi: "1.0.0" }),
      "typing-extensions": { ...named({ x: "4.0.0" }).x, only_if: "python_version < '3'" },
      ...named({ "curl-cffi": "0.16.3", idna: "1.0.0", requests: "1.0.0" }),
    });
    makeEnvironment(context);
    expect(installPinned(context)).toBe(true);
    said = [];
    const tried: string[] = [];
    installExtras(context, { isDue: () => true, noteTry: (name: string) => tried.push(name) });
    expect((await states())?.map(({ name, version }) => `${name} ${version}`)).toEqual([
      "certifi 1.0.0",
      "cffi 1.0.0",
      "curl-cffi 0.16.9",
      "yt-dlp 2099.1.1",
    ]);
    expect(said.slice(1)).toEqual([
      expect.stringMatching(/^continuing without yt-dlp-ejs, it cannot be had here: YouTube offers fewer/),
      expect.stringMatching(/^continuing without idna, it cannot be had here: yt-dlp asks with Python's own/),
    ]);
    expect(tried).toEqual(["yt-dlp-ejs", "requests"]);
    said = [];
    installExtras(context, { isDue: (name: string) => !tried.includes(name), noteTry: () => undefined });
    expect(said).toEqual([]);
  });
});

describe("what set-up writes down", () => {
  it("a folder that cannot be written is said and stops nothing", async () => {
    const { noteYtDlp } = await import(join(setup, "yt-dlp.js"));
    mkdirSync(join(tools, "bin"));
    writeFileSync(join(tools, "bin", "yt-dlp"), "#!/bin/sh\necho 2099.01.01\n", { mode: 0o755 });
    mkdirSync(join(tools, "modules.json"));
    const context = machine({});
    noteYtDlp(context, await context.find("yt-dlp"));
    expect(said).toEqual([expect.stringContaining("the parts of yt-dlp could not be recorded: E")]);
    expect(await states()).toMatchObject([{ name: "yt-dlp", state: "not-recorded" }]);
  });
});

describe("the release of yt-dlp", () => {
  let server: Server;
  let files: Map<string, Buffer>;
  let base: string;
  const gnupg = () => join(folder, "gnupg");

  beforeEach(async () => {
    files = new Map();
    server = createServer((request, response) => {
      const body = files.get(request.url ?? "");
      response.writeHead(body === undefined ? 404 : 200).end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    base = typeof address === "object" && address !== null ? `http://127.0.0.1:${address.port}` : "";
    mkdirSync(gnupg(), { mode: 0o700 });
  });

  afterEach(async () => {
    if (hasGnupg) gpg("gpgconf", "--kill", "all");
    await new Promise((resolve) => server.close(resolve));
  });

  function gpg(program: string, ...args: string[]): Buffer {
    const env = { ...process.env, GNUPGHOME: gnupg() };
    return execFileSync(program, args, { env, stdio: ["ignore", "pipe", "ignore"] });
  }

  /** Makes a key and returns its fingerprint. */
  function newKey(user: string): string {
    const quick = ["--batch", "--passphrase", "", "--quick-generate-key", user, "ed25519", "sign", "never"];
    gpg("gpg", ...quick);
    const list = gpg("gpg", "--batch", "--with-colons", "--fingerprint", user).toString("utf8");
    return /^fpr:+([0-9A-F]{40}):/m.exec(list)?.[1] ?? "";
  }

  /** Serves a release whose checksums `user` signed. */
  function release(user: string): void {
    const program = Buffer.from("#!/bin/sh\necho 2099.01.01\n");
    const sums = Buffer.from(`${createHash("sha256").update(program).digest("hex")}  yt-dlp\n`);
    writeFileSync(join(folder, "sums"), sums);
    files.set("/yt-dlp", program);
    files.set("/SHA2-256SUMS", sums);
    const signing = ["--batch", "--local-user", user, "--output", "-", "--detach-sign", join(folder, "sums")];
    files.set("/SHA2-256SUMS.sig", gpg("gpg", ...signing));
    files.set("/public.key", gpg("gpg", "--batch", "--armor", "--export"));
  }

  async function install(fingerprint: string, withGpgv = true) {
    const { installRelease } = await import(join(setup, "release.js"));
    const context = machine({});
    context.env.PATH = withGpgv ? `${context.env.PATH}:${process.env.PATH}` : join(folder, "programs");
    return installRelease(context, { files: base, key: `${base}/public.key`, fingerprint });
  }

  it.skipIf(!hasGnupg)("is taken only with checksums that the named key signed", async () => {
    const own = newKey("releases@example.org");
    const other = newKey("somebody@example.org");
    release("releases@example.org");
    expect(await install(own)).toBe(true);
    expect(readFileSync(join(tools, "bin", "yt-dlp"), "utf8")).toContain("2099.01.01");
    rmSync(join(tools, "bin"), { recursive: true });
    const refused = async (words: string, fingerprint = own) => {
      expect(await install(fingerprint)).toBe(false);
      expect(said.at(-1)).toContain(words);
      expect(await states()).toBeNull();
    };
    await refused(`not signed by the key ${other}`, other);
    // The other key lies in the same file, and its signature is good.
    release("somebody@example.org");
    await refused(`not signed by the key ${own}`);
    release("releases@example.org");
    files.set("/SHA2-256SUMS", Buffer.concat([files.get("/SHA2-256SUMS")!, Buffer.from("x\n")]));
    await refused(`not signed by the key ${own}`);
    release("releases@example.org");
    files.set("/yt-dlp", Buffer.from("#!/bin/sh\necho exchanged\n"));
    await refused("its checksum does not match");
    release("releases@example.org");
    files.delete("/SHA2-256SUMS.sig");
    await refused("the server answered 404");
  });

  it("is not taken where nothing can check the signature, and that is said", async () => {
    expect(await install("A".repeat(40), false)).toBe(false);
    expect(said.at(-1)).toContain("gpgv, which checks the signature of its checksums, is missing");
  });
});
