import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeCanonical } from "../../src/audit/canonical-json.js";
import { toJson } from "../../src/core/capture/new-entry.js";
import { commitNextVersion } from "../../src/vault/commit.js";
import { digestFile } from "../../src/vault/digest-file.js";
import { readObject } from "../../src/vault/objects.js";
import { beginAttempt, finishInterrupted } from "../../src/vault/recovery.js";
import { closeVault } from "../../src/vault/vault.js";
import { holdfast } from "../support/cli.js";
import { canaries, tellingClip } from "../support/publication-clips.js";
import { publication } from "../support/samples.js";
import {
  audit,
  captureText,
  copyVault,
  objectFolder,
  openTestVault,
  temporaryFolder,
} from "../support/vaults.js";

const folder = temporaryFolder();
const at = (name: string) => join(folder.path, name);
const vault = at("vault");
const program = join(import.meta.dirname, "../../bin/holdfast.js");
const hasSmallDisks =
  spawnSync("/usr/bin/bwrap", ["--dev-bind", "/", "/", "--size", "8192", "--tmpfs", "/tmp", "true"])
    .status === 0;
let id = "";
let exported: Awaited<ReturnType<typeof holdfast>>;
const made: Record<string, unknown>[] = [];

/** Two copies of one capture with a derivation between them and one behind, then a package. */
beforeAll(async () => {
  const imported = await holdfast(["import", tellingClip(folder.path), "--json", "--vault", vault]);
  id = String(imported.lines[0]!.id);
  const step = async (argv: readonly string[]) => {
    const run = await holdfast([...argv, "--json", "--vault", vault]);
    expect(run.status, run.stderr).toBe(0);
    return run;
  };
  made.push((await step(["redact", id, "--fill", "0,0,40x40", "--to", at("one.mp4")])).lines[0]!);
  await step(["derive", id]);
  made.push((await step(["redact", id, "--fill", "0,0,40x40@0-1", "--keep-sound"])).lines[0]!);
  await step(["derive", id]);
  exported = await step(["export", id, "--to", at("package")]);
});
afterAll(() => folder.remove());

const paths = ["publication/v3/copy.mp4", "publication/v5/copy.mp4"];

const publications = async (where: string) =>
  (await holdfast(["show", id, "--json", "--vault", where])).lines[0]!.publications as {
    readonly files: readonly { readonly path: string; readonly sha256: string }[];
  }[];

describe("a vault with copies for publication", () => {
  it("holds each beside the others, and a derivation that is made again takes none of them away", async () => {
    const shown = await publications(vault);
    expect(shown.flatMap(({ files }) => files.map(({ path }) => path))).toEqual(paths);
    expect(shown).toEqual(made.map(({ publication }) => publication));
    const page = await holdfast(["show", id, "--vault", vault]);
    for (const { sha256 } of made) expect(page.stdout).toContain(`SHA-256 ${sha256}`);
    expect((await holdfast(["list", "--json", "--vault", vault])).lines).toMatchObject([
      { id, status: "captured" },
    ]);
  });

  it("is as recorded, to holdfast and to a program that shares no code with it", async () => {
    expect(await audit(vault)).toMatchObject({ ok: true, hashes: "pass", chain: "pass" });
    const script = join(import.meta.dirname, "../second-opinion/verify.py");
    const second = spawnSync("python3", [script, vault], { encoding: "utf8" });
    expect(
      JSON.parse(second.stdout).findings.filter(({ severity }: { severity: string }) => severity === "error"),
    ).toEqual([]);
  });

  it("is not, once a byte of a copy or of what is said of it was changed, or one is gone", async () => {
    const copy = copyVault(vault, at("changed"));
    const object = join(copy, String(made[0]!.file), "../../../../..");
    const [first, second] = paths.map((path, n) => join(object, n === 0 ? "v3" : "v5", "content", path));
    const record = join(first!, "../publication.json");
    chmodSync(first!, 0o644);
    chmodSync(record, 0o644);
    const bytes = readFileSync(first!);
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(first!, bytes);
    writeFileSync(record, readFileSync(record, "utf8").replace('"sound":"removed"', '"sound":"nothing"'));
    rmSync(second!);
    const { findings } = await audit(copy);
    const found = findings
      .filter(({ severity }) => severity === "error")
      .map(({ code, where }) => `${code} ${where.slice(where.indexOf("/v"))}`);
    expect(found.sort()).toEqual([
      "file-changed /v3/content/publication/v3/copy.mp4",
      "file-changed /v3/content/publication/v3/publication.json",
      "file-missing /v5/content/publication/v5/copy.mp4",
      "publication-schema /v3/content/publication/v3/publication.json",
    ]);
  });

  it("comes back whole when its database is lost", async () => {
    const copy = copyVault(vault, at("lost"));
    for (const name of readdirSync(copy).filter((one) => one.startsWith("vault.db")))
      rmSync(join(copy, name));
    expect((await holdfast(["rebuild", "--vault", copy])).status).toBe(0);
    expect(await publications(copy)).toEqual(made.map(({ publication }) => publication));
    expect((await audit(copy)).ok).toBe(true);
    const found = await holdfast(["verify", at("one.mp4"), "--json", "--vault", copy]);
    expect(found.lines[0]!.matches).toMatchObject([{ capture: id, path: paths[0] }]);
  });

  it("gives a report that names each copy by its digest", async () => {
    const { lines } = await holdfast(["report", id, "--json", "--vault", vault]);
    const events = lines[0]!.custody as { readonly event: string; readonly detail: string }[];
    const details = events.filter(({ event }) => event === "redact").map(({ detail }) => detail);
    expect(details).toEqual(made.map(({ sha256 }) => expect.stringContaining(String(sha256))));
    const html = at("report.html");
    expect((await holdfast(["report", id, "--lang", "kk", "--to", html, "--vault", vault])).status).toBe(0);
    expect(readFileSync(html, "utf8")).toContain(String(made[0]!.sha256));
  });
});

describe("a package of such a capture", () => {
  it("has no copy in it, names each in the log, and is in order to all who check it", async () => {
    const inside = readdirSync(at("package"), { recursive: true, encoding: "utf8" });
    expect(inside.filter((path) => path.includes("publication"))).toEqual([]);
    expect(inside).toContain(`data/${id}/derived/contact-sheet.jpg`);
    const entries = readFileSync(at("package/proof/entries.jsonl"), "utf8");
    for (const { sha256 } of made) expect(entries).toContain(String(sha256));
    const run = await holdfast(["verify", at("package"), "--json"]);
    expect(run.lines[0]).toMatchObject({ ok: true, hashes: "pass", chain: "pass" });
    const { stdout } = spawnSync("sh", [at("package/verify.sh"), at("package")], { encoding: "utf8" });
    expect(stdout).toContain("PASS       files");
    expect(stdout).not.toContain("FAIL");
    const second = spawnSync(
      "python3",
      [join(import.meta.dirname, "../second-opinion/verify.py"), at("package")],
      { encoding: "utf8" },
    );
    expect(
      JSON.parse(second.stdout).findings.filter(({ severity }: { severity: string }) => severity === "error"),
    ).toEqual([]);
  });

  it("goes out with a word about the tags in its originals, and they are the originals' alone", async () => {
    const [told] = exported.lines[0]!.revealing_tags as {
      readonly capture: string;
      readonly read: boolean;
      readonly originals: readonly {
        readonly location: readonly string[];
        readonly device: readonly string[];
      }[];
    }[];
    expect(told).toMatchObject({
      capture: id,
      read: true,
      originals: [{ original: "original/track-1.mp4" }],
    });
    expect(told!.originals[0]!.location.join()).toContain("location");
    expect(told!.originals[0]!.device.join()).toMatch(/make.*model/i);
    expect(exported.stderr).toMatch(/tags in original\/track-1\.mp4 reveal where it was filmed .*location/);
    expect(exported.stderr).toMatch(new RegExp(`holdfast redact --vault \\S+ ${id} --no-fill --to FILE.mp4`));
    const page = readFileSync(at(`package/data/index.html`), "utf8");
    expect(page).toMatch(/Tags in the files.*tells a place: .*tells a device or a name: /s);
    const published = readFileSync(at("one.mp4"));
    expect(canaries.filter((text) => published.includes(text))).toEqual([]);
  });

  it("is announced before anything of it is written", async () => {
    const here = at("announced");
    mkdirSync(here);
    const place = join(here, "no", "such folder");
    const refused = await holdfast(["export", id, "--to", place, "--vault", vault]);
    expect(refused.status).toBe(2);
    const written: string[][] = [];
    const { exportPackage } = await import("../../src/handover/export.js");
    const { testWorld } = await import("../support/vaults.js");
    const order = {
      vault,
      ids: [id],
      to: join(here, "package"),
      withAnnex: false,
      withAnnotations: false,
      recipients: [],
      wacz: null,
    };
    const seal = { proxy: null, allowPrivate: false, force: false };
    await exportPackage({ ...order, seal }, testWorld(), (told) => {
      written.push(
        readdirSync(here),
        told.revealing_tags.map(({ capture }) => capture),
      );
    });
    expect(written).toEqual([[], [id]]);
  });
});

describe.skipIf(!hasSmallDisks)("on a disk that is nearly full", () => {
  it("a copy is not made by halves: the cause is named, and the vault is as it was", () => {
    const copy = copyVault(vault, at("small"));
    const disk = at("disk");
    mkdirSync(disk);
    // A disk of 8 MiB with room for the vault and too little beside it.
    const steps = [
      `cp -r ${copy}/. ${disk}/`,
      `head -c $(($(stat -f -c '%a*%S' ${disk}) - 50000)) /dev/zero > ${disk}/staging/filler || true`,
      `${process.execPath} ${program} redact ${id} --no-fill --keep-sound --vault ${disk}; echo "status $?"`,
      `rm -f ${disk}/staging/filler; ls ${disk}/staging; ${process.execPath} ${program} verify --quiet --vault ${disk}; echo "status $?"`,
    ];
    const inside = [
      "--dev-bind",
      "/",
      "/",
      "--size",
      String(8 * 1024 * 1024),
      "--tmpfs",
      disk,
      "sh",
      "-c",
      steps.join("\n"),
    ];
    const { stdout, stderr } = spawnSync("/usr/bin/bwrap", inside, { encoding: "utf8" });
    expect(stdout.match(/status \d+/g), stdout + stderr).toEqual(["status 4", "status 0"]);
    expect(stderr).toContain("the disk is full");
    expect(stdout).not.toContain(id);
  });
});

it("a copy whose commit had begun when everything stopped is finished by the next writer", async () => {
  const root = at("stopped");
  const opened = await openTestVault(root);
  const { record } = captureText(opened, "stopped");
  const { inventory } = readObject(objectFolder(root, opened, record.capture));
  const content = join(beginAttempt(opened, record.capture, "a publication copy"), "content");
  mkdirSync(join(content, "publication/v2"), { recursive: true });
  const put = (name: string, text: string) => {
    writeFileSync(join(content, `publication/v2/${name}`), text);
    return { path: `publication/v2/${name}`, ...digestFile(join(content, `publication/v2/${name}`)) };
  };
  const copy = put("copy.mp4", "a copy");
  const facts = { capture: record.capture, version: "v2" } as const;
  const about = { ...publication, ...facts, files: [{ kind: "publication_copy", ...copy }] };
  const statement = put("publication.json", encodeCanonical(toJson(about)));
  const files = [copy, statement];
  const body = {
    capture: record.capture,
    record_sha256: statement.sha256,
    derived_from: [{ path: "original/track-1.mp4", sha256: record.files[0]!.sha256 }],
    files: files.map(({ path, bytes, sha256 }) => ({ path, bytes, sha256 })),
  };
  const note = { created: opened.now().toISOString(), message: "publication copy", user: opened.tool };
  const staged = {
    capture: record.capture,
    content,
    files,
    replaced: null,
    note,
    event: "redact",
    body,
  } as const;
  const stop = (step: string) => {
    if (step === "journalled") throw new Error("no power");
  };
  expect(() => commitNextVersion(opened, inventory, staged, stop)).toThrow("no power");
  closeVault(opened);
  const next = await openTestVault(root);
  expect(finishInterrupted(next).map(({ body: { what } }) => what)).toEqual(["commit-finished"]);
  closeVault(next);
  expect(await audit(root)).toMatchObject({ ok: true, hashes: "pass" });
});
