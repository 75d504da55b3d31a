import { execFileSync } from "node:child_process";
import {
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { HoldfastError } from "../../src/core/words/error.js";
import { packageLimits } from "../../src/vault/package/scan.js";
import { type WithCaveats, withPackageCaveats } from "../../src/verify/caveats.js";
import { type PackageRequest, verifyPackage } from "../../src/verify/package.js";
import type { PackageReport } from "../../src/verify/reports.js";
import { roundOf } from "../soak/rounds.js";
import { holdfast } from "../support/cli.js";
import {
  allowedSignersOf,
  captureA,
  captureB,
  captureC,
  edit,
  type MadePackage,
  makeAuthority,
  makePackage,
  type PackageFiles,
  putCheckpoint,
  putEntries,
  rebag,
  secretOf,
  tarMember,
  tarMembers,
  tarOf,
  writeFolder,
} from "../support/packages.js";
import { temporaryFolder, testWorld } from "../support/vaults.js";
import { damageMember, damageTar } from "../trials/random-packages.js";

const scratch = temporaryFolder();
const authority = makeAuthority("First");
const other = makeAuthority("Other");
afterAll(() => {
  scratch.remove();
  authority.remove();
  other.remove();
});

const clean = makePackage({ stamp: authority.stamp });
const foreign = makePackage({
  secret: secretOf(9),
  vaultId: "ffffffffffffffffffffffffffffffff",
  stamp: authority.stamp,
});

/** Without a time-stamp: for what is asked of names, links and tar files, whoever stamped them. */
const unstamped = makePackage();

const video = `data/${captureA}/original/track-1.mp4`;
const record = `data/${captureA}/record.json`;

type Brought = Partial<Omit<PackageRequest, "path">>;

let count = 0;

/** An empty folder with a neighbour that no check may touch. */
function freshPlace(): string {
  count += 1;
  const place = join(scratch.path, `place-${count}`);
  mkdirSync(join(place, "outside"), { recursive: true });
  writeFileSync(join(place, "outside", "secret.txt"), "not part of any package\n");
  return place;
}

/** Checks what lies in a place and asserts that nothing in it was written, made or removed by the check. */
async function checkIn(
  place: string,
  name: string,
  brought: Brought = {},
): Promise<WithCaveats<PackageReport>> {
  const before = snapshot(place);
  const request = { against: null, signers: null, tsaCa: null, quick: false, ...brought };
  try {
    const report = await verifyPackage({ path: join(place, name), ...request }, testWorld());
    return withPackageCaveats(report, request);
  } finally {
    expect(snapshot(place)).toBe(before);
  }
}

function snapshot(folder: string): string {
  const lines = readdirSync(folder, { recursive: true, encoding: "latin1" })
    .map((name) => {
      const path = Buffer.from(`${folder}/${name}`, "latin1");
      const state = lstatSync(path);
      const link = state.isSymbolicLink() ? readlinkSync(path) : "";
      return `${name} ${state.mode} ${state.size} ${state.mtimeMs} ${state.ctimeMs} ${state.ino} ${link}`;
    })
    .sort();
  return lines.join("\n");
}

/** A copy of the clean package, changed and written as a folder, and what is found in it. */
async function damaged(
  change: (files: PackageFiles) => unknown,
  brought: Brought = {},
): Promise<WithCaveats<PackageReport>> {
  const files = new Map(clean.files);
  change(files);
  const place = freshPlace();
  writeFolder(files, join(place, "package"));
  return checkIn(place, "package", brought);
}

/** A package written as a folder, changed there, and what is found in it. */
async function damagedOnDisk(change: (folder: string, outside: string) => unknown): Promise<PackageReport> {
  const place = freshPlace();
  const folder = writeFolder(unstamped.files, join(place, "package"));
  change(folder, join(place, "outside"));
  return checkIn(place, "package");
}

async function checkTar(bytes: Buffer): Promise<PackageReport> {
  const place = freshPlace();
  writeFileSync(join(place, "package.tar"), bytes);
  return checkIn(place, "package.tar");
}

/** `code where` of every error, sorted. */
function errorsIn(report: PackageReport): string[] {
  expect(report.ok).toBe(!report.findings.some(({ severity }) => severity === "error"));
  return report.findings
    .filter(({ severity }) => severity === "error")
    .map(({ code, where }) => `${code} ${where}`)
    .sort();
}

function statesOf({ hashes, chain, signature, tokens }: PackageReport): string {
  return `${hashes} ${chain} ${signature} ${tokens}`;
}

function flip(files: PackageFiles, path: string, at = 5): void {
  const bytes = Buffer.from(files.get(path) ?? "");
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  files.set(path, bytes);
}

const nothingChecked = "unchecked unchecked unchecked unchecked";

describe("a package as it was made", () => {
  it("has no finding but that its authority's root was not named, as a folder and as a tar", async () => {
    const folder = await damaged(() => {});
    const tar = await checkTar(tarOf(tarMembers(clean.files)));
    for (const report of [folder, tar]) {
      expect(errorsIn(report)).toEqual([]);
      expect(new Set(report.findings.map(({ code }) => code))).toEqual(
        new Set(["entries-uncommitted", "token-untrusted"]),
      );
      expect(statesOf(report)).toBe("pass pass pass unchecked");
      expect(report.checked).toMatchObject({ entries: 6, checkpoints: 2, tokens: 2, captures: 2 });
    }
    expect({ ...tar, package: null }).toEqual({ ...folder, package: null });
  });

  it("has no finding but that nothing lists its entries for a checker who brought the signers and the root, and says what it rests on", async () => {
    const signers = allowedSignersOf(clean.log);
    const report = await damaged(() => {}, { signers, tsaCa: authority.root });
    expect(report.findings.map(({ code }) => code)).toEqual(["entries-uncommitted"]);
    expect(statesOf(report)).toBe("pass pass pass pass");
    expect(report.rests_on.keys).toMatchObject([{ source: "signers" }]);
    expect(report.rests_on.authorities).toMatchObject([
      { checkpoint: 4, trusted: true },
      { checkpoint: 7, trusted: true },
    ]);
    const [a, c] = report.package.captures;
    // Two files by one signer are the word of one authority, and its name is that of its certificate.
    expect(a).toMatchObject({ id: captureA, existed_by: [{ authority: "First TSA" }] });
    expect(c).toMatchObject({ id: captureC, existed_by: [{ authority: "First TSA" }] });
  });

  it("says with which words that the key must come from elsewhere", async () => {
    const { limits } = await damaged(() => {});
    expect(limits.join(" ")).toMatch(/--signers/);
    expect(limits.join(" ")).toMatch(/--tsa-ca/);
    expect(limits.join(" ")).toMatch(/--against/);
  });

  it("keeps its answer when it was packed by GNU tar, in each of its forms, and when tar filled it up with zeros", async () => {
    for (const form of ["gnu", "ustar", "pax", "posix"]) {
      const place = freshPlace();
      writeFolder(clean.files, join(place, "a-package"));
      execFileSync("tar", [`--format=${form}`, "-cf", "package.tar", "a-package"], { cwd: place });
      const report = await checkIn(place, "package.tar");
      expect([form, errorsIn(report)]).toEqual([form, []]);
    }
  });

  it("with annexes is checked against them, and says who may read them", async () => {
    const whole = makePackage({ withAnnex: true });
    const place = freshPlace();
    writeFolder(whole.files, join(place, "package"));
    const report = await checkIn(place, "package");
    expect(errorsIn(report)).toEqual([]);
    expect(report).toMatchObject({ checked: { annexes: 2 }, package: { profile: "with-annex" } });
  });

  it("without a time-stamp never counts as time-stamped", async () => {
    const place = freshPlace();
    writeFolder(makePackage().files, join(place, "package"));
    const report = await checkIn(place, "package");
    expect(errorsIn(report)).toEqual([]);
    expect(statesOf(report)).toBe("pass pass pass absent");
  });

  it("checked quickly says that one digest was compared, and finds a changed byte all the same", async () => {
    expect((await damaged(() => {}, { quick: true })).checked.digests_per_file).toBe(1);
    const report = await damaged((files) => flip(files, video), { quick: true });
    expect(errorsIn(report)).toEqual([`file-changed ${video}`]);
  });
});

describe("files", () => {
  it("one changed byte of a video is found", async () => {
    const report = await damaged((files) => flip(files, video));
    expect(errorsIn(report)).toEqual([`file-changed ${video}`]);
    expect(statesOf(report)).toBe("fail pass pass unchecked");
  });

  it("one changed byte of a video is found where all manifests were made anew, by the entry", async () => {
    const report = await damaged((files) => {
      flip(files, video);
      rebag(files);
    });
    expect(errorsIn(report)).toEqual([`file-changed ${video}`]);
    expect(report.findings.find(({ where }) => where === video)?.message).toContain("entry 2");
  });

  it("a video cut short is found", async () => {
    const report = await damaged((files) => {
      files.set(video, Buffer.from(files.get(video)?.subarray(0, -1) ?? ""));
      rebag(files);
    });
    expect(errorsIn(report)).toEqual([`file-changed ${video}`]);
  });

  it("a planted file is found", async () => {
    const path = `data/${captureA}/original/track-9.mp4`;
    const report = await damaged((files) => files.set(path, Buffer.from("planted")));
    expect(errorsIn(report)).toEqual([
      "bag-malformed bag-info.txt",
      `file-unlisted ${path}`,
      `file-unlogged ${path}`,
    ]);
  });

  it.each([
    [`data/${captureA}/original/track-9.mp4`, "file-unlogged"],
    [`data/${captureA}/notes.txt`, "file-unlogged"],
    ["data/more.html", "file-unlogged"],
    ["run-me.sh", "stray"],
    ["fetch.txt", "stray"],
    ["proof/more.txt", "proof-stray"],
    ["proof/000007/more.txt", "proof-stray"],
    ["proof/000007/99.proof", "proof-stray"],
    ["proof/7/checkpoint", "proof-stray"],
  ])("the planted file %s is found where all manifests were made anew", async (path, code) => {
    const report = await damaged((files) => {
      files.set(path, Buffer.from("planted"));
      rebag(files);
    });
    expect(errorsIn(report)).toEqual([`${code} ${path}`]);
    expect(report.hashes).toBe("fail");
  });

  it("fetch.txt is found: a package is whole or it is none", async () => {
    const report = await damaged((files) => files.set("fetch.txt", Buffer.from("http://x/ - data/x\n")));
    expect(errorsIn(report)).toEqual(["file-unlisted fetch.txt", "stray fetch.txt"]);
  });

  it("a removed video is found, also where all manifests were made anew", async () => {
    const plain = await damaged((files) => files.delete(video));
    expect(errorsIn(plain)).toEqual(["bag-malformed bag-info.txt", `file-missing ${video}`]);
    const rebagged = await damaged((files) => {
      files.delete(video);
      rebag(files);
    });
    expect(errorsIn(rebagged)).toEqual([`file-missing ${video}`]);
  });

  it("a derived file of an older derivation in place of the newest is found", async () => {
    const path = `data/${captureA}/derived/ffprobe.json`;
    const report = await damaged((files) => {
      files.set(path, Buffer.from("one"));
      rebag(files);
    });
    expect(errorsIn(report)).toEqual([`file-changed ${path}`]);
  });

  it("an edited record is found where everything around it was made anew", async () => {
    const report = await damaged((files) => {
      edit(files, record, '"elapsed_ms":1200', '"elapsed_ms":1300');
      rebag(files);
    });
    expect(errorsIn(report)).toEqual([`file-changed ${record}`]);
  });

  it("a record that is not in canonical form, or not one, is named as such", async () => {
    const spaced = await damaged((files) => {
      edit(files, record, '{"alterations"', '{ "alterations"');
      rebag(files);
    });
    expect(errorsIn(spaced)).toEqual([`file-changed ${record}`, `record-not-canonical ${record}`]);
    const path = `data/${captureA}/derived/derivation.json`;
    const empty = await damaged((files) => {
      files.set(path, Buffer.from("{}"));
      rebag(files);
    });
    expect(errorsIn(empty)).toEqual([`derivation-schema ${path}`, `file-changed ${path}`]);
  });

  it("all files of a capture removed is one missing capture", async () => {
    const report = await damaged((files) => {
      for (const path of [...files.keys()]) if (path.startsWith(`data/${captureC}/`)) files.delete(path);
      rebag(files);
    });
    expect(errorsIn(report)).toEqual([`capture-missing data/${captureC}`]);
  });

  it("a capture that no entry is about is found", async () => {
    const report = await damaged((files) => {
      files.set(`data/${captureB}/original/track-1.mp4`, Buffer.from("the video of B\n"));
      rebag(files);
    });
    expect(errorsIn(report)).toEqual([
      `capture-missing data/${captureB}`,
      `file-unlogged data/${captureB}/original/track-1.mp4`,
    ]);
  });

  it("an annex in a package that calls itself redacted is found, and so is a changed one", async () => {
    const place = freshPlace();
    const { files } = makePackage({ withAnnex: true });
    edit(files, "bag-info.txt", "with-annex", "redacted");
    flip(files, `data/${captureA}/annex/info.json`);
    rebag(files);
    writeFolder(files, join(place, "package"));
    expect(errorsIn(await checkIn(place, "package"))).toEqual([
      `annex-file-changed data/${captureA}/annex/info.json`,
      "bag-malformed bag-info.txt",
    ]);
  });

  it("an annex of somebody else is found", async () => {
    const place = freshPlace();
    const { files } = makePackage({ withAnnex: true });
    files.set(
      `data/${captureA}/annex/annex.json`,
      files.get(`data/${captureC}/annex/annex.json`) ?? Buffer.alloc(0),
    );
    rebag(files);
    writeFolder(files, join(place, "package"));
    expect(errorsIn(await checkIn(place, "package"))).toEqual([
      `annex-changed data/${captureA}/annex/annex.json`,
    ]);
  });
});

describe("the bag", () => {
  it.each(["manifest-sha256.txt", "manifest-sha512.txt", "tagmanifest-sha256.txt", "tagmanifest-sha512.txt"])(
    "a missing %s is found",
    async (name) => {
      const report = await damaged((files) => files.delete(name));
      expect(errorsIn(report)).toContain(`manifest-missing ${name}`);
      expect(report.hashes).toBe("fail");
    },
  );

  it.each([
    ["upper-case digits", /^./m, "A"],
    ["another spelling of the space", / {2}/, " *"],
    ["a path that leads elsewhere", / {2}data\//, "  data/../data/"],
    ["a line feed of another kind", /\n/, "\r\n"],
    ["lines in another order", /^(.*\n)(.*\n)/, "$2$1"],
    ["a line twice", /^(.*\n)/, "$1$1"],
    ["no line feed at its end", /\n$/, ""],
    ["a file outside data/", /\n$/, `\n${"0".repeat(64)}  zzz.txt\n`],
  ])("a manifest with %s is malformed", async (_, from, to) => {
    const report = await damaged((files) => edit(files, "manifest-sha256.txt", from, to));
    expect(errorsIn(report)).toContain("bag-malformed manifest-sha256.txt");
  });

  it.each([
    ["no date", /Bagging-Date.*\n/, ""],
    ["another number of bytes", /Payload-Oxum: \d+/, "Payload-Oxum: 1"],
    ["no capture", /External-Identifier: .*\n/g, ""],
    ["captures in another order", /(External-Identifier.*\n)(External-Identifier.*\n)/, "$2$1"],
    ["a profile that is none", "redacted", "complete"],
    ["a line that is nothing", /$/, "nothing\n"],
  ])("bag-info.txt with %s is malformed", async (_, from, to) => {
    const report = await damaged((files) => {
      edit(files, "bag-info.txt", from, to);
      const oxum = files.get("bag-info.txt");
      rebag(files);
      files.set("bag-info.txt", oxum ?? Buffer.alloc(0));
    });
    expect(errorsIn(report)).toContain("bag-malformed bag-info.txt");
  });

  it("another declaration of BagIt is found", async () => {
    const report = await damaged((files) => {
      edit(files, "bagit.txt", "1.0", "0.97");
      rebag(files);
    });
    expect(errorsIn(report)).toEqual(["bag-malformed bagit.txt"]);
  });

  it.each([
    ["0", "Holdfast-Package: 0"],
    ["2", "Holdfast-Package: 2"],
    ["1.0", "Holdfast-Package: 1.0"],
    ["missing", "Holdfast-Packet: 1"],
    ["given twice", "Holdfast-Package: 1\nHoldfast-Package: 2"],
    ["hidden in another case", "Holdfast-Package: 1\nholdfast-package: 0"],
    ["marked as outdated", "Holdfast-Package: 0 (outdated, signatures are not used)"],
  ])("a version that is %s ends the check, and nothing counts as passed", async (_, line) => {
    const report = await damaged((files) => {
      edit(files, "bag-info.txt", "Holdfast-Package: 1", line);
      rebag(files);
    });
    expect(errorsIn(report)).toEqual(["package-version bag-info.txt"]);
    expect(statesOf(report)).toBe(nothingChecked);
    expect(report.rests_on).toEqual({ keys: [], authorities: [], witnesses: [] });
  });

  it("no bag-info.txt at all ends the check as well", async () => {
    const report = await damaged((files) => files.delete("bag-info.txt"));
    expect(errorsIn(report)).toEqual(["package-version bag-info.txt"]);
    expect(statesOf(report)).toBe(nothingChecked);
  });
});

describe("entries and their proofs", () => {
  const inclusions = (seq: number) =>
    [4, 7].filter((size) => size >= seq).map((size) => `inclusion-wrong proof/00000${size}/${seq}.proof`);

  it("an edited entry is found by its proofs", async () => {
    const report = await damaged((files) => {
      edit(files, "proof/entries.jsonl", `https://video.example/${captureA}`, "https://video.example/other");
      rebag(files);
    });
    expect(errorsIn(report)).toEqual(inclusions(2));
    expect(statesOf(report)).toBe("pass fail pass unchecked");
    const shown = report.package.captures.find(({ id }) => id === captureA);
    expect(shown?.existed_by).toEqual([]);
  });

  it("an entry edited to state a changed video is found by its proofs", async () => {
    const report = await damaged((files) => {
      const before = clean.captures.get(captureA)?.first.get("original/track-1.mp4") ?? Buffer.alloc(0);
      const { files: changed } = makePackage({ video: Buffer.from(before).fill(0x21, 3, 4) });
      const [, line] = changed.get("proof/entries.jsonl")?.toString().split("\n") ?? [];
      edit(files, "proof/entries.jsonl", /^(.*\n).*\n/, (_: string, first: string) => `${first}${line}\n`);
      for (const path of [video, record]) files.set(path, changed.get(path) ?? Buffer.alloc(0));
      rebag(files);
    });
    expect(errorsIn(report)).toEqual(inclusions(2));
  });

  it("a removed entry leaves files that no entry names", async () => {
    const report = await damaged((files) => {
      putEntries(files, clean.log, [1, 4, 5, 6, 7]);
      rebag(files);
    });
    const paths = ["original/track-1.mp4", "record.json", "source/info.json"];
    expect(errorsIn(report)).toEqual([
      "capture-unknown entry:4",
      "capture-unknown entry:7",
      ...paths.map((path) => `file-unlogged data/${captureA}/${path}`),
      "proof-stray proof/000004/2.proof",
      "proof-stray proof/000007/2.proof",
    ]);
  });

  it("no entries at all is found, and an entry 1 that is missing", async () => {
    const empty = await damaged((files) => {
      files.delete("proof/entries.jsonl");
      rebag(files);
    });
    expect(errorsIn(empty)).toContain("log-empty proof/entries.jsonl");
    expect(empty.chain).toBe("fail");
    const headless = await damaged((files) => {
      putEntries(files, clean.log, [2, 4, 5, 6, 7]);
      rebag(files);
    });
    expect(errorsIn(headless)).toContain("log-wrong-seq entry:1");
    expect(headless.signature).toBe("fail");
  });

  it("entries in another order are found", async () => {
    const report = await damaged((files) => {
      putEntries(files, clean.log, [1, 4, 2, 5, 6, 7]);
      rebag(files);
    });
    expect(errorsIn(report)).toEqual(["capture-unknown entry:4", "log-wrong-seq entry:3"]);
  });

  it("the entry of another capture is found, though it is of the same log", async () => {
    const report = await damaged((files) => {
      putEntries(files, clean.log, [1, 2, 3, 4, 5, 6, 7]);
      for (const size of [4, 7])
        putCheckpoint(
          files,
          clean.log,
          size,
          [1, 2, 3, 4, 5, 6, 7].filter((seq) => seq <= size),
        );
      rebag(files);
    });
    expect(errorsIn(report)).toEqual([`capture-missing data/${captureB}`, "entry-foreign entry:3"]);
  });

  it("an entry of another log in place of one of this log is found", async () => {
    const report = await damaged((files) => {
      const lines = clean.log.lines.with(5, foreign.log.lines[5] ?? "");
      putEntries(files, { ...clean.log, lines }, [1, 2, 4, 5, 6, 7]);
      rebag(files);
    });
    expect(errorsIn(report)).toEqual(inclusions(6));
  });

  it("a line that is no entry is found", async () => {
    const report = await damaged((files) => {
      edit(files, "proof/entries.jsonl", /\n/, '\n{"v":2}\n');
      rebag(files);
    });
    expect(errorsIn(report)).toEqual(["log-unknown-version entry:2"]);
  });

  it("bytes that are no UTF-8 are no entry, whatever a decoder makes of them", async () => {
    const report = await damaged((files) => {
      edit(files, "proof/entries.jsonl", "operator", "\u00ffperator");
      rebag(files);
    });
    expect(errorsIn(report)).toContain("log-not-json entry:1");
  });

  it("an edited, stripped or foreign proof is found", async () => {
    const edited = await damaged((files) => {
      edit(files, "proof/000007/2.proof", /[0-9a-f]\n$/, (end: string) => (end === "0\n" ? "1\n" : "0\n"));
      rebag(files);
    });
    expect(errorsIn(edited)).toEqual(["inclusion-wrong proof/000007/2.proof"]);
    const stripped = await damaged((files) => {
      files.delete("proof/000007/2.proof");
      rebag(files);
    });
    expect(errorsIn(stripped)).toEqual(["inclusion-missing entry:2"]);
    expect(stripped.chain).toBe("fail");
    const swapped = await damaged((files) => {
      files.set("proof/000007/2.proof", files.get("proof/000007/4.proof") ?? Buffer.alloc(0));
      rebag(files);
    });
    expect(errorsIn(swapped)).toEqual(["inclusion-wrong proof/000007/2.proof"]);
    const older = await damaged((files) => {
      files.set("proof/000007/2.proof", files.get("proof/000004/2.proof") ?? Buffer.alloc(0));
      rebag(files);
    });
    expect(errorsIn(older)).toEqual(["inclusion-wrong proof/000007/2.proof"]);
  });

  it("proofs without the checkpoint that they lead to show nothing", async () => {
    const report = await damaged((files) => {
      files.delete("proof/000007/checkpoint");
      rebag(files);
    });
    expect(errorsIn(report)).toEqual(
      expect.arrayContaining([
        "checkpoint-missing proof/000007/checkpoint",
        "inclusion-wrong proof/000007/7.proof",
      ]),
    );
    expect(statesOf(report)).toBe("pass fail fail fail");
  });

  it("a capture that bag-info.txt leaves out is foreign here", async () => {
    const report = await damaged((files) => {
      edit(files, "bag-info.txt", `External-Identifier: ${captureC}\n`, "");
      rebag(files);
    });
    expect(errorsIn(report)).toEqual(["entry-foreign entry:6"]);
  });

  it("a proof stripped from an older checkpoint is found, and its time no longer counts for the capture", async () => {
    const stampedTwice = (more: (files: PackageFiles) => unknown) => (files: PackageFiles) => {
      const newest = "proof/000007";
      files.set(
        `${newest}/first.tsr`,
        other.stamp("first", files.get(`${newest}/signed`) ?? Buffer.alloc(0)),
      );
      more(files);
      rebag(files);
    };
    const tsaCa = authority.root + other.root;
    const namesIn = ({ package: { captures } }: PackageReport) =>
      captures[0]?.existed_by.map((one) => one.authority).sort();
    expect(
      namesIn(
        await damaged(
          stampedTwice(() => {}),
          { tsaCa },
        ),
      ),
    ).toEqual(["First TSA", "Other TSA"]);
    const report = await damaged(
      stampedTwice((files) => files.delete("proof/000004/2.proof")),
      { tsaCa },
    );
    expect(errorsIn(report)).toEqual(["inclusion-missing entry:2"]);
    expect(namesIn(report)).toEqual(["Other TSA"]);
    expect(namesIn(await damaged(() => {}))).toEqual([]);
  });

  it("without any checkpoint nothing is shown to be in a log", async () => {
    const report = await damaged((files) => {
      for (const path of [...files.keys()]) if (/^proof\/0/.test(path)) files.delete(path);
      rebag(files);
    });
    expect(errorsIn(report)).toEqual(
      expect.arrayContaining([1, 2, 4, 5, 6, 7].map((seq) => `inclusion-missing entry:${seq}`)),
    );
    expect(report).toMatchObject({ chain: "fail", ok: false });
    expect(report.signature).not.toBe("pass");
  });
});

describe("checkpoints, signatures and time-stamps", () => {
  const seven = (name: string) => `proof/000007/${name}`;
  const take = (files: PackageFiles, from: MadePackage, path: string) =>
    files.set(path, from.files.get(path) ?? Buffer.alloc(0));

  it("the checkpoint of another vault is found", async () => {
    const report = await damaged((files) => {
      for (const name of ["checkpoint", "checkpoint.sig", "signed", "first.tsr"])
        take(files, foreign, seven(name));
      rebag(files);
    });
    const found = errorsIn(report);
    expect(found).toContain(`checkpoint-origin ${seven("checkpoint")}`);
    expect(found).toContain(`signature-key ${seven("checkpoint.sig")}`);
    expect(found).toContain("inclusion-wrong proof/000007/1.proof");
    expect(report.signature).toBe("fail");
  });

  it("a bag-info.txt that names another vault is found", async () => {
    const report = await damaged((files) => {
      edit(files, "bag-info.txt", /Origin: .*/, `Origin: holdfast/${foreign.log.vaultId}`);
      rebag(files);
    });
    expect(errorsIn(report)).toEqual([
      "checkpoint-origin proof/000004/checkpoint",
      "checkpoint-origin proof/000007/checkpoint",
    ]);
    expect(report.signature).toBe("fail");
  });

  it("a stripped signature is found and never counts as signed", async () => {
    const report = await damaged((files) => {
      files.delete(seven("checkpoint.sig"));
      rebag(files);
    });
    expect(errorsIn(report)).toContain(`signature-missing ${seven("checkpoint")}`);
    expect(report.signature).toBe("fail");
  });

  it("a signature taken from another checkpoint is found", async () => {
    const report = await damaged((files) => {
      files.set(seven("checkpoint.sig"), files.get("proof/000004/checkpoint.sig") ?? Buffer.alloc(0));
      rebag(files);
    });
    expect(errorsIn(report)).toContain(`signature-wrong ${seven("checkpoint.sig")}`);
    expect(errorsIn(report)).toContain(`signed-differs ${seven("signed")}`);
    expect(report.signature).toBe("fail");
  });

  it("a signature by another key is found, whatever allowed_signers in the package says", async () => {
    const thief = { ...clean.log, secret: secretOf(66) };
    const report = await damaged((files) => {
      for (const size of [4, 7]) putCheckpoint(files, thief, size, []);
      files.set("proof/allowed_signers", Buffer.from(allowedSignersOf(thief)));
      rebag(files);
    });
    expect(errorsIn(report)).toEqual(
      expect.arrayContaining([
        "signature-key proof/000004/checkpoint.sig",
        `signature-key ${seven("checkpoint.sig")}`,
      ]),
    );
    expect(report.signature).toBe("fail");
  });

  it("a whole package made anew with another key passes alone, and fails for a checker who names the signers", async () => {
    const forged = makePackage({ secret: secretOf(66), stamp: authority.stamp });
    const place = freshPlace();
    writeFolder(forged.files, join(place, "package"));
    const alone = await checkIn(place, "package", { tsaCa: authority.root });
    expect(statesOf(alone)).toBe("pass pass pass pass");
    expect(alone.rests_on.keys).toMatchObject([{ source: "log" }]);
    const report = await checkIn(place, "package", {
      tsaCa: authority.root,
      signers: allowedSignersOf(clean.log),
    });
    expect(errorsIn(report)).toEqual([
      "key-not-trusted proof/000004/checkpoint",
      `key-not-trusted ${seven("checkpoint")}`,
    ]);
    expect(report.signature).toBe("fail");
  });

  it("a whole package made anew with the right key is caught only by a checkpoint that somebody kept", async () => {
    const kept = clean.files.get("proof/000004/checkpoint")?.toString() ?? "";
    const rewritten = makePackage({ video: Buffer.from("another video"), stamp: authority.stamp });
    const place = freshPlace();
    writeFolder(rewritten.files, join(place, "package"));
    const brought = { tsaCa: authority.root, signers: allowedSignersOf(clean.log) };
    expect(errorsIn(await checkIn(place, "package", brought))).toEqual([]);
    const report = await checkIn(place, "package", { ...brought, against: kept });
    expect(errorsIn(report)).toEqual(["history-rewritten log"]);
    expect(report.signature).toBe("fail");
  });

  it("a checkpoint that the checker holds is compared where the package has one of its size", async () => {
    const newest = clean.files.get("proof/000007/checkpoint")?.toString() ?? "";
    const equal = await damaged(() => {}, { against: newest });
    expect([errorsIn(equal), equal.findings.some(({ code }) => code === "against-unchecked")]).toEqual([
      [],
      false,
    ]);
    const held = clean.files.get("proof/000004/checkpoint")?.toString() ?? "";
    const same = await damaged(() => {}, { against: `> ${held.replaceAll("\n", "\r\n> ")}` });
    expect(errorsIn(same)).toEqual([]);
    expect(same.findings.some(({ code }) => code === "against-unchecked")).toBe(true);
    const unknown = await damaged(() => {}, { against: held.replace("\n4\n", "\n5\n") });
    expect(unknown.findings.filter(({ code }) => code === "against-unchecked")).toMatchObject([
      { severity: "note", where: "log" },
    ]);
    const larger = await damaged(() => {}, { against: held.replace("\n4\n", "\n9\n") });
    expect(larger.findings.some(({ code }) => code === "against-unchecked")).toBe(true);
    const elsewhere = await damaged(() => {}, {
      against: foreign.files.get("proof/000004/checkpoint")?.toString() ?? "",
    });
    expect(errorsIn(elsewhere)).toEqual(["other-log log"]);
  });

  it("a missing copy for stock tools is found", async () => {
    const report = await damaged((files) => {
      files.delete(seven("signed"));
      rebag(files);
    });
    expect(errorsIn(report)).toEqual([`signed-differs ${seven("signed")}`]);
  });

  it("a stripped token is found by its entry", async () => {
    const report = await damaged((files) => {
      files.delete("proof/000004/first.tsr");
      rebag(files);
    });
    expect(errorsIn(report)).toEqual(["token-missing proof/000004/first.tsr"]);
    expect(report.tokens).toBe("fail");
  });

  it("a token taken from another checkpoint, or made over other bytes, is found", async () => {
    const moved = await damaged((files) => {
      files.set(seven("first.tsr"), files.get("proof/000004/first.tsr") ?? Buffer.alloc(0));
      rebag(files);
    });
    expect(errorsIn(moved)).toEqual([`token-imprint ${seven("first.tsr")}`]);
    expect(moved.package.captures.find(({ id }) => id === captureC)?.existed_by).toEqual([]);
    const bodyOnly = await damaged((files) => {
      files.set(
        seven("first.tsr"),
        authority.stamp("first", files.get(seven("checkpoint")) ?? Buffer.alloc(0)),
      );
      rebag(files);
    });
    expect(errorsIn(bodyOnly)).toEqual([`token-imprint ${seven("first.tsr")}`]);
  });

  it("a bare token without its response, and one with a changed byte, are found", async () => {
    const bare = await damaged((files) => {
      const whole = files.get(seven("first.tsr")) ?? Buffer.alloc(0);
      // The status of a granted response is 5 bytes; its length and tag stand before.
      const status = whole.indexOf(Buffer.from("3003020100", "hex"));
      files.set(seven("first.tsr"), Buffer.from(whole.subarray(status + 5)));
      rebag(files);
    });
    expect(errorsIn(bare)).toEqual([`token-malformed ${seven("first.tsr")}`]);
    const flipped = await damaged((files) => {
      flip(files, seven("first.tsr"), (files.get(seven("first.tsr"))?.length ?? 1) - 1);
      rebag(files);
    });
    expect(errorsIn(flipped)).toEqual([`token-signature ${seven("first.tsr")}`]);
    expect(flipped.tokens).toBe("fail");
  });

  it("a replaced token of another authority is found by its entry, and by the root that the checker named", async () => {
    const report = await damaged(
      (files) => {
        files.set(
          "proof/000004/first.tsr",
          other.stamp("first", files.get("proof/000004/signed") ?? Buffer.alloc(0)),
        );
        rebag(files);
      },
      { tsaCa: authority.root },
    );
    const found = errorsIn(report);
    expect(found).toContain("token-changed proof/000004/first.tsr");
    expect(found).toContain("token-untrusted proof/000004/first.tsr");
  });

  it("a replaced chain of certificates changes nothing: only roots from elsewhere count", async () => {
    const report = await damaged(
      (files) => {
        files.set("proof/000007/first.chain.pem", Buffer.from(other.root));
        rebag(files);
      },
      { tsaCa: other.root },
    );
    expect(errorsIn(report)).toEqual([
      "token-untrusted proof/000004/first.tsr",
      `token-untrusted ${seven("first.tsr")}`,
    ]);
  });

  it("signers and roots that cannot be read are refused, and nothing is checked without them", async () => {
    for (const brought of [
      { signers: "nobody" },
      { tsaCa: "no certificate" },
      { against: "no checkpoint" },
    ]) {
      const tried = damaged(() => {}, brought);
      await expect(tried).rejects.toBeInstanceOf(HoldfastError);
      await expect(tried).rejects.toMatchObject({ code: "usage" });
    }
  });
});

describe("names, links and bombs on disk", () => {
  it.each([
    ["a backslash", "data\\..\\x.txt"],
    ["a space", "data/a b.txt"],
    ["a line feed", "data/a\nb.txt"],
    ["a colon", "data/a.txt:evil"],
    ["a letter that is not ASCII", "data/видео.mp4"],
    ["more than 200 bytes", `data/${"long-name/".repeat(20)}x.txt`],
  ])("a name with %s is found and not opened", async (_, name) => {
    const report = await damagedOnDisk((folder) => {
      mkdirSync(join(folder, name, ".."), { recursive: true });
      writeFileSync(join(folder, name), "planted");
    });
    expect(report.findings.filter(({ code }) => code === "package-path")).toHaveLength(1);
    expect(report.hashes).toBe("fail");
  });

  it("a name that is no UTF-8 is found", async () => {
    const report = await damagedOnDisk((folder) =>
      writeFileSync(Buffer.from(`${folder}/data/\u00ff.txt`, "latin1"), "planted"),
    );
    expect(errorsIn(report)).toEqual(["package-path data/\ufffd.txt"]);
  });

  it("names that differ by case alone are found", async () => {
    const report = await damaged((files) => {
      files.set("data/INDEX.html", Buffer.from("planted"));
      rebag(files);
    });
    expect(errorsIn(report)).toContain("package-path data/index.html");
    const folders = await damaged((files) => {
      files.set(`DATA/${captureA}/x.txt`, Buffer.from("planted"));
      rebag(files);
    });
    expect(errorsIn(folders).some((finding) => /^package-path data/i.test(finding))).toBe(true);
  });

  it("links to a file, to a folder and to nowhere are found and not followed", async () => {
    const report = await damagedOnDisk((folder, outside) => {
      symlinkSync(join(outside, "secret.txt"), join(folder, "data", "secret.txt"));
      symlinkSync(outside, join(folder, "data", "more"));
      symlinkSync("/nonexistent", join(folder, "nowhere"));
    });
    expect(errorsIn(report)).toEqual([
      "package-path data/more",
      "package-path data/secret.txt",
      "package-path nowhere",
    ]);
  });

  it("a video replaced by a link to the same bytes is found", async () => {
    const report = await damagedOnDisk((folder, outside) => {
      execFileSync("mv", [join(folder, video), join(outside, "video.mp4")]);
      symlinkSync(join(outside, "video.mp4"), join(folder, video));
    });
    expect(errorsIn(report)).toEqual([
      "bag-malformed bag-info.txt",
      `file-missing ${video}`,
      `package-path ${video}`,
    ]);
  });

  it("a folder of the package replaced by a link is found", async () => {
    const report = await damagedOnDisk((folder, outside) => {
      execFileSync("mv", [join(folder, "proof"), join(outside, "proof")]);
      symlinkSync(join(outside, "proof"), join(folder, "proof"));
    });
    expect(errorsIn(report)).toContain("package-path proof");
    expect(errorsIn(report)).toContain("log-empty proof/entries.jsonl");
    expect(report.chain).toBe("fail");
  });

  it("a pipe is found and not waited for", async () => {
    const report = await damagedOnDisk((folder) => execFileSync("mkfifo", [join(folder, "data", "pipe")]));
    expect(errorsIn(report)).toEqual(["package-path data/pipe"]);
    const instead = await damagedOnDisk((folder) => {
      execFileSync("rm", [join(folder, "bag-info.txt")]);
      execFileSync("mkfifo", [join(folder, "bag-info.txt")]);
    });
    expect(errorsIn(instead)).toEqual(["package-version bag-info.txt"]);
  });

  it("a second name of a file on the same disk is a file like any other", async () => {
    const report = await damagedOnDisk((folder) =>
      linkSync(join(folder, video), join(folder, "data", "again.mp4")),
    );
    expect(errorsIn(report)).toContain("file-unlogged data/again.mp4");
  });

  it("a file that claims terabytes is not read through, whatever names it", async () => {
    const huge = 4 * 1024 ** 4;
    // To read through one of them takes hours.
    for (const path of [
      video,
      "data/index.html",
      `data/${captureA}/planted.bin`,
      "proof/000007/first.tsr",
      "manifest-sha256.txt",
      record,
      "proof/entries.jsonl",
      "proof/000007/2.proof",
      "proof/000007/first.chain.pem",
    ]) {
      const report = await damagedOnDisk((folder) => {
        writeFileSync(join(folder, path), "");
        truncateSync(join(folder, path), huge);
      });
      expect([path, report.ok]).toEqual([path, false]);
    }
  });

  it("a line of a gigabyte is not read into memory", async () => {
    const report = await damagedOnDisk((folder) =>
      truncateSync(join(folder, "proof/entries.jsonl"), 1024 ** 3),
    );
    expect(errorsIn(report)).toContain("too-large proof/entries.jsonl");
    expect(report).toMatchObject({ hashes: "fail", chain: "unchecked" });
    const within = await damagedOnDisk((folder) =>
      truncateSync(join(folder, "proof/entries.jsonl"), 100 * 1024 ** 2),
    );
    expect(errorsIn(within)).toContain("too-large proof/entries.jsonl");
    expect(within.chain).not.toBe("pass");
  });

  it("JSON that is nested a million deep is refused", async () => {
    const deep = Buffer.from(`${"[".repeat(1_000_000)}${"]".repeat(1_000_000)}\n`);
    const report = await damaged((files) => {
      files.set("proof/entries.jsonl", Buffer.concat([files.get("proof/entries.jsonl") ?? deep, deep]));
      files.set(record, deep);
      rebag(files);
    });
    expect(errorsIn(report)).toEqual([
      `file-changed ${record}`,
      "log-too-deep entry:7",
      `record-not-canonical ${record}`,
    ]);
  });

  it("more files than anybody packs are not gone through", async () => {
    const place = freshPlace();
    const folder = writeFolder(unstamped.files, join(place, "package"));
    for (let number = 0; number < 300; number += 1) writeFileSync(join(folder, "data", `${number}.txt`), "");
    const request = { path: folder, against: null, signers: null, tsaCa: null, quick: false };
    const report = await verifyPackage(request, testWorld(), { ...packageLimits, files: 200 });
    expect(errorsIn(report)).toEqual(["package-unreadable package"]);
    expect(statesOf(report)).toBe(nothingChecked);
    const few = await verifyPackage(request, testWorld(), { ...packageLimits, checkpoints: 1 });
    expect(errorsIn(few)).toEqual(["package-unreadable package"]);
  });

  it("a folder that is no package, and a path where nothing is, are told apart", async () => {
    const place = freshPlace();
    const report = await checkIn(place, "outside");
    expect(errorsIn(report)).toEqual(["package-unreadable package"]);
    await expect(checkIn(place, "nothing")).rejects.toMatchObject({ code: "not-found" });
    execFileSync("mkfifo", [join(place, "pipe")]);
    await expect(checkIn(place, "pipe")).rejects.toMatchObject({ code: "usage" });
  });
});

describe("tar files", () => {
  const members = () => tarMembers(unstamped.files);
  const withMember = (name: string, more: object = {}) =>
    checkTar(tarOf([...members(), { name, content: Buffer.from("planted"), ...more }]));

  it.each([
    ["leads out of the folder", "package/../../outside/x.txt", "package-path ../../outside/x.txt"],
    ["is absolute", "/etc/x.txt", "package-unreadable package"],
    ["has a backslash", "package\\x.txt", "package-unreadable package"],
    ["has a backslash further on", "package/data\\x.txt", "package-path data\\x.txt"],
    ["has a dot for a part", "package/./x.txt", "package-path ./x.txt"],
    ["has an empty part", "package//x.txt", "package-path /x.txt"],
    ["begins with another folder", "second/x.txt", "package-unreadable package"],
    ["has no folder", "x.txt", "package-unreadable package"],
    ["goes on behind a NUL", "package/x.txt\u0000y", "package-path x.txt\u0000y"],
  ])("a name that %s is found", async (_, name, expected) => {
    expect(errorsIn(await withMember(name))).toEqual([expected]);
  });

  it("a package inside another folder is none", async () => {
    const report = await checkTar(tarOf(tarMembers(unstamped.files, "outer/package")));
    expect(errorsIn(report)).toEqual(["package-unreadable package"]);
  });

  it("one name twice is found, and so is a name that differs by case alone", async () => {
    expect(errorsIn(await withMember(`package/${video}`))).toEqual([`package-path ${video}`]);
    const found = errorsIn(await withMember("package/VERIFY.MD"));
    expect(found).toContain("package-path VERIFY.md");
  });

  it.each([
    ["a hard link", "1"],
    ["a symbolic link", "2"],
    ["a character device", "3"],
    ["a block device", "4"],
    ["a pipe", "6"],
  ])("%s ends the check, is not followed, and nothing counts as passed", async (_, type) => {
    const more = { type, link: "/etc/passwd", content: Buffer.alloc(0) };
    const report = await withMember("package/data/link", more);
    expect(errorsIn(report)).toEqual(["package-unreadable package"]);
    expect(statesOf(report)).toBe(nothingChecked);
  });

  it.each([
    ["a sparse file", { type: "S" }],
    ["a global header", { type: "g", content: Buffer.from("20 path=package/x.t\n") }],
    ["a member of an unknown kind", { type: "Z" }],
    ["a link with content", { type: "1", link: "package/x" }],
    ["a negative size", { size: Buffer.from("ffffffffffffffffffffff00", "hex") }],
    ["a size beyond every number", { size: Buffer.from("80ffffffffffffffffffffff", "hex") }],
    [
      "a size of terabytes that the file does not have",
      { size: Buffer.from("800000000000040000000000", "hex") },
    ],
    ["a size that is no number", { size: "0000000zzzz" }],
    ["a sparse file of another form", { type: "x", content: Buffer.from("22 GNU.sparse.major=1\n") }],
    ["an extended header with a negative length", { type: "x", content: Buffer.from("-9 path=x\n") }],
    ["an extended header with a negative size", { type: "x", content: Buffer.from("11 size=-7\n") }],
    [
      "an extended header that says a name twice",
      { type: "x", content: Buffer.from("9 path=a\n9 path=b\n") },
    ],
    ["an extended header of megabytes", { type: "x", content: Buffer.alloc(2 * 1024 * 1024, "a") }],
    ["an extended header with nothing behind it", { type: "x", content: Buffer.from("9 path=a\n") }],
  ])("%s ends the check, and nothing counts as passed", async (_, more) => {
    const report = await withMember("package/data/x", more);
    expect(errorsIn(report)).toEqual(["package-unreadable package"]);
    expect(statesOf(report)).toBe(nothingChecked);
  });

  it("a name in an extended header of GNU counts, and is held to the same rules", async () => {
    const long = (path: string) => {
      return { name: "././@LongLink", type: "L", content: Buffer.from(`${path}\u0000`) };
    };
    const escaping = [
      ...members(),
      long("package/../../x"),
      { name: "package/data/y", content: Buffer.from("y") },
    ];
    expect(errorsIn(await checkTar(tarOf(escaping)))).toEqual(["package-path ../../x"]);
    const hiding = [
      ...members(),
      long(`package/${video}`),
      { name: "package/data/y", content: Buffer.from("y") },
    ];
    expect(errorsIn(await checkTar(tarOf(hiding)))).toEqual([`package-path ${video}`]);
  });

  it("a tar that breaks off is found wherever it does", async () => {
    const whole = tarOf(members());
    for (const length of [
      0,
      100,
      512,
      700,
      5000,
      whole.length - 1024,
      whole.length - 512,
      whole.length - 1,
    ]) {
      const report = await checkTar(Buffer.from(whole.subarray(0, length)));
      expect([length, errorsIn(report)]).toEqual([length, ["package-unreadable package"]]);
      expect(statesOf(report)).toBe(nothingChecked);
    }
  });

  it("something behind the end is found: another reader may see another package", async () => {
    const hidden = tarMember({ name: "package/data/hidden.txt", content: Buffer.from("hidden") });
    const report = await checkTar(tarOf(members(), Buffer.concat([Buffer.alloc(1024), hidden])));
    expect(errorsIn(report)).toEqual(["package-unreadable package"]);
    const between = tarOf(members());
    const padding = 512 + (members()[0]?.content?.length ?? 0);
    between[padding] = 1;
    expect(errorsIn(await checkTar(between))).toEqual(["package-unreadable package"]);
  });

  it("a header with a wrong checksum ends the check", async () => {
    const whole = tarOf(members());
    whole[0] = 0x41;
    expect(errorsIn(await checkTar(whole))).toEqual(["package-unreadable package"]);
  });

  it("a tar of ten thousand headers is gone through, and not further than the bound", async () => {
    const place = freshPlace();
    const one = tarMember({ name: "package/data/x.txt" });
    const block = Buffer.concat(Array.from({ length: 2000 }, () => one));
    const path = join(place, "package.tar");
    writeFileSync(path, tarOf(members(), Buffer.alloc(0)));
    for (let round = 0; round < 5; round += 1) writeFileSync(path, block, { flag: "a" });
    writeFileSync(path, Buffer.alloc(1024), { flag: "a" });
    const request = { path, against: null, signers: null, tsaCa: null, quick: false };
    const many = await verifyPackage(request, testWorld());
    expect(errorsIn(many)).toContain("package-path data/x.txt");
    const bounded = await verifyPackage(request, testWorld(), { ...packageLimits, files: 8000 });
    expect(errorsIn(bounded)).toEqual(["package-unreadable package"]);
  });

  it("what is compressed or encrypted once more is refused with the program that undoes it", async () => {
    const place = freshPlace();
    const wrapped = {
      gunzip: "\u001f\u008b\u0008",
      age: "age-encryption.org/v1\n",
      unxz: "\u00fd7zXZ\u0000",
      bagit: "PK\u0003\u0004",
    };
    for (const [program, first] of Object.entries(wrapped)) {
      const path = join(place, "package.tar");
      writeFileSync(path, Buffer.from(first.padEnd(600, "x"), "latin1"));
      const { status, stderr } = await holdfast(["verify", path]);
      expect(status).toBe(2);
      expect(stderr).toMatch(new RegExp(`it is (compressed|encrypted|a zip file).*${program}`, "s"));
    }
  });

  it("is read through a link that the checker named, and never through one that it holds", async () => {
    const place = freshPlace();
    writeFileSync(join(place, "package.tar"), tarOf(members()));
    symlinkSync("package.tar", join(place, "link.tar"));
    expect(errorsIn(await checkIn(place, "link.tar"))).toEqual([]);
  });
});

describe("packages damaged at random", () => {
  it("never pass, manifests made anew or not (10 of the soak's packages)", async () => {
    for (let seed = 1; seed <= 10; seed += 1) await damageMember(roundOf(seed), clean.files, scratch.path);
  });

  it("as raw bytes of a tar are findings or a refusal, and never a crash (8 of the soak's tars)", async () => {
    for (let seed = 1; seed <= 8; seed += 1) await damageTar(roundOf(seed), clean.files, scratch.path);
  });
});
