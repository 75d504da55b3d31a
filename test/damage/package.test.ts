import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { roundOf } from "../soak/rounds.js";
import {
  checkIn,
  errorsIn,
  flip,
  nothingChecked,
  packagePlaces,
  record,
  stampedPackages,
  statesOf,
  video,
} from "../support/damaged-packages.js";
import {
  allowedSignersOf,
  captureA,
  captureB,
  captureC,
  edit,
  makePackage,
  type PackageFiles,
  rebag,
  tarMembers,
  tarOf,
  writeFolder,
} from "../support/packages.js";
import { damageMember, damageTar } from "../trials/random-packages.js";

const places = packagePlaces();
const { checkTar, freshPlace } = places;
const { authority, clean } = stampedPackages();
/** The clean package, changed, and what is found in it. */
const damaged = (change: (files: PackageFiles) => unknown, brought = {}) =>
  places.damaged(clean, change, brought);

describe("a package as it was made", () => {
  it("has no finding but that nobody named signers and roots, as a folder and as a tar", async () => {
    const folder = await damaged(() => {});
    const tar = await checkTar(tarOf(tarMembers(clean.files)));
    for (const report of [folder, tar]) {
      expect(errorsIn(report)).toEqual([]);
      expect(new Set(report.findings.map(({ code }) => code))).toEqual(
        new Set(["entries-uncommitted", "token-untrusted"]),
      );
      expect(statesOf(report)).toBe("pass pass unchecked unchecked");
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
    expect(statesOf(report)).toBe("pass pass unchecked absent");
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
    expect(statesOf(report)).toBe("fail pass unchecked unchecked");
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

describe("packages damaged at random", () => {
  it("never pass, manifests made anew or not (10 of the soak's packages)", async () => {
    for (let seed = 1; seed <= 10; seed += 1) await damageMember(roundOf(seed), clean.files, places.path);
  });

  it("as raw bytes of a tar are findings or a refusal, and never a crash (8 of the soak's tars)", async () => {
    for (let seed = 1; seed <= 8; seed += 1) await damageTar(roundOf(seed), clean.files, places.path);
  });
});
