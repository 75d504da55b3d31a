import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { verifyPackage } from "../../src/verify/package.js";
import type { PackageReport } from "../../src/verify/reports.js";
import { makePackage, type TarMember, tarMember, tarMembers, tarOf } from "../support/packages.js";
import { hasPython, openSecondOpinion } from "../support/second-opinion.js";
import { temporaryFolder, testWorld } from "../support/vaults.js";

/*
 * What `verify` reads of a tar file must be what others unpack from it. Where one of these programs is not on this
 * machine, its tests are skipped by its name.
 */

const scratch = temporaryFolder();
const secondOpinion = hasPython ? openSecondOpinion() : null;
afterAll(async () => {
  await secondOpinion?.end();
  spawnSync("chmod", ["-R", "u+rwX", scratch.path]);
  scratch.remove();
});

const clean = makePackage();
const members = tarMembers(clean.files);
let count = 0;

function place(): string {
  count += 1;
  const path = join(scratch.path, `place-${count}`);
  mkdirSync(path);
  return path;
}

function keep(bytes: Buffer): string {
  const path = join(place(), "package.tar");
  writeFileSync(path, bytes);
  return path;
}

function check(path: string): Promise<PackageReport> {
  return verifyPackage({ path, against: null, signers: null, tsaCa: null, quick: false }, testWorld());
}

/** Unpacks the first file into the first folder, the second into the second, and so on: Python starts slowly. */
const python = `import sys, tarfile
trusted = {'filter': 'fully_trusted'} if hasattr(tarfile, 'data_filter') else {}
for file, to in zip(sys.argv[1::2], sys.argv[2::2]):
    tarfile.open(file).extractall(to, **trusted)`;

type Command = readonly string[];
type Unpack = readonly [file: string, to: string];

/** What unpacks all of these. */
const unpackers: readonly (readonly [
  name: string,
  commands: (all: readonly Unpack[]) => readonly Command[],
])[] = [
  ["tar", (all) => all.map(([file, to]) => ["tar", "--no-same-owner", "-xf", file, "-C", to])],
  ["bsdtar", (all) => all.map(([file, to]) => ["bsdtar", "--no-same-owner", "-xf", file, "-C", to])],
  ["busybox", (all) => all.map(([file, to]) => ["busybox", "tar", "-xf", file, "-C", to, "-o"])],
  ["python3", (all) => [["python3", "-c", python, ...all.flat()]]],
];

const isThere = (name: string) => spawnSync("sh", ["-c", `command -v ${name}`]).status === 0;
const here = unpackers.filter(([name]) => isThere(name));

/** Every file under a folder by its path. */
function filesIn(folder: string): ReadonlyMap<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: "latin1" });
  const files = names.filter((name) => statSync(Buffer.from(join(folder, name), "latin1")).isFile());
  return new Map(
    files.sort().map((name) => [name, readFileSync(Buffer.from(join(folder, name), "latin1"), "base64")]),
  );
}

const packed = new Map(
  [...clean.files]
    .map(([path, bytes]): [string, string] => [`package/${path}`, bytes.toString("base64")])
    .sort(),
);

/** What a program unpacks from each of these files, and what it has to say if it fails. */
function unpacked(files: readonly string[], commandsFor: (all: readonly Unpack[]) => readonly Command[]) {
  const all = files.map((file): Unpack => [file, place()]);
  const failures = commandsFor(all).flatMap(([program = "", ...args]) => {
    const { status, stderr } = spawnSync(program, args, { encoding: "utf8" });
    return status === 0 ? [] : [stderr];
  });
  return { failures, contents: all.map(([, to]) => filesIn(to)) };
}

function pax(...records: readonly string[]): TarMember {
  const lines = records.map((record) => {
    const rest = ` ${record}\n`;
    let length = rest.length + 1;
    while (String(length).length + rest.length !== length) length += 1;
    return `${length}${rest}`;
  });
  return { name: "package/PaxHeaders/x", type: "x", content: Buffer.from(lines.join(""), "latin1") };
}

/** A member with other bytes in its header, and the checksum that fits them. */
function patched(member: TarMember, at: number, bytes: string | Buffer): Buffer {
  const whole = tarMember(member);
  Buffer.from(bytes as string, "latin1").copy(whole, at);
  whole.write("        ", 148, "latin1");
  const sum = whole.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  whole.write(`${sum.toString(8).padStart(6, "0")}\u0000 `, 148, "latin1");
  return whole;
}

const gnu = "ustar  \u0000";
const first = members[0] as TarMember;
const rest = members.slice(1);
const last = members.at(-1) as TarMember;

/** The package with something before its last member, or with that member otherwise. */
function withLast(...parts: readonly (TarMember | Buffer)[]): Buffer {
  const begin = members.slice(0, -1).map(tarMember);
  const end = parts.map((part) => (Buffer.isBuffer(part) ? part : tarMember(part)));
  return Buffer.concat([...begin, ...end, Buffer.alloc(1024)]);
}

const harmless: readonly (readonly [title: string, bytes: Buffer])[] = [
  ["nothing else", tarOf(members)],
  [
    "folders of its own",
    tarOf([{ name: "package/", type: "5" }, { name: "package/data/", type: "5" }, ...members]),
  ],
  [
    "an owner, a group and times in an extended header",
    withLast(pax("uid=1000", "gname=staff", "mtime=1767600000.5", "atime=1", "ctime=-1.25"), last),
  ],
  ["a comment", withLast(pax("comment=made by hand"), last)],
  [
    "its own name and size in an extended header",
    withLast(pax(`path=${last.name}`, `size=${last.content?.length}`), last),
  ],
  [
    "its own name as a long name",
    withLast({ name: "././@LongLink", type: "L", content: Buffer.from(`${last.name}\u0000`) }, last),
  ],
  [
    "headers of GNU",
    Buffer.concat([...members.map((member) => patched(member, 257, gnu)), Buffer.alloc(1024)]),
  ],
  [
    "a binary time before 1970",
    withLast(patched(last, 136, Buffer.from(`${"ff".repeat(8)}fe1ef800`, "hex"))),
  ],
  ["an owner in binary", withLast(patched(last, 108, Buffer.from("8000000001000000", "hex")))],
  ["a size in binary", withLast(patched(last, 124, sizeOf(last)))],
  [
    "a name in two parts",
    Buffer.concat([
      patched({ ...first, name: first.name.slice("package/".length) }, 345, "package"),
      tarOf(rest),
    ]),
  ],
  ["owners that have a name", withLast(patched(last, 265, "somebody"))],
  ["zeros behind its end", tarOf(members, Buffer.alloc(10240))],
  ["a dot before its names", tarOf(tarMembers(clean.files, "./package"))],
  [
    "the folder in which it lay",
    tarOf([
      { name: "./", type: "5" },
      { name: "./package/", type: "5" },
      ...tarMembers(clean.files, "./package"),
    ]),
  ],
];

function sizeOf({ content = Buffer.alloc(0) }: TarMember): Buffer {
  const size = Buffer.alloc(12);
  size[0] = 0x80;
  size.writeBigUInt64BE(BigInt(content.length), 4);
  return size;
}

const other = "package/data/other.txt";

const refused: readonly (readonly [title: string, bytes: Buffer])[] = [
  ["a size of star's sparse files", withLast(pax("SCHILY.realsize=99"), last)],
  ["an attribute of the file system", withLast(pax("SCHILY.xattr.user.a=b"), last)],
  ["a kind of file from star", withLast(pax("SCHILY.filetype=sparse"), last)],
  ["the character set of names", withLast(pax("hdrcharset=BINARY"), last)],
  ["the character set of the content", withLast(pax("charset=ISO-IR 8859 1 1998"), last)],
  ["an attribute of bsdtar", withLast(pax("LIBARCHIVE.xattr.a=Yg=="), last)],
  ["a symbolic link's kind from bsdtar", withLast(pax("LIBARCHIVE.symlinktype=dir"), last)],
  ["a label of SELinux", withLast(pax("RHT.security.selinux=a"), last)],
  ["a comment of two lines", withLast(pax(`comment=a\n30 path=${other}`), last)],
  ["a comment with a NUL", withLast(pax("comment=a\u0000b"), last)],
  ["another name in an extended header", withLast(pax(`path=${last.name}`), { ...last, name: other })],
  ["no name in an extended header", withLast(pax("path="), last)],
  ["a time that no system has", withLast(pax("mtime=99999999999999"), last)],
  ["a time that is infinite", withLast(pax("mtime=inf"), last)],
  ["a time that is empty", withLast(pax("atime="), last)],
  ["an owner that no system has", withLast(pax("uid=99999999999999999999"), last)],
  ["an owner's name that is not UTF-8", withLast(pax("uname=\u00ff"), last)],
  [
    "a binary time that no system has",
    withLast(patched(last, 136, Buffer.from(`80${"ff".repeat(11)}`, "hex"))),
  ],
  ["a binary owner below zero", withLast(patched(last, 108, Buffer.alloc(8, 0xff)))],
  ["an extended header without a name", withLast({ ...pax("uid=1"), name: "" }, last)],
  ["a header for all that follow", withLast({ ...pax(`path=${other}`), type: "g" }, last)],
  ["a comment for all that follow", withLast({ ...pax("comment=a"), type: "g" }, last)],
  ["a sparse file of old GNU", withLast(patched({ ...last, type: "S" }, 257, gnu))],
  ["a long link", withLast({ name: "././@LongLink", type: "K", content: Buffer.from("a\u0000") }, last)],
  [
    "a prefix behind GNU's name, which some read and some do not",
    withLast(patched(last, 257, Buffer.concat([Buffer.from(gnu), Buffer.alloc(80), Buffer.from("package")]))),
  ],
  ["a header of star", withLast(patched(last, 508, "tar\u0000"))],
  ["a size without an end", withLast(patched(last, 124, octalOf(last)))],
  ["a mode that is no number", withLast(patched(last, 100, "rw-r--r-"))],
  ["an owner that is no number", withLast(patched(last, 108, "nobody\u0000\u0000"))],
  ["a time that is no number", withLast(patched(last, 136, "yesterday\u0000\u0000\u0000"))],
  ["a device that is no number", withLast(patched(last, 329, "devices\u0000"))],
  ["a file with a link's target", withLast(patched(last, 157, "package/data/index.html"))],
  ["a name with a slash at its end", withLast({ ...last, name: `${last.name}/` })],
  [
    "a dot before some of its names",
    tarOf([...tarMembers(clean.files).slice(1), ...tarMembers(clean.files, "./package").slice(0, 1)]),
  ],
  ["two dots before its names", tarOf(tarMembers(clean.files, "././package"))],
  [
    "two folders behind a dot",
    tarOf([...tarMembers(clean.files, "./package"), { name: "./other/", type: "5" }]),
  ],
  ["a dot that is a file", tarOf([{ name: "." }, ...tarMembers(clean.files, "./package")])],
  [
    "a file beside the folder behind a dot",
    tarOf([...tarMembers(clean.files, "./package"), { name: "./other" }]),
  ],
  ["one member twice", withLast(last, last)],
  ["a folder where a file is", withLast(last, { name: `${last.name}/`, type: "5" })],
  ["a folder that differs by capital letters alone", withLast(last, { name: "package/DATA/", type: "5" })],
  ["a contiguous file", withLast({ ...last, type: "7" })],
  ["an unknown kind of file", withLast({ ...last, type: "Z" })],
];

function octalOf({ content = Buffer.alloc(0) }: TarMember): string {
  return content.length.toString(8).padStart(12, "0");
}

describe("a tar file of a package with something that unpackers read differently is refused", () => {
  it.each(refused)("%s", async (_, bytes) => {
    const { ok, findings } = await check(keep(bytes));
    const codes = new Set(findings.filter(({ severity }) => severity === "error").map(({ code }) => code));
    expect([ok, codes.has("package-unreadable") || codes.has("package-path")]).toEqual([false, true]);
  });
});

describe.skipIf(secondOpinion === null)("the second opinion in Python", () => {
  const codesOf = ({ findings }: Pick<PackageReport, "findings">) =>
    findings.filter(({ severity }) => severity === "error").map(({ code, where }) => `${code} ${where}`);

  it.each([...refused, ...harmless])("of a package in a tar file with %s is the same", async (_, bytes) => {
    const file = keep(bytes);
    const told = await secondOpinion?.ask([file]);
    expect(told?.stderr).toBe("");
    expect(new Set(codesOf(JSON.parse(told?.stdout ?? "")))).toEqual(new Set(codesOf(await check(file))));
  });
});

describe("what is read of a tar file that is accepted is what other programs unpack from it", () => {
  it.each(harmless)("with %s nothing is wrong with it", async (_, bytes) => {
    const { ok, findings } = await check(keep(bytes));
    expect([ok, findings.filter(({ severity }) => severity === "error")]).toEqual([true, []]);
  });

  for (const [name, commandsFor] of unpackers) {
    const isHere = here.some(([one]) => one === name);
    it.skipIf(!isHere)(`${name} unpacks each of them to the files that were hashed`, () => {
      const files = harmless.map(([, bytes]) => keep(bytes));
      const { failures, contents } = unpacked(files, commandsFor);
      expect(failures).toEqual([]);
      for (const [at, [title]] of harmless.entries())
        expect([title, [...(contents[at] ?? [])]]).toEqual([title, [...packed]]);
    });
  }

  it.skipIf(!isThere("7z"))("7z unpacks each of them to the files that were hashed", () => {
    const files = harmless.map(([, bytes]) => keep(bytes));
    const { contents } = unpacked(files, (all) =>
      all.map(([file, to]) => ["7z", "x", "-y", `-o${to}`, file]),
    );
    for (const [at, [title]] of harmless.entries())
      expect([title, [...(contents[at] ?? [])]]).toEqual([title, [...packed]]);
  });

  it("whatever is changed in headers, what is still accepted unpacks to the same files everywhere", async () => {
    const headers = [0, 3, members.length - 1];
    const accepted: string[] = [];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...headers),
        fc.oneof(fc.nat(511), fc.integer({ min: 100, max: 160 }), fc.integer({ min: 257, max: 350 })),
        fc.uint8Array({ minLength: 1, maxLength: 3 }),
        async (which, at, bytes) => {
          const parts = members.map((member, place) =>
            place === which
              ? patched(member, Math.min(at, 512 - bytes.length), Buffer.from(bytes))
              : tarMember(member),
          );
          const file = keep(Buffer.concat([...parts, Buffer.alloc(1024)]));
          if ((await check(file)).ok) accepted.push(file);
        },
      ),
      { numRuns: 100, seed: 11 },
    );
    expect(accepted.length).toBeGreaterThan(5);
    for (const [name, commandsFor] of here) {
      for (const [at, files] of unpacked(accepted, commandsFor).contents.entries())
        expect([name, accepted[at], [...files]]).toEqual([name, accepted[at], [...packed]]);
    }
  });

  it("with a dot in place of its folder it is the same package, and unpacks to the same files", async () => {
    const byName = tarMembers(clean.files, ".");
    for (const some of [byName, [{ name: "./", type: "5" }, ...byName], byName.toReversed()]) {
      const file = keep(tarOf(some));
      expect((await check(file)).findings.filter(({ severity }) => severity === "error")).toEqual([]);
      const told = await secondOpinion?.ask([file]);
      expect(told === undefined || JSON.parse(told.stdout).ok).toBe(true);
      for (const [name, commandsFor] of here) {
        const [content = new Map()] = unpacked([file], commandsFor).contents;
        expect([name, [...content].map(([path, bytes]) => [`package/${path}`, bytes])]).toEqual([
          name,
          [...packed],
        ]);
      }
    }
  });

  it("a package as GNU tar, bsdtar, BusyBox and 7z pack it by themselves is accepted", async () => {
    const folder = place();
    for (const [path, bytes] of clean.files) {
      mkdirSync(join(folder, "package", path, ".."), { recursive: true });
      writeFileSync(join(folder, "package", path), bytes);
    }
    const packs = [["tar"], ["bsdtar"], ["busybox", "tar"]].flatMap((words) =>
      [
        ["-C", folder, "-cf", "FILE", "package"],
        ["-C", folder, "-cf", "FILE", "./package"],
        ["-C", join(folder, "package"), "-cf", "FILE", "."],
        ["-C", folder, "-cf", "FILE", "."],
      ].map((args) => [...words, ...args]),
    );
    const all = [...packs, ["7z", "a", "-ttar", "FILE", join(folder, "package")]];
    for (const words of all.filter(([program = ""]) => isThere(program))) {
      const file = join(place(), "package.tar");
      const [program = "", ...args] = words.map((word) => (word === "FILE" ? file : word));
      execFileSync(program, args, { stdio: "ignore" });
      expect([words.join(" "), (await check(file)).ok]).toEqual([words.join(" "), true]);
    }
  });
});
