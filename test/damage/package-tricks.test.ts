import {
  closeSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { parseCheckpoint } from "../../src/audit/checkpoint.js";
import { withPackageCaveats } from "../../src/verify/caveats.js";
import { verifyPackage } from "../../src/verify/package.js";
import type { PackageReport } from "../../src/verify/reports.js";
import {
  makePackage,
  type PackageFiles,
  putCheckpoint,
  putEntries,
  rebag,
  type TarMember,
  tarMember,
  tarMembers,
  tarOf,
  writeFolder,
} from "../support/packages.js";
import { temporaryFolder, testWorld } from "../support/vaults.js";

const scratch = temporaryFolder();
afterAll(() => scratch.remove());

const clean = makePackage();
const members = tarMembers(clean.files);
let count = 0;

/** Everything under a folder by name, kind, size and times: what a check might write, make or remove. */
function snapshot(folder: string): string {
  return readdirSync(folder, { recursive: true, encoding: "latin1" })
    .map((name) => {
      const { mode, size, mtimeMs, ctimeMs, ino } = lstatSync(Buffer.from(`${folder}/${name}`, "latin1"));
      return `${name} ${mode} ${size} ${mtimeMs} ${ctimeMs} ${ino}`;
    })
    .sort()
    .join("\n");
}

/** Checks what `make` puts beside a neighbour, which is the same afterwards like everything around it. */
async function check(name: string, make: (path: string) => void, against: string | null = null) {
  count += 1;
  const place = join(scratch.path, `place-${count}`);
  mkdirSync(join(place, "outside"), { recursive: true });
  writeFileSync(join(place, "outside", "secret.txt"), "precious");
  make(join(place, name));
  const before = snapshot(place);
  try {
    const request = { path: join(place, name), against, signers: null, tsaCa: null, quick: false };
    return withPackageCaveats(await verifyPackage(request, testWorld()), request);
  } finally {
    expect(snapshot(place)).toBe(before);
  }
}

const checkTar = (bytes: Buffer) => check("package.tar", (path) => writeFileSync(path, bytes));

const withMembers = (...more: readonly TarMember[]) => checkTar(tarOf([...members, ...more]));

function errorsIn(report: PackageReport): readonly string[] {
  expect(report.ok).toBe(false);
  return report.findings
    .filter(({ severity }) => severity === "error")
    .map(({ code, where }) => `${code} ${where}`);
}

const planted = Buffer.from("planted");

function pax(...records: readonly string[]): TarMember {
  const lines = records.map((record) => {
    const rest = ` ${record}\n`;
    let length = rest.length + 1;
    while (String(length).length + rest.length !== length) length += 1;
    return `${length}${rest}`;
  });
  return { name: "package/PaxHeaders/x", type: "x", content: Buffer.from(lines.join("")) };
}

describe("names that another system reads in another way", () => {
  it.each([
    ["a drive letter", "C:"],
    ["a second stream", "index.html:evil"],
    ["a device", "CON"],
    ["a device with an ending", "aux.mp4"],
    ["a device with a number", "Lpt1.txt"],
    ["a dot at its end", "index.html."],
    ["a space at its end", "index.html "],
    ["a NUL", "index.html\u0000.png"],
    ["a composed letter", "caf\u00c3\u00a9.txt"],
    ["a letter and its mark apart", "cafe\u00cc\u0081.txt"],
    ["an escape sequence", "\u001b[2J.txt"],
    ["a right-to-left override", "\u00e2\u0080\u00aegpj.exe"],
    ["a tilde", "~root"],
  ])("%s in a tar is refused by its name, and nothing is written anywhere", async (_, name) => {
    const report = await withMembers({ name: `package/data/${name}`, content: planted });
    const where = `data/${Buffer.from(name, "latin1").toString("utf8")}`;
    expect(errorsIn(report)).toEqual([`package-path ${where}`]);
  });

  it("names of devices within longer ones are names like any other", async () => {
    for (const name of ["console.txt", "auxiliary", "com10.txt", "nul-1"]) {
      const report = await withMembers({ name: `package/data/${name}`, content: planted });
      expect(errorsIn(report)).not.toContain(`package-path data/${name}`);
    }
  });

  it.each(["CON", "aux.mp4", "index.html.", "C:"])(
    "the folder or file %s on disk is refused and not entered",
    async (name) => {
      const report = await check("package", (path) => {
        writeFolder(clean.files, path);
        mkdirSync(join(path, "data", name));
        writeFileSync(join(path, "data", name, "inside.txt"), "planted");
      });
      expect(errorsIn(report)).toEqual([`package-path data/${name}`]);
    },
  );
});

describe("archives that two readers take for two packages", () => {
  const whole = tarOf(members);
  const zeros = Buffer.alloc(512);

  it.each([
    [
      "bytes before it",
      Buffer.concat([Buffer.from("#!/bin/sh\n".padEnd(512, "#")), whole]),
      "number that cannot be read",
    ],
    ["a block of zeros before it", Buffer.concat([zeros, whole]), "after its end"],
    ["another package behind it", Buffer.concat([whole, whole]), "after its end"],
    ["a byte behind it", Buffer.concat([whole, Buffer.from("x")]), "after its end"],
    ["only one block of zeros at its end", Buffer.from(whole.subarray(0, -512)), "breaks off"],
    [
      "a size in an extended header that hides the next member",
      tarOf([
        ...members,
        pax(`size=${512 + 7}`),
        { name: "package/data/a", content: Buffer.alloc(3) },
        { name: "package/x", content: planted },
      ]),
      "two sizes",
    ],
    [
      "a size in an extended header that uncovers a member",
      tarOf([
        ...members,
        pax("size=0"),
        { name: "package/data/a", content: tarMember({ name: "package/data/b", content: planted }) },
      ]),
      "two sizes",
    ],
    [
      "a long link",
      tarOf([...members, { name: "././@LongLink", type: "K", content: Buffer.from("/etc/passwd\u0000") }]),
      "not a file or folder",
    ],
    [
      "a long name twice",
      tarOf([
        ...members,
        { name: "././@LongLink", type: "L", content: Buffer.from("package/data/a\u0000") },
        { name: "././@LongLink", type: "L", content: Buffer.from("package/data/b\u0000") },
        { name: "package/data/c", content: planted },
      ]),
      "followed by another",
    ],
    [
      "a long name before an extended header",
      tarOf([
        ...members,
        { name: "././@LongLink", type: "L", content: Buffer.from("package/a\u0000") },
        pax("path=package/b"),
        { name: "package/c" },
      ]),
      "followed by another",
    ],
    [
      "a link target in an extended header",
      tarOf([...members, pax("linkpath=/etc/passwd"), { name: "package/data/a" }]),
      "no package needs",
    ],
    [
      "a sparse file of pax",
      tarOf([
        ...members,
        pax("GNU.sparse.realsize=99999999999", "GNU.sparse.name=package/a"),
        { name: "package/a" },
      ]),
      "no package needs",
    ],
    [
      "a member of many volumes",
      tarOf([...members, { name: "package/data/a", type: "M", content: planted }]),
      "not a file or folder",
    ],
    [
      "a dump directory",
      tarOf([...members, { name: "package/data/a", type: "D", content: planted }]),
      "not a file or folder",
    ],
    [
      "a folder with content",
      tarOf([...members, { name: "package/data/a/", type: "5", content: planted }]),
      "folder in it has content",
    ],
    ["a header that is no ustar", withoutMagic(), "another form"],
    [
      "a number that is negative",
      tarOf([...members, { name: "package/data/a", size: "-0000000007\u0000" }]),
      "number that cannot be read",
    ],
    [
      "a member that is longer than the file",
      tarOf([...members, { name: "package/data/a", size: "77777777777\u0000" }]),
      "breaks off",
    ],
    [
      "itself in a folder",
      tarOf([...members, ...tarMembers(clean.files, "package2")]),
      "one folder, the same for all",
    ],
  ] as const)("with %s it is refused, and says why", async (_, bytes, why) => {
    const report = await checkTar(bytes);
    expect(errorsIn(report)).toEqual(["package-unreadable package"]);
    expect(report.findings[0]?.message).toMatch(why);
    expect([report.hashes, report.chain, report.signature, report.tokens]).toEqual(
      Array(4).fill("unchecked"),
    );
  });

  function withoutMagic(): Buffer {
    const old = tarMember({ name: "package/data/a", content: planted });
    old.fill(0, 257, 265);
    const sum = old
      .subarray(0, 512)
      .reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 0x20 : byte), 0);
    old.write(`${sum.toString(8).padStart(6, "0")}\u0000 `, 148, "latin1");
    return Buffer.concat([...members.map(tarMember), old, Buffer.alloc(1024)]);
  }

  it("a package, a zip and a compressed file inside a package are files that no entry names, and are not opened", async () => {
    for (const content of [
      whole,
      Buffer.from("PK\u0003\u0004rest"),
      Buffer.from("\u001f\u008b\u0008rest", "latin1"),
    ]) {
      const files: PackageFiles = new Map(clean.files);
      files.set("data/more.tar", content);
      rebag(files);
      expect(errorsIn(await checkTar(tarOf(tarMembers(files))))).toEqual(["file-unlogged data/more.tar"]);
    }
  });

  it("a member of two terabytes that is really there, as a hole, is not read", async () => {
    const bytes = 2 * 1024 ** 4;
    const size = Buffer.alloc(12);
    size[0] = 0x80;
    size.writeBigUInt64BE(BigInt(bytes), 4);
    const report = await check("package.tar", (path) => {
      const descriptor = openSync(path, "w");
      const begin = Buffer.concat([
        ...members.map(tarMember),
        tarMember({ name: "package/data/huge", size }),
      ]);
      writeSync(descriptor, begin);
      ftruncateSync(descriptor, begin.length + bytes + 1024);
      closeSync(descriptor);
    });
    expect(errorsIn(report)).toContain("file-unlogged data/huge");
    expect(report.checked.bytes).toBeLessThan(2 ** 20);
  });
});

describe("an old package", () => {
  /** What the vault gave out when its log had four entries; capture C and the second derivation came later. */
  function older(): PackageFiles {
    const files: PackageFiles = new Map(clean.files);
    for (const path of files.keys()) if (path.startsWith("proof/000007/")) files.delete(path);
    const captureC = [...clean.captures.keys()].at(-1) ?? "";
    for (const path of files.keys()) if (path.startsWith(`data/${captureC}/`)) files.delete(path);
    for (const path of files.keys()) if (path.includes("/derived/")) files.delete(path);
    files.set(
      "bag-info.txt",
      Buffer.from(String(files.get("bag-info.txt")).replace(/External-Identifier: \S+CCC\n/, "")),
    );
    putEntries(files, clean.log, [1, 2]);
    for (const path of files.keys()) if (/^proof\/000004\/\d+\.proof$/.test(path)) files.delete(path);
    putCheckpoint(files, clean.log, 4, [1, 2]);
    rebag(files);
    return files;
  }
  const newest = String(clean.files.get("proof/000007/checkpoint"));

  it("shown as new has nothing wrong in it, and the check says in words that it cannot know of later entries", async () => {
    const report = await check("package", (path) => writeFolder(older(), path));
    expect(report.ok).toBe(true);
    expect(report.limits.join(" ")).toContain(
      "nothing in it tells whether anything was logged later, and an older package cannot be told from the newest",
    );
  });

  it("is told from the newest state by whoever holds a later checkpoint", async () => {
    const report = await check("package", (path) => writeFolder(older(), path), newest);
    expect(parseCheckpoint(newest).size).toBe(7);
    const found = report.findings.find(({ code }) => code === "against-unchecked");
    expect(found?.message).toContain("has 7 entries and is newer than the package, which shows the first 4");
  });
});
