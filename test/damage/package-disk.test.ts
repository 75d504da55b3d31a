import { execFileSync } from "node:child_process";
import { linkSync, mkdirSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { packageLimits } from "../../src/vault/package/scan.js";
import { verifyPackage } from "../../src/verify/package.js";
import {
  checkIn,
  errorsIn,
  nothingChecked,
  packagePlaces,
  record,
  statesOf,
  video,
} from "../support/damaged-packages.js";
import { captureA, makePackage, rebag, writeFolder } from "../support/packages.js";
import { testWorld } from "../support/vaults.js";

const { damaged, damagedOnDisk, freshPlace } = packagePlaces();
/** Without a time-stamp: it makes no difference to names, links and sizes. */
const unstamped = makePackage();

describe("names, links and bombs on disk", () => {
  it.each([
    ["a backslash", "data\\..\\x.txt"],
    ["a space", "data/a b.txt"],
    ["a line feed", "data/a\nb.txt"],
    ["a colon", "data/a.txt:evil"],
    ["a letter that is not ASCII", "data/видео.mp4"],
    ["more than 200 bytes", `data/${"long-name/".repeat(20)}x.txt`],
  ])("a name with %s is found and not opened", async (_, name) => {
    const report = await damagedOnDisk(unstamped, (folder) => {
      mkdirSync(join(folder, name, ".."), { recursive: true });
      writeFileSync(join(folder, name), "planted");
    });
    expect(report.findings.filter(({ code }) => code === "package-path")).toHaveLength(1);
    expect(report.hashes).toBe("fail");
  });

  it("a name that is no UTF-8 is found", async () => {
    const report = await damagedOnDisk(unstamped, (folder) =>
      writeFileSync(Buffer.from(`${folder}/data/\u00ff.txt`, "latin1"), "planted"),
    );
    expect(errorsIn(report)).toEqual(["package-path data/\ufffd.txt"]);
  });

  it("names that differ by case alone are found", async () => {
    const report = await damaged(unstamped, (files) => {
      files.set("data/INDEX.html", Buffer.from("planted"));
      rebag(files);
    });
    expect(errorsIn(report)).toContain("package-path data/index.html");
    const folders = await damaged(unstamped, (files) => {
      files.set(`DATA/${captureA}/x.txt`, Buffer.from("planted"));
      rebag(files);
    });
    expect(errorsIn(folders).some((finding) => /^package-path data/i.test(finding))).toBe(true);
  });

  it("links to a file, to a folder and to nowhere are found and not followed", async () => {
    const report = await damagedOnDisk(unstamped, (folder, outside) => {
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
    const report = await damagedOnDisk(unstamped, (folder, outside) => {
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
    const report = await damagedOnDisk(unstamped, (folder, outside) => {
      execFileSync("mv", [join(folder, "proof"), join(outside, "proof")]);
      symlinkSync(join(outside, "proof"), join(folder, "proof"));
    });
    expect(errorsIn(report)).toContain("package-path proof");
    expect(errorsIn(report)).toContain("log-empty proof/entries.jsonl");
    expect(report.chain).toBe("fail");
  });

  it("a pipe is found and not waited for", async () => {
    const report = await damagedOnDisk(unstamped, (folder) =>
      execFileSync("mkfifo", [join(folder, "data", "pipe")]),
    );
    expect(errorsIn(report)).toEqual(["package-path data/pipe"]);
    const instead = await damagedOnDisk(unstamped, (folder) => {
      execFileSync("rm", [join(folder, "bag-info.txt")]);
      execFileSync("mkfifo", [join(folder, "bag-info.txt")]);
    });
    expect(errorsIn(instead)).toEqual(["package-version bag-info.txt"]);
  });

  it("a second name of a file on the same disk is a file like any other", async () => {
    const report = await damagedOnDisk(unstamped, (folder) =>
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
      const report = await damagedOnDisk(unstamped, (folder) => {
        writeFileSync(join(folder, path), "");
        truncateSync(join(folder, path), huge);
      });
      expect([path, report.ok]).toEqual([path, false]);
    }
  });

  it("a line of a gigabyte is not read into memory", async () => {
    const report = await damagedOnDisk(unstamped, (folder) =>
      truncateSync(join(folder, "proof/entries.jsonl"), 1024 ** 3),
    );
    expect(errorsIn(report)).toContain("too-large proof/entries.jsonl");
    expect(report).toMatchObject({ hashes: "fail", chain: "unchecked" });
    const within = await damagedOnDisk(unstamped, (folder) =>
      truncateSync(join(folder, "proof/entries.jsonl"), 100 * 1024 ** 2),
    );
    expect(errorsIn(within)).toContain("too-large proof/entries.jsonl");
    expect(within.chain).not.toBe("pass");
  });

  it("JSON that is nested a million deep is refused", async () => {
    const deep = Buffer.from(`${"[".repeat(1_000_000)}${"]".repeat(1_000_000)}\n`);
    const report = await damaged(unstamped, (files) => {
      files.set("proof/entries.jsonl", Buffer.concat([files.get("proof/entries.jsonl") ?? deep, deep]));
      files.set(record, deep);
      rebag(files);
    });
    expect(errorsIn(report)).toEqual([
      `file-changed ${record}`,
      "log-too-deep entry:6",
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
