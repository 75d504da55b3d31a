import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { packageLimits } from "../../src/vault/package/scan.js";
import { verifyPackage } from "../../src/verify/package.js";
import { holdfast } from "../support/cli.js";
import {
  checkIn,
  errorsIn,
  nothingChecked,
  packagePlaces,
  statesOf,
  video,
} from "../support/damaged-packages.js";
import { makePackage, tarMember, tarMembers, tarOf } from "../support/packages.js";
import { testWorld } from "../support/vaults.js";

const { checkTar, freshPlace } = packagePlaces();
/** Without a time-stamp: it makes no difference to a tar. */
const unstamped = makePackage();

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
