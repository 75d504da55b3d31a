import { spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CaptureRecord } from "../../src/core/capture/record.js";
import { closeAfterWriting } from "../../src/seal/checkpoint.js";
import type { CommitStep } from "../../src/vault/commit.js";
import { finishInterrupted } from "../../src/vault/recovery.js";
import { closeVault } from "../../src/vault/vault.js";
import { holdfast } from "../support/cli.js";
import { hasPython, python } from "../support/second-opinion.js";
import {
  audit,
  captureText,
  copyVault,
  deriveText,
  errorCodes,
  openTestVault,
  pageText,
  temporaryFolder,
  testWorld,
} from "../support/vaults.js";

const folder = temporaryFolder();
const original = join(folder.path, "vault");
let record: CaptureRecord;
let copies = 0;
let before = "";

beforeAll(async () => {
  const world = testWorld();
  const vault = await openTestVault(original, world);
  record = captureText(vault, "a clip").record;
  deriveText(vault, record, "one");
  pageText(vault, record, "as seen on Monday");
  deriveText(vault, record, "two");
  pageText(vault, record, "as seen on Tuesday");
  await closeAfterWriting(vault, world, { proxy: null, allowPrivate: false, force: false });
  before = join(folder.path, "without-pages");
  const other = await openTestVault(before);
  captureText(other, "a clip");
  closeVault(other);
});
afterAll(() => folder.remove());

function copy(of = original): string {
  copies += 1;
  return copyVault(of, join(folder.path, `copy-${copies}`));
}

const object = (root: string) => {
  const [prefix = ""] = readdirSync(join(root, "objects")).filter((name) => /^[0-9a-f]{2}$/.test(name));
  return join(root, "objects", prefix, record.capture);
};

function change(path: string): void {
  chmodSync(path, 0o644);
  writeFileSync(path, `${readFileSync(path, "latin1")} `, "latin1");
}

describe("a page as a version of its capture", () => {
  it("leaves the clip, its derivations and every other page as they are", async () => {
    expect(await errorCodes(original)).toEqual([]);
    const { versions } = JSON.parse(readFileSync(join(object(original), "inventory.json"), "utf8"));
    const paths = Object.values<readonly string[]>(versions.v5.state).flat().sort();
    expect(paths).toEqual([
      ...["derived/derivation.json", "derived/hashes.json", "original/track-1.mp4", "original/track-2.m4a"],
      ...["page/v3/page.json", "page/v3/view.png", "page/v5/page.json", "page/v5/view.png", "record.json"],
    ]);
    const report = await audit(original);
    expect(report.checked.annexes).toBe(3);
  });

  it.each([
    ["its picture", () => "v3/content/page/v3/view.png", "file-changed"],
    ["its record", () => "v5/content/page/v5/page.json", "file-changed"],
  ])("a change of %s is found", async (_, path, code) => {
    const root = copy();
    change(join(object(root), path()));
    expect(await errorCodes(root)).toContain(code);
  });

  it.each([
    ["annex.json", "annex-changed"],
    ["info.json", "annex-file-changed"],
  ])("a change of %s in its own annex is found, and belongs to that page alone", async (name, code) => {
    const root = copy();
    change(join(root, "private", record.capture, "v3", name));
    const errors = (await audit(root)).findings.filter(({ severity }) => severity === "error");
    expect(errors.map((one) => [one.code, one.where])).toEqual([
      [code, `private/${record.capture}/v3/${name}`],
    ]);
  });

  it("a file beside the annex of a page that the annex does not name is found", async () => {
    const root = copy();
    writeFileSync(join(root, "private", record.capture, "v5", "more.txt"), "more");
    expect(await errorCodes(root)).toEqual(["annex-file-extra"]);
  });

  it("a folder in the annex that belongs to no page is found", async () => {
    const root = copy();
    cpSync(join(root, "private", record.capture, "v5"), join(root, "private", record.capture, "v6"), {
      recursive: true,
    });
    expect(await errorCodes(root)).toEqual(["annex-file-extra", "annex-file-extra"]);
  });

  it("a vault that is handed on without its annexes is as recorded", async () => {
    const root = copy();
    rmSync(join(root, "private", record.capture, "v3"), { recursive: true });
    expect(await errorCodes(root)).toEqual([]);
    rmSync(join(root, "private", record.capture, "annex.json"));
    rmSync(join(root, "private", record.capture, "info.json"));
    expect(await errorCodes(root)).toEqual([]);
  });

  const steps: readonly [CommitStep, string, boolean][] = [
    ["staged", "staging-removed", false],
    ["journalled", "commit-finished", true],
    ["annex-moved", "commit-finished", true],
    ["version-moved", "commit-finished", true],
    ["inventory-replaced", "commit-finished", true],
  ];
  it.each(steps)(
    "whose commit ends after %s leaves a vault without an error before and after the next writer",
    async (step, what, kept) => {
      const root = copy(before);
      const vault = await openTestVault(root);
      const own = { ...record, capture: captureIn(root) };
      const stop = () =>
        pageText(vault, own, "as seen", (at) => {
          if (at === step) throw new Error("the process ends here");
        });
      expect(stop).toThrow("the process ends here");
      closeVault(vault);
      expect(await errorCodes(root)).toEqual([]);
      const next = await openTestVault(root);
      const done = finishInterrupted(next).map(({ body }) => String(body.what));
      closeVault(next);
      expect(done).toEqual([what]);
      expect(await errorCodes(root)).toEqual([]);
      expect(existsSync(join(root, "private", own.capture, "v2", "annex.json"))).toBe(kept);
    },
  );

  it("whose staged files were changed after a kill is given up, with its annex", async () => {
    const root = copy(before);
    const vault = await openTestVault(root);
    const own = { ...record, capture: captureIn(root) };
    const stop = () =>
      pageText(vault, own, "as seen", (at) => {
        if (at === "annex-moved") throw new Error("the process ends here");
      });
    expect(stop).toThrow("the process ends here");
    closeVault(vault);
    change(join(root, "staging", own.capture, "commit/version/content/page/v2/view.png"));
    const next = await openTestVault(root);
    const done = finishInterrupted(next).map(({ body }) => String(body.what));
    closeVault(next);
    expect(done[0]).toBe("commit-abandoned");
    expect(existsSync(join(root, "private", own.capture, "v2"))).toBe(false);
    expect(existsSync(join(root, "private", own.capture, "annex.json"))).toBe(true);
    expect(await errorCodes(root)).toEqual([]);
  });
});

describe("a package of a capture with pages", () => {
  it.each([
    ["without annexes", [], 0],
    ["with annexes, on request", ["--with-annex", "--yes"], 3],
  ])("%s holds every page, and three verifiers find it as recorded", async (name, options, annexes) => {
    const root = copy();
    const to = join(folder.path, `package ${name}`);
    const made = await holdfast(["export", record.capture, "--to", to, ...options, "--vault", root]);
    expect(made.status, made.stderr).toBe(0);
    const files = readdirSync(to, { recursive: true, encoding: "utf8" }).filter((path) =>
      statSync(join(to, path)).isFile(),
    );
    const inside = files.map((path) => path.replace(`data/${record.capture}/`, ""));
    expect(inside).toEqual(
      expect.arrayContaining([
        "page/v3/view.png",
        "page/v3/page.json",
        "page/v5/view.png",
        "page/v5/page.json",
      ]),
    );
    expect(inside.filter((path) => path.endsWith("annex.json"))).toHaveLength(annexes);
    const checked = await holdfast(["verify", to, "--json"]);
    const report = checked.lines[0] as { readonly hashes: string; readonly chain: string };
    expect([report.hashes, report.chain], checked.stdout).toEqual(["pass", "pass"]);
    const script = spawnSync("bash", [join(to, "verify.sh")], { cwd: to, encoding: "utf8" });
    expect(script.stdout).toMatch(/^PASS +files/m);
    expect(script.stdout).not.toMatch(/^FAIL/m);
    if (hasPython) {
      const second = python("verify.py", [to]);
      expect(second.stdout, second.stderr).not.toContain('"error"');
    }
    chmodSync(join(to, `data/${record.capture}/page/v3/view.png`), 0o644);
    change(join(to, `data/${record.capture}/page/v3/view.png`));
    expect((await holdfast(["verify", to])).status).toBe(1);
    const again = spawnSync("bash", [join(to, "verify.sh")], { cwd: to, encoding: "utf8" });
    expect(again.stdout).toMatch(/^FAIL +files/m);
  });
});

function captureIn(root: string): CaptureRecord["capture"] {
  const [name = ""] = readdirSync(join(root, "private"));
  return name as CaptureRecord["capture"];
}
