import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeBagInfo, encodeManifest } from "../../src/core/package/bag.js";
import { chooseCheckpoints, encodeInclusionProof, packageName } from "../../src/core/package/choice.js";
import { exportPackage } from "../../src/handover/export.js";
import { closeAfterWriting } from "../../src/seal/checkpoint.js";
import { captureText, deriveText, openTestVault, temporaryFolder, testWorld } from "../support/vaults.js";

const scratch = temporaryFolder();
const folder = join(scratch.path, "package");
const seal = { proxy: null, allowPrivate: false, force: false };

beforeAll(async () => {
  const vault = join(scratch.path, "vault");
  const opened = await openTestVault(vault);
  const first = captureText(opened, "first");
  deriveText(opened, first.record, "one");
  const second = captureText(opened, "second, longer");
  await closeAfterWriting(opened, testWorld(), seal);
  const ids = [second.record.capture, first.record.capture];
  const request = {
    vault,
    ids,
    to: folder,
    withAnnex: false,
    withAnnotations: false,
    recipients: [],
    wacz: null,
    seal,
  };
  await exportPackage(request, testWorld());
});
afterAll(() => scratch.remove());

function read(path: string): string {
  return readFileSync(join(folder, path), "latin1");
}

function pathsIn(manifest: string): string[] {
  return read(manifest)
    .trimEnd()
    .split("\n")
    .map((line) => line.replace(/^[0-9a-f]+ {2}/, ""));
}

const files = () =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((item) => item.isFile())
    .map((item) => join(item.parentPath, item.name).slice(folder.length + 1))
    .sort();

describe("the bag of an export, by the tools that everybody has", () => {
  it.each([
    ["sha256sum", "manifest-sha256.txt"],
    ["sha512sum", "manifest-sha512.txt"],
    ["sha256sum", "tagmanifest-sha256.txt"],
    ["sha512sum", "tagmanifest-sha512.txt"],
  ])("%s --strict -c finds every file of %s as listed", (program, manifest) => {
    const said = execFileSync(program, ["--strict", "-c", manifest], { cwd: folder, encoding: "utf8" });
    expect(said.trimEnd().split("\n")).toEqual(pathsIn(manifest).map((path) => `${path}: OK`));
  });

  it("every file is listed once in each digest, in ascending order, and tag manifests list all but themselves", () => {
    const payload = files().filter((path) => path.startsWith("data/"));
    const tags = files().filter((path) => !path.startsWith("data/") && !path.startsWith("tagmanifest-"));
    for (const digest of ["sha256", "sha512"]) {
      expect(pathsIn(`manifest-${digest}.txt`)).toEqual(payload);
      expect(pathsIn(`tagmanifest-${digest}.txt`)).toEqual(tags);
    }
    expect(payload.length).toBeGreaterThan(6);
  });

  it("Payload-Oxum is the bytes and number of the files under data/, as du and find count them", () => {
    const sizes = execFileSync("find", ["data", "-type", "f", "-printf", "%s\n"], {
      cwd: folder,
      encoding: "utf8",
    })
      .trimEnd()
      .split("\n")
      .map(Number);
    const bytes = sizes.reduce((sum, size) => sum + size, 0);
    expect(read("bag-info.txt")).toContain(`Payload-Oxum: ${bytes}.${sizes.length}\n`);
  });

  it("bagit.txt is that of BagIt 1.0, and every line of every text ends with a line feed alone", () => {
    expect(read("bagit.txt")).toBe("BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n");
    const texts = files().filter(
      (path) => !path.startsWith("data/") && /\.(txt|proof|jsonl|md|sh)$/.test(path),
    );
    expect(texts.length).toBeGreaterThan(8);
    expect(texts.filter((path) => read(path).includes("\r") || !read(path).endsWith("\n"))).toEqual([]);
  });

  it("only this account may enter it, and only verify.sh may be run", () => {
    expect(statSync(folder).mode & 0o077).toBe(0);
    expect(files().filter((path) => (statSync(join(folder, path)).mode & 0o111) !== 0)).toEqual([
      "verify.sh",
    ]);
  });

  it("sha256sum still finds every file after the folder was copied somewhere else and made read-only", () => {
    const copy = join(scratch.path, "elsewhere");
    mkdirSync(copy);
    execFileSync("cp", ["-r", folder, join(copy, "with a space")]);
    execFileSync("chmod", ["-R", "a-w", join(copy, "with a space")]);
    execFileSync(
      "sha256sum",
      ["--strict", "--quiet", "-c", "tagmanifest-sha256.txt", "manifest-sha256.txt"],
      {
        cwd: join(copy, "with a space"),
      },
    );
    execFileSync("chmod", ["-R", "u+w", copy]);
  });
});

describe("the texts of a bag", () => {
  const file = (path: string) => ({ path, bytes: 3, sha256: "a".repeat(64), sha512: "b".repeat(128) });

  it("manifests are in the order of bytes, not of a language", () => {
    const names = ["data/b", "data/A", "data/_", "data/a-1", "data/a.1", "data/a/1"];
    const lines = encodeManifest(names.map(file), "sha256").split("\n");
    expect(lines.map((line) => line.slice(66))).toEqual([
      "data/A",
      "data/_",
      "data/a-1",
      "data/a.1",
      "data/a/1",
      "data/b",
      "",
    ]);
  });

  it("bag-info.txt says version, origin, profile and each capture in ascending order", () => {
    const info = encodeBagInfo({
      date: "2026-11-23",
      captures: ["20261124-AAAAAAAA", "20261123-BBBBBBBB"],
      origin: `holdfast/${"0".repeat(32)}`,
      profile: "redacted",
      payload: [file("data/a"), file("data/b")],
    });
    expect(info).toBe(
      [
        "Bagging-Date: 2026-11-23",
        "Payload-Oxum: 6.2",
        "External-Identifier: 20261123-BBBBBBBB",
        "External-Identifier: 20261124-AAAAAAAA",
        "Holdfast-Package: 1",
        `Holdfast-Origin: holdfast/${"0".repeat(32)}`,
        "Holdfast-Profile: redacted",
        "",
      ].join("\n"),
    );
  });

  it("an inclusion proof is four kinds of lines and nothing else", () => {
    expect(encodeInclusionProof(7, 42, [Buffer.alloc(32, 1)])).toBe(
      `holdfast-inclusion 1\n7\n42\n${"01".repeat(32)}\n`,
    );
    expect(encodeInclusionProof(1, 1, [])).toBe("holdfast-inclusion 1\n1\n1\n");
  });

  it("a package goes by the capture's id, and by how many others there are", () => {
    expect(packageName(["20261123-BBBBBBBB"])).toBe("holdfast-20261123-BBBBBBBB");
    expect(packageName(["20261124-A", "20261123-B", "20261125-C"])).toBe("holdfast-20261123-B-and-2-more");
  });
});

describe("which checkpoints go into a package", () => {
  const stamped = (size: number) => ({ size, tokens: ["granted" as const] });
  const bare = (size: number) => ({ size, tokens: [] });

  it("the oldest with a token that covers the capture, and the newest", () => {
    expect(chooseCheckpoints([stamped(3), bare(6), stamped(9), bare(12)], [5], [])).toEqual([9, 12]);
  });

  it("the oldest that covers it where none has a token", () => {
    expect(chooseCheckpoints([stamped(3), bare(6), bare(9), bare(12)], [5], [])).toEqual([6, 12]);
  });

  it("the one that endorses a rotation, where there is one", () => {
    expect(chooseCheckpoints([stamped(3), bare(6), stamped(9)], [2], [6, 8])).toEqual([3, 6, 9]);
  });

  it("beside a promise of a calendar, the oldest that shows a time", () => {
    const promised = { size: 6, tokens: ["pending" as const] };
    expect(chooseCheckpoints([promised, stamped(9), bare(12)], [5], [])).toEqual([6, 9, 12]);
  });

  it("one that serves several captures, once", () => {
    expect(chooseCheckpoints([stamped(9)], [2, 5], [])).toEqual([9]);
  });
});
