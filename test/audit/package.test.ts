import { describe, expect, it } from "vitest";
import { auditBag, isKnownPackage, parseBagInfo } from "../../src/audit/bag.js";
import { genesisPrev } from "../../src/audit/entry.js";
import { auditInclusion, parseInclusionProof } from "../../src/audit/inclusion.js";
import { expectedFiles } from "../../src/audit/package.js";
import { EntryReading } from "../../src/audit/package-entries.js";
import { clashingPaths, packagePathProblem, proofFileOf } from "../../src/audit/package-paths.js";
import { parseLongName, parsePaxHeader, parseTarHeader } from "../../src/audit/tar.js";
import { buildEntry, encodeEntry } from "../../src/core/capture/new-entry.js";
import { leafHash } from "../../src/core/package/merkle-proofs.js";
import { captureA, makePackage, tarMember } from "../support/packages.js";

const clean = makePackage();

function readingOf(seqs: readonly number[]) {
  const reading = new EntryReading(() => []);
  for (const seq of seqs) reading.take(Buffer.from(`${clean.log.lines[seq - 1]}\n`));
  return reading.end(true);
}

describe("the version marker of a package", () => {
  const known = (text: string) => isKnownPackage(Buffer.from(text));

  it("is read only where it stands once and says 1", () => {
    expect(known("Holdfast-Package: 1\n")).toBe(true);
    expect(known("A: b\r\nHoldfast-Package: 1\r\n")).toBe(true);
    for (const text of [
      "",
      "Holdfast-Package: 2\n",
      "Holdfast-Package: 01\n",
      "Holdfast-Package:\n 1\n",
      "X-Holdfast-Package: 1\n",
      "Holdfast-Package: 1\nHoldfast-Package: 1\n",
    ]) {
      expect([text, known(text)]).toEqual([text, false]);
    }
    expect(isKnownPackage(null)).toBe(false);
  });
});

describe("bag-info.txt", () => {
  it("states its captures in ascending order, each once", () => {
    const info = parseBagInfo(Buffer.from("External-Identifier: b\nExternal-Identifier: b\n"));
    expect(info.captures).toEqual(["b", "b"]);
    expect(info.problems.join(" ")).toContain("ascending");
  });

  it("has one line for each value: readers of RFC 8493 do not agree what a line that goes on means", () => {
    const text = clean.files.get("bag-info.txt")?.toString() ?? "";
    const info = parseBagInfo(Buffer.from(`${text}Note: begun\n  and ended\n`));
    expect(info.problems).toEqual(["it has a line that is not a label and a value"]);
  });

  it("that is not there has every field missing", () => {
    expect(parseBagInfo(Buffer.alloc(0))).toMatchObject({
      captures: [],
      origin: null,
      profile: null,
      oxum: null,
    });
  });
});

describe("a bag", () => {
  it("without any file misses all its manifests and has no other finding", () => {
    const info = { captures: [], origin: null, profile: null, oxum: "0.0", problems: [] };
    const findings = auditBag({ files: new Map(), texts: new Map() }, info);
    expect(new Set(findings.map(({ code }) => code))).toEqual(new Set(["manifest-missing"]));
    expect(findings).toHaveLength(4);
  });
});

describe("entries of a package", () => {
  it("are read with the keys, tokens and captures that they state", () => {
    const read = readingOf([1, 2, 4, 6, 7]);
    expect(read.findings).toEqual([]);
    expect(read.entries.map(({ seq }) => seq)).toEqual([1, 2, 4, 6, 7]);
    expect(read.facts.keys).toHaveLength(1);
    expect(read.facts.origin).toBe(`holdfast/${clean.log.vaultId}`);
    expect([...read.captureOf.values()]).toContain(captureA);
  });

  it("that belong to no capture are foreign, but for the keys and time-stamps", () => {
    expect(readingOf([1, 2, 5]).foreign).toEqual([5]);
  });

  it.each([
    ["a folder that is not its capture's", { object: "objects/00/20261123-4T9KX2MB", version: "v1" }],
    ["a version that is a path", { object: "objects/06/20261123-4T9KX2MB", version: "v1/.." }],
    ["a folder and no version", { object: "objects/06/20261123-4T9KX2MB" }],
  ])("that name %s are found", (_, place) => {
    const reading = new EntryReading(() => []);
    const body = { capture: "20261123-4T9KX2MB", ...place };
    const at = "2026-11-23T18:00:00.000Z";
    const entry = buildEntry({
      seq: 1,
      prev: genesisPrev,
      at,
      event: "capture",
      actor: "a",
      tool: "t",
      body,
    });
    reading.take(Buffer.from(`${encodeEntry(entry)}\n`));
    expect(reading.end(true).findings.map(({ code }) => code)).toContain("log-object");
  });

  it("that stand twice count once, and are named", () => {
    const read = readingOf([1, 2, 2]);
    expect(read.entries).toHaveLength(2);
    expect(read.findings).toMatchObject([{ code: "log-wrong-seq", where: "entry:3" }]);
  });

  it("of the newest derivation replace those of the one before it", () => {
    const files = expectedFiles(readingOf([1, 2, 4, 7]).captures.values());
    expect(files.get(`data/${captureA}/derived/ffprobe.json`)).toMatchObject([{ entry: 7 }]);
    expect(files.get(`data/${captureA}/original/track-1.mp4`)).toMatchObject([{ entry: 2 }]);
  });
});

describe("inclusion", () => {
  const entries = readingOf([1, 2]).entries;
  const checkpoint = (change: (bytes: string) => string = (bytes) => bytes) => ({
    size: 7,
    body: clean.files.get("proof/000007/checkpoint") ?? null,
    proofs: new Map(
      [1, 2].map((seq) => [
        seq,
        Buffer.from(change(clean.files.get(`proof/000007/${seq}.proof`)?.toString() ?? "")),
      ]),
    ),
  });

  it("is shown by proofs that lead to the root", () => {
    const audit = auditInclusion(entries, [checkpoint()]);
    expect(audit.findings).toEqual([]);
    expect(audit.shown.get(7)).toEqual(new Set([1, 2]));
  });

  it.each([
    ["another title", "inclusion 1", "inclusion 2"],
    ["another entry's number", /\n[12]\n/, "\n3\n"],
    ["another size", /\n7\n/, "\n8\n"],
    ["a size with a leading zero", /\n7\n/, "\n07\n"],
    ["capital digits", /[a-f]/, "A"],
    ["a hash less", /\n.{64}\n/, "\n"],
    ["a hash more", /$/, `${"0".repeat(64)}\n`],
    ["no line feed at its end", /\n$/, ""],
  ])("is not shown by a proof with %s", (_, from, to) => {
    const audit = auditInclusion(entries, [checkpoint((bytes) => bytes.replace(from, to))]);
    expect(audit.findings.map(({ code }) => code)).toEqual(["inclusion-wrong", "inclusion-wrong"]);
    expect(audit.shown.get(7)).toEqual(new Set());
  });

  it("is not shown where there is no checkpoint", () => {
    const { findings } = auditInclusion(entries, []);
    expect(findings.map(({ code, where }) => `${code} ${where}`)).toEqual([
      "inclusion-missing entry:1",
      "inclusion-missing entry:2",
    ]);
  });

  it("of the only entry of a log has a proof without hashes", () => {
    const proof = parseInclusionProof(Buffer.from("holdfast-inclusion 1\n1\n1\n"));
    expect(proof).toEqual({ seq: 1, size: 1, hashes: [] });
    expect(leafHash("x")).toHaveLength(32);
  });
});

describe("paths of a package", () => {
  it("are plain ASCII parts of at most 200 bytes", () => {
    expect(packagePathProblem("data/20261123-4T9KX2MB/original/track-1.mp4")).toBeNull();
    expect(packagePathProblem("a".repeat(200))).toBeNull();
    for (const path of [
      "",
      "/",
      "/a",
      "a/",
      "a//b",
      ".",
      "a/..",
      "../a",
      "a b",
      "a\\b",
      "a\u0000",
      "é",
      "a".repeat(201),
    ]) {
      expect([path, packagePathProblem(path)]).not.toEqual([path, null]);
    }
  });

  it("clash when one is there twice, is a file and a folder, or differs by case alone", () => {
    expect(clashingPaths(["a", "b/c", "b/d"], ["b", "e"])).toEqual([]);
    const where = (paths: readonly string[], folders: readonly string[] = []) =>
      clashingPaths(paths, folders).map((finding) => finding.where);
    expect(where(["a", "a"])).toEqual(["a"]);
    expect(where(["b", "b/c"])).toEqual(["b"]);
    expect(where(["readme", "README"])).toEqual(["readme"]);
    expect(where(["X/a", "x/b"])).toEqual(["x"]);
  });

  it("under proof/ are those of FORMAT.md §17 and no others", () => {
    expect(proofFileOf("proof/000042/checkpoint")).toEqual({ size: 42, kind: "checkpoint" });
    expect(proofFileOf("proof/1234567/7.proof")).toEqual({ size: 1234567, kind: "inclusion", seq: 7 });
    expect(proofFileOf("proof/000042/free-tsa.tsr")).toEqual({
      size: 42,
      kind: "rfc3161",
      authority: "free-tsa",
    });
    expect(proofFileOf("proof/000042/alice.complete.ots")).toMatchObject({
      kind: "opentimestamps",
      authority: "alice",
    });
    expect(proofFileOf("proof/000042/witness-0123456789abcdef.sig")).toMatchObject({ kind: "witness" });
    for (const path of [
      "proof/000000/checkpoint",
      "proof/42/checkpoint",
      "proof/0000042/checkpoint",
      "proof/000042/07.proof",
      "proof/000042/A.tsr",
      "proof/000042/x/y",
    ]) {
      expect([path, proofFileOf(path)]).toEqual([path, null]);
    }
  });
});

describe("headers of a tar file", () => {
  it("say name and size, in octal digits or binary", () => {
    expect(parseTarHeader(tarMember({ name: "p/a", content: Buffer.from("abc") }).subarray(0, 512))).toEqual({
      kind: "file",
      name: "p/a",
      size: 3,
    });
    const large = tarMember({ name: "p/a", size: Buffer.from("800000000000000200000000", "hex") });
    expect(parseTarHeader(large.subarray(0, 512))).toMatchObject({ size: 2 ** 33 });
    expect(parseTarHeader(Buffer.alloc(512))).toBeNull();
  });

  it("that are extended are read record by record, strictly", () => {
    expect(parsePaxHeader(Buffer.from("9 path=a\n12 size=123\n11 mtime=1\n"))).toEqual({
      name: "a",
      size: 123,
    });
    for (const text of [
      "9 path=a",
      "0 path=a\n",
      "99 path=a\n",
      "9 path a\n",
      "x path=a\n",
      "9999999999 path=a\n",
    ]) {
      expect(() => parsePaxHeader(Buffer.from(text))).toThrow();
    }
    expect(parseLongName(Buffer.from("p/a\u0000"))).toBe("p/a");
  });
});
