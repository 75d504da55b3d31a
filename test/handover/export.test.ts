import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import jsonld from "jsonld";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HoldfastError } from "../../src/core/words/error.js";
import { type ExportRequest, exportPackage } from "../../src/handover/export.js";
import { exportSigners, rotateKey } from "../../src/seal/key.js";
import { newKey } from "../../src/seal/make-key.js";
import { closeVault } from "../../src/vault/vault.js";
import { verifyPackage } from "../../src/verify/package.js";
import type { World } from "../../src/world.js";
import { openAuthority, type TestAuthority } from "../support/authority.js";
import { openCalendar, type TestCalendar } from "../support/calendar.js";
import { holdfast } from "../support/cli.js";
import { goToMachineOf } from "../support/machines.js";
import { strictly } from "../support/ro-crate-loader.js";
import { crateProblems } from "../support/ro-crate-rules.js";
import { makeSealedVault, type Sealed } from "../support/sealed.js";
import {
  audit,
  captureText,
  copyVault,
  openTestVault,
  temporaryFolder,
  testWorld,
} from "../support/vaults.js";

const scratch = temporaryFolder();
const root = join(scratch.path, "vault");
let sealed: Sealed;
let authority: TestAuthority;
let calendar: TestCalendar;
let ids: readonly string[];

beforeAll(async () => {
  authority = await openAuthority({ signer: "p256" });
  calendar = await openCalendar();
  sealed = await makeSealedVault(root, {
    authorities: [{ name: "first", url: authority.url, roots: [authority.rootPem] }],
    calendars: [{ name: "calendar", url: calendar.url }],
  });
  ids = readdirSync(join(root, "private")).sort();
});

afterAll(async () => {
  await authority.close();
  await calendar.close();
  scratch.remove();
});

let count = 0;

/** A copy of the vault and an empty place beside it. */
function freshPlace(): { readonly vault: string; readonly place: string } {
  count += 1;
  const folder = join(scratch.path, `place-${count}`);
  mkdirSync(join(folder, "out"), { recursive: true });
  return { vault: copyVault(root, join(folder, "vault")), place: join(folder, "out") };
}

const seal = { proxy: null, allowPrivate: false, force: false };

/** The vault was sealed by the clock of this machine, and its keys are in force by it. */
function today(): World {
  return { ...testWorld(), now: () => new Date() };
}

function exportTo(vault: string, to: string, asked: Partial<ExportRequest> = {}, world: World = today()) {
  const request = {
    vault,
    ids: [ids[0] ?? ""],
    to,
    withAnnex: false,
    withAnnotations: false,
    recipients: [],
    wacz: null,
    seal,
    ...asked,
  };
  goToMachineOf(vault);
  return exportPackage(request, world);
}

async function refusal(work: Promise<unknown>): Promise<HoldfastError> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(HoldfastError);
  return error as HoldfastError;
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((item) => item.isFile())
    .map((item) => join(item.parentPath, item.name).slice(folder.length + 1))
    .sort();
}

function linesOf(folder: string): Record<string, unknown>[] {
  const text = readFileSync(join(folder, "proof/entries.jsonl"), "utf8");
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
}

describe("a package of one capture", () => {
  it("holds its files and proof, is found to be as recorded, and is an entry of the log", async () => {
    const { vault, place } = freshPlace();
    const result = await exportTo(vault, join(place, "package"));
    const report = await verifyPackage(
      { path: result.to, against: null, signers: null, tsaCa: authority.rootPem, quick: false },
      testWorld(),
    );
    // Nobody outside was asked for the checkpoint that this export made.
    const known = ["proof-unchecked", "anchor-pending"];
    expect(report.findings.filter(({ code }) => !known.includes(code))).toEqual([]);
    const answers = [report.hashes, report.chain, report.signature, report.tokens];
    expect(answers).toEqual(["pass", "pass", "unchecked", "pass"]);
    expect(report.package.captures.map(({ id }) => id)).toEqual([ids[0]]);
    const files = filesIn(result.to);
    expect(result.files).toBe(files.length);
    expect(result.bytes).toBe(files.reduce((sum, path) => sum + statSync(join(result.to, path)).size, 0));
    // The authority's root is none that this machine knows.
    expect(result.existed_by).toEqual([]);
    const page = readFileSync(join(result.to, "data/index.html"), "utf8");
    expect(page).toMatch(/says <[^>]+>Holdfast Test TSA \w+<\/\w+> \(checkpoint \d+\)/);
    expect(report.package.captures[0]?.existed_by).toMatchObject([
      { authority: expect.stringMatching(/^Holdfast Test TSA/) },
    ]);
    const log = execFileSync("sqlite3", [
      join(vault, "vault.db"),
      `SELECT line FROM entry WHERE seq = ${result.entry}`,
    ]);
    expect(JSON.parse(log.toString())).toMatchObject({
      event: "export",
      body: {
        captures: [ids[0]],
        form: "folder",
        annex: false,
        recipients: 0,
        checkpoint: result.checkpoint,
      },
    });
    expect((await audit(vault)).findings.filter(({ severity }) => severity === "error")).toEqual([]);
    expect(readdirSync(place)).toEqual(["package"]);
  });

  it("holds no entry of another capture, and the entries of the tokens that its checkpoints cover", async () => {
    const { vault, place } = freshPlace();
    const { to, checkpoint } = await exportTo(vault, join(place, "package"));
    const lines = linesOf(to);
    const captures = lines.flatMap(({ body }) => (body as { capture?: string }).capture ?? []);
    expect(new Set(captures)).toEqual(new Set([ids[0]]));
    expect(lines.map(({ event }) => event)).toEqual(
      expect.arrayContaining(["vault-created", "capture", "derive", "key-rotated", "token"]),
    );
    expect(lines.map(({ event }) => event)).not.toContain("witness-added");
    expect(
      readdirSync(join(to, "proof"))
        .filter((name) => /^\d+$/.test(name))
        .map(Number),
    ).toEqual([sealed.first, sealed.rotation, checkpoint]);
  });

  it("of several captures names each once, whatever part of its id was given and however often", async () => {
    const { vault, place } = freshPlace();
    const parts = [ids[1] ?? "", (ids[0] ?? "").slice(-4), ids[0] ?? ""];
    const result = await exportTo(vault, join(place, "package"), { ids: parts });
    expect(result.captures).toEqual([ids[0], ids[1]]);
    const info = readFileSync(join(result.to, "bag-info.txt"), "utf8");
    expect(info.match(/^External-Identifier: .*$/gm)).toEqual([
      `External-Identifier: ${ids[0]}`,
      `External-Identifier: ${ids[1]}`,
    ]);
  });

  it("has the same bytes when the same state of the vault is exported at the same time, as a folder and as a tar that holds exactly the folder, and leaves nothing in the vault's staging", async () => {
    const still = { ...testWorld(), now: () => new Date("2026-11-24T10:00:00.000Z") };
    const exportAs = async (name: string) => {
      const { vault, place } = freshPlace();
      return { vault, place, ...(await exportTo(vault, join(place, name), {}, still)) };
    };
    const [first, second] = [await exportAs("package"), await exportAs("another-name")];
    expect(second.tagmanifest_sha256).toBe(first.tagmanifest_sha256);
    const [tar, again] = [await exportAs("name-0.tar"), await exportAs("name-1.tar")];
    expect(readFileSync(tar.to).equals(readFileSync(again.to))).toBe(true);

    execFileSync("tar", ["-xmf", tar.to, "-C", tar.place]);
    const [name = ""] = readdirSync(tar.place).filter((item) => item !== "name-0.tar");
    expect(name).toBe(`holdfast-${ids[0]}`);
    expect(filesIn(join(tar.place, name))).toEqual(filesIn(first.to));
    execFileSync("diff", ["-r", join(tar.place, name), first.to]);
    expect(filesIn(join(tar.vault, "staging")).filter((path) => !path.startsWith("writer.lock"))).toEqual([]);
    expect(statSync(join(tar.place, name, "verify.sh")).mode & 0o111).not.toBe(0);
  });
});

describe("whoever has no holdfast", () => {
  it("checks each token with openssl alone, with the chain beside it and the root from elsewhere", async () => {
    const { vault, place } = freshPlace();
    const { to } = await exportTo(vault, join(place, "package"));
    const tokens = filesIn(join(to, "proof")).filter((path) => path.endsWith("/first.tsr"));
    expect(tokens.length).toBeGreaterThan(1);
    for (const path of tokens) {
      const token = join(to, "proof", path);
      const [signed, chain] = ["signed", "first.chain.pem"].map((name) => join(token, "..", name));
      const said = execFileSync("openssl", ["ts", "-reply", "-in", token, "-text"], { encoding: "utf8" });
      const time = Date.parse(/^Time stamp: (.+)$/m.exec(said)?.[1] ?? "") / 1000;
      const verify = (data: string, ...more: readonly string[]) => {
        const given = ["-data", data, "-in", token, "-CAfile", authority.rootFile, "-attime", `${time}`];
        return spawnSync("openssl", ["ts", "-verify", ...given, ...more], { encoding: "utf8" });
      };
      const { status, stdout, stderr } = verify(signed!, "-untrusted", chain!);
      expect([status, stdout + stderr]).toEqual([0, expect.stringContaining("Verification: OK")]);
      expect(verify(chain!, "-untrusted", chain!).status).not.toBe(0);
    }
  });

  it("reads the metadata as JSON-LD without a term lost, and finds every file of the data named once", async () => {
    const { vault, place } = freshPlace();
    const { to } = await exportTo(vault, join(place, "package"), { ids, withAnnex: true });
    const text = readFileSync(join(to, "data/ro-crate-metadata.json"), "utf8");
    expect(crateProblems(text)).toEqual([]);
    const document = JSON.parse(text);
    const expanded = await jsonld.expand(document, strictly);
    expect(expanded).toHaveLength(document["@graph"].length);
    const names = expanded.map((item) => String(item["@id"]).slice(strictly.base.length));
    const files = filesIn(join(to, "data"));
    expect(files.length).toBeGreaterThan(10);
    expect(names.filter((name) => files.includes(name)).sort()).toEqual(files);
    const isFile = document["@graph"].filter((item: { "@type": string }) => item["@type"] === "File");
    expect(isFile).toHaveLength(files.length - 1);
  });

  /** Runs the package's own script in a read-only copy, in an environment with nothing but a path. */
  const script = (folder: string, ...argv: readonly string[]) => {
    const copy = `${folder}-copy`;
    execFileSync("cp", ["-r", folder, copy]);
    execFileSync("chmod", ["-R", "a-w", copy]);
    const ran = spawnSync("env", ["-i", `PATH=${process.env.PATH}`, "LC_ALL=C", "sh", "verify.sh", ...argv], {
      cwd: copy,
      encoding: "utf8",
    });
    execFileSync("chmod", ["-R", "u+w", copy]);
    execFileSync("rm", ["-r", copy]);
    return ran;
  };

  it("finds the package as recorded with verify.sh, the key, the root and an older checkpoint from elsewhere", async () => {
    const { vault, place } = freshPlace();
    const { to } = await exportTo(vault, join(place, "package"), { withAnnex: true });
    const [signers, root_, held] = ["signers", "root.pem", "held"].map((name) => join(place, name));
    writeFileSync(signers!, exportSigners(vault, null, testWorld()).allowed_signers);
    writeFileSync(root_!, authority.rootPem);
    writeFileSync(
      held!,
      readFileSync(join(vault, `log/${String(sealed.newest).padStart(6, "0")}.checkpoint`)),
    );
    const { status, stdout, stderr } = script(
      to,
      "--signers",
      signers!,
      "--tsa-ca",
      root_!,
      "--against",
      held!,
    );
    const said = stdout.match(/^[A-Z]{4,}/gm) ?? [];
    expect({ stderr, failed: said.filter((word) => word === "FAIL") }).toEqual({ stderr: "", failed: [] });
    expect(said.filter((word) => word === "PASS").length).toBeGreaterThan(10);
    expect(status).toBe(0);
  });

  it("is told by verify.sh what was not checked where they bring nothing along", async () => {
    const { vault, place } = freshPlace();
    const { to } = await exportTo(vault, join(place, "package"));
    const { status, stdout } = script(to);
    expect([status, /^FAIL/m.test(stdout), /^UNCHECKED +signature/m.test(stdout)]).toEqual([3, false, true]);
  });
});

describe("a place or a key that cannot be used", () => {
  it.each([
    ["a place that is taken", (place: string) => ({ to: place }), /with this name already exists/],
    [
      "a folder that is not there",
      (place: string) => ({ to: join(place, "no", "package") }),
      /does not exist/,
    ],
    ["a zip", (place: string) => ({ to: join(place, "package.zip") }), /does not make \.zip/],
    ["nobody to encrypt for", (place: string) => ({ to: join(place, "p.tar.age") }), /no recipient/],
    [
      "a mistyped key",
      (place: string) => ({ to: join(place, "p.tar.age"), recipients: ["age1qqq"] }),
      /public key/,
    ],
    [
      "no such capture",
      (place: string) => ({ to: join(place, "p"), ids: ["ZZZZZZZZ"] }),
      /no capture id contains/,
    ],
  ])("is refused before anything is written: %s", async (_, asked, message) => {
    const { vault, place } = freshPlace();
    const before = filesIn(vault).join();
    const error = await refusal(exportTo(vault, "", asked(place)));
    expect([error.code === "usage" || error.code === "not-found", error.message]).toEqual([
      true,
      expect.stringMatching(message),
    ]);
    expect(readdirSync(place)).toEqual([]);
    expect(filesIn(vault).join()).toBe(before);
  });

  it("is refused inside the vault itself", async () => {
    const { vault } = freshPlace();
    const error = await refusal(exportTo(vault, join(vault, "objects", "package")));
    expect(error.message).toMatch(/inside the vault/);
  });

  it("says how to remove what a killed export left at that place", async () => {
    const { vault, place } = freshPlace();
    mkdirSync(join(place, ".it's.unfinished"));
    const { message, hint } = await refusal(exportTo(vault, join(place, "it's")));
    expect(message).toMatch(/killed/);
    execFileSync("sh", ["-c", hint.replace(/^.*: rm/, "rm")]);
    expect(readdirSync(place)).toEqual([]);
  });
});

describe("a vault that is not as recorded makes no package", () => {
  const damaged = async (
    path: RegExp,
    change: (bytes: Buffer) => Buffer,
    asked: Partial<ExportRequest> = {},
  ) => {
    const { vault, place } = freshPlace();
    const found = filesIn(vault).find((file) => path.test(file)) ?? "";
    const file = join(vault, found);
    execFileSync("chmod", ["u+w", file]);
    writeFileSync(file, change(readFileSync(file)));
    const error = await refusal(exportTo(vault, join(place, "package"), asked));
    expect(readdirSync(place)).toEqual([]);
    expect(filesIn(join(vault, "staging")).filter((item) => !item.startsWith("writer.lock"))).toEqual([]);
    return error;
  };
  const flip = (bytes: Buffer) => {
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    return bytes;
  };

  it("a file of the evidence with one byte changed is named", async () => {
    const error = await damaged(new RegExp(`${ids[0]}/v1/content/original/track-1`), flip);
    expect(error).toMatchObject({
      code: "not-as-recorded",
      message: expect.stringMatching(/track-1\.mp4.*file-changed/),
    });
  });

  it("a derivative that was cut short is named", async () => {
    const error = await damaged(new RegExp(`${ids[0]}/v2/content/derived/hashes`), (bytes) =>
      bytes.subarray(1),
    );
    expect(error).toMatchObject({
      code: "not-as-recorded",
      message: expect.stringMatching(/hashes\.json.*file-changed/),
    });
  });

  it("a token that was changed is named", async () => {
    const error = await damaged(/log\/0+\d+\.first\.tsr$/, flip);
    expect(error).toMatchObject({ code: "not-as-recorded", message: expect.stringMatching(/token-/) });
  });

  it("an annex that is not the logged one is named, when it is asked for", async () => {
    const error = await damaged(new RegExp(`private/${ids[0]}/annex.json`), flip, { withAnnex: true });
    expect(error.code).toBe("not-as-recorded");
  });
});

describe("the key", () => {
  /** A world on a machine that has no key of this vault. */
  const withoutKey = (folder: string): World => {
    const config = join(folder, "empty-config");
    mkdirSync(config);
    return {
      ...testWorld(),
      env: { PATH: process.env.PATH, XDG_CONFIG_HOME: config, HOLDFAST_OFFLINE: "1" },
    };
  };
  const unsealed = async (vault: string) => {
    // Other random bytes than those that made the first captures.
    const opened = await openTestVault(vault, { ...testWorld(), random: (bytes) => Buffer.alloc(bytes, 77) });
    const { record } = captureText(opened, "newer than every checkpoint");
    closeVault(opened);
    return record.capture;
  };

  it("is needed for every package, since each has a signed list of its entries", async () => {
    const { vault, place } = freshPlace();
    const error = await refusal(exportTo(vault, join(place, "package"), {}, withoutKey(join(place, ".."))));
    expect(error.code).toBe("key-missing");
    expect(readdirSync(place)).toEqual([]);
  });

  it("signs the log first where no checkpoint covers the capture yet", async () => {
    const { vault, place } = freshPlace();
    const id = await unsealed(vault);
    const result = await exportTo(vault, join(place, "package"), { ids: [id] });
    expect(result.checkpoint).toBeGreaterThan(sealed.newest);
    expect(
      existsSync(join(place, "package", "proof", String(result.checkpoint).padStart(6, "0"), "signed")),
    ).toBe(true);
  });

  it("that is not here leaves an uncovered capture without a package, and the vault without an export", async () => {
    const { vault, place } = freshPlace();
    const id = await unsealed(vault);
    const error = await refusal(
      exportTo(vault, join(place, "package"), { ids: [id] }, withoutKey(join(place, ".."))),
    );
    expect(error.code).toBe("key-missing");
    expect(readdirSync(place)).toEqual([]);
    const exports = 'SELECT count(*) FROM entry WHERE line LIKE \'%"event":"export"%\'';
    expect(execFileSync("sqlite3", [join(vault, "vault.db"), exports], { encoding: "utf8" })).toBe("0\n");
  });

  it("that was lost and replaced keeps nobody from exporting, and the package says that nobody endorsed the new one", async () => {
    const { vault, place } = freshPlace();
    const { entry } = await rotateKey({ vault, choice: newKey, reason: "lost", seal }, testWorld());
    const { to } = await exportTo(vault, join(place, "package"), { ids: [await unsealed(vault)] });
    const report = await verifyPackage(
      { path: to, against: null, signers: null, tsaCa: null, quick: false },
      testWorld(),
    );
    expect(report.findings).toContainEqual(
      expect.objectContaining({ code: "key-not-endorsed", where: `entry:${entry}`, severity: "error" }),
    );
  });
});

describe("an export that comes to nothing", () => {
  it("of a failed attempt is refused, since nothing of it was kept", async () => {
    const { vault, place } = freshPlace();
    await holdfast(["import", join(place, "missing.mp4"), "--vault", vault]);
    const [row] = (await holdfast(["list", "--status", "failed", "--vault", vault, "--json"])).lines;
    const error = await refusal(exportTo(vault, join(place, "package"), { ids: [String(row?.id)] }));
    expect([error.code, error.message]).toEqual(["usage", expect.stringMatching(/attempt failed/)]);
  });

  it("after somebody pressed Ctrl-C leaves nothing", async () => {
    const { vault, place } = freshPlace();
    const stop = new AbortController();
    const world = { ...testWorld(stop.signal), progress: () => stop.abort(new Error("stopped")) };
    await expect(exportTo(vault, join(place, "package.tar"), {}, world)).rejects.toThrow("stopped");
    expect(readdirSync(place)).toEqual([]);
    expect(filesIn(join(vault, "staging")).filter((item) => !item.startsWith("writer.lock"))).toEqual([]);
  });
});
