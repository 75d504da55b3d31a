import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { encodeCanonical } from "../../src/audit/canonical-json.js";
import { checkpointNamespace } from "../../src/audit/checkpoint.js";
import { sha256, sha512 } from "../../src/audit/digest.js";
import { lineHash } from "../../src/audit/entry.js";
import { type Ed25519Secret, signMessage } from "../../src/seal/private-key.js";
import { makeCertificates } from "../support/authority-certificates.js";
import { bareToken, der, handMade } from "../support/authority-stamps.js";
import {
  allowedSignersOf,
  captureA,
  captureB,
  captureC,
  edit,
  makeAuthority,
  makePackage,
  type PackageFiles,
  putCheckpoint,
  putEntries,
  rebag,
  secretOf,
  writeFolder,
} from "../support/packages.js";
import { temporaryFolder } from "../support/vaults.js";
import { readVectors } from "../support/vectors.js";

const scratch = temporaryFolder();
const authority = makeAuthority("First");
const stranger = makeAuthority("Stranger");
afterAll(() => {
  execFileSync("chmod", ["-R", "u+w", scratch.path]);
  scratch.remove();
  authority.remove();
  stranger.remove();
});

const texts = new URL("../../schemas/package/", import.meta.url);
const script = readFileSync(new URL("verify.sh", texts));
const guide = readFileSync(new URL("VERIFY.md", texts));

const clean = withTexts(makePackage({ stamp: authority.stamp }));
const { log } = clean;
const video = `data/${captureA}/original/track-1.mp4`;
const roots = keep("roots.pem", authority.root);
const signers = keep("signers", allowedSignersOf(log));
const trust = ["--signers", signers, "--tsa-ca", roots];

type Made = ReturnType<typeof makePackage>;

/** The same package with the texts that every package has. */
function withTexts(made: Made): Made {
  made.files.set("verify.sh", script).set("VERIFY.md", guide);
  rebag(made.files);
  return made;
}

function keep(name: string, content: string | Buffer): string {
  const path = join(scratch.path, name);
  writeFileSync(path, content);
  return path;
}

let count = 0;

/** The folder of a package in a place of its own. */
function write(files: PackageFiles): string {
  count += 1;
  return writeFolder(files, join(scratch.path, `place-${count}`, "package"));
}

/** All that the script may need beside a shell. */
const coreutils =
  "awk base64 basenc cat comm cut date head mkdir mktemp mv paste rm sha256sum sha512sum sort split tail tr uniq wc";
const needed = [...coreutils.split(" "), "openssl", "ssh-keygen"];

interface Outcome {
  readonly status: number | null;
  readonly steps: ReadonlyMap<string, string>;
  readonly text: string;
}

/** Runs the script of the repository, with nothing in the environment but where programs are. */
function verify(shell: string, folder: string, args = trust, path = process.env.PATH): Outcome {
  const tmp = join(dirname(folder), "tmp");
  mkdirSync(tmp, { recursive: true });
  const environment = ["-i", `PATH=${path}`, "LC_ALL=C", `TMPDIR=${tmp}`];
  const run = spawnSync("env", [...environment, shell, join(folder, "verify.sh"), ...args, folder], {
    cwd: dirname(folder),
    encoding: "utf8",
    input: "",
  });
  expect(readdirSync(tmp)).toEqual([]);
  expect(run.stderr).toBe("");
  const lines = [...run.stdout.matchAll(/^(PASS|FAIL|ABSENT|UNCHECKED) +([a-z]+) {2,}\S/gm)];
  const steps = new Map(lines.map(([, state = "", step = ""]) => [step, state]));
  expect(steps.size).toBe(lines.length);
  return { status: run.status, steps, text: run.stdout };
}

function failed({ steps }: Outcome): string[] {
  return [...steps].filter(([, state]) => state === "FAIL").map(([step]) => step);
}

function flip(files: PackageFiles, path: string, at = 5): void {
  const bytes = Buffer.from(files.get(path) ?? "");
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  files.set(path, bytes);
}

function move(files: PackageFiles, from: string, to: string): void {
  files.set(to, files.get(from) ?? Buffer.alloc(0));
}

/** `signed` of a checkpoint, as it follows from the other two. */
function resign(files: PackageFiles, folder: string, signature: string): void {
  const body = files.get(`${folder}/checkpoint`) ?? Buffer.alloc(0);
  files.set(`${folder}/checkpoint.sig`, Buffer.from(signature));
  files.set(`${folder}/signed`, Buffer.concat([body, Buffer.from(signature)]));
}

/** A new token over what is signed now, where only tokens of the newest checkpoint are no entries. */
function restamp(files: PackageFiles, folder: string): void {
  files.set(
    `${folder}/first.tsr`,
    authority.stamp("first", files.get(`${folder}/signed`) ?? Buffer.alloc(0)),
  );
}

/** The log with one more entry for each body, signed by the key in turn, and a package with its newest checkpoint. */
function longer(more: readonly { event: string; body: object; signedBy: Ed25519Secret }[]): PackageFiles {
  const files: PackageFiles = new Map(clean.files);
  const lines = [...log.lines];
  for (const { event, body, signedBy } of more) {
    const seq = lines.length + 1;
    const at = `2026-11-23T18:23:0${seq}.000Z`;
    const prev = lineHash(lines.at(-1) ?? "");
    lines.push(encodeCanonical({ v: 1, seq, prev, at, event, actor: "operator-7f3a", tool: "t/1", body }));
    const seqs = [1, 2, 4, 5, 6, 7, 8, 9].filter((one) => one <= seq);
    putEntries(files, { ...log, lines }, seqs);
    putCheckpoint(files, { ...log, lines, secret: signedBy }, seq, seqs);
  }
  rebag(files);
  return files;
}

/** The package with another text as its last entry, signed and stamped as if it had always been so. */
function putLastLine(files: PackageFiles, change: (line: string) => string): void {
  const before = log.lines.at(-1) ?? "";
  const lines = [...log.lines.slice(0, -1), change(before)];
  if (lines.at(-1) === before) throw new Error("there is nothing to change in the last entry");
  const seqs = [1, 2, 4, 5, 6, 7];
  putEntries(files, { ...log, lines }, seqs);
  putCheckpoint(files, { ...log, lines }, 7, seqs);
  restamp(files, "proof/000007");
}

const next = secretOf(8);
const rotation = (reason: string) => ({
  event: "key-rotated",
  body: { public_key: next.publicKey.line, previous: log.secret.publicKey.line, reason },
});
const later = {
  event: "derive-failed",
  body: { capture: captureA, reason: "the program stopped", runs: [] },
  signedBy: next,
};
const bothKeys = keep(
  "both",
  `${allowedSignersOf(log)}${allowedSignersOf({ vaultId: log.vaultId, secret: next })}`,
);

type Damage = readonly [
  title: string,
  steps: readonly string[],
  change: (files: PackageFiles) => unknown,
  after?: "as it is",
];

const damages: readonly Damage[] = [
  ["one changed byte of a video", ["manifests", "files"], (files) => flip(files, video), "as it is"],
  [
    "a changed byte of a text beside the data",
    ["tagmanifests"],
    (files) => flip(files, "VERIFY.md"),
    "as it is",
  ],
  ["a video changed and the manifests made anew", ["files"], (files) => flip(files, video)],
  [
    "a record changed and the manifests made anew",
    ["files"],
    (files) => flip(files, `data/${captureA}/record.json`),
  ],
  [
    "a derivation of another version",
    ["files"],
    (files) => files.set(`data/${captureA}/derived/ffprobe.json`, Buffer.from("one")),
  ],
  ["a file taken out", ["manifests", "complete", "files"], (files) => files.delete(video), "as it is"],
  ["a file taken out and the manifests made anew", ["files"], (files) => files.delete(video)],
  [
    "a planted file",
    ["complete", "files"],
    (files) => files.set(`data/${captureA}/original/planted.mp4`, Buffer.from("x")),
    "as it is",
  ],
  [
    "a planted file in manifests made anew",
    ["files"],
    (files) => files.set(`data/${captureA}/original/planted.mp4`, Buffer.from("x")),
  ],
  [
    "a planted capture",
    ["files"],
    (files) => files.set(`data/${captureB}/original/planted.mp4`, Buffer.from("x")),
  ],
  [
    "a planted file under proof/",
    ["complete"],
    (files) => files.set("proof/000007/note.txt", Buffer.from("x")),
  ],
  [
    "a manifest taken out",
    ["tagmanifests", "manifests", "complete"],
    (files) => files.delete("manifest-sha512.txt"),
    "as it is",
  ],
  [
    "a file with another size in bag-info.txt",
    ["complete"],
    (files) => {
      rebag(files);
      edit(files, "bag-info.txt", /Oxum: \d+/, "Oxum: 1");
      const info = files.get("bag-info.txt") ?? "";
      edit(files, "tagmanifest-sha256.txt", /\S+ {2}bag-info.txt/, `${sha256(info)}  bag-info.txt`);
      edit(files, "tagmanifest-sha512.txt", /\S+ {2}bag-info.txt/, `${sha512(info)}  bag-info.txt`);
    },
    "as it is",
  ],
  [
    "a manifest whose lines are not in order",
    ["manifests", "complete", "files"],
    (files) => {
      rebag(files);
      const lines = String(files.get("manifest-sha256.txt")).split(/(?<=\n)/);
      const manifest = Buffer.from([...lines.slice(1), lines[0]].join(""));
      files.set("manifest-sha256.txt", manifest);
      edit(files, "tagmanifest-sha256.txt", /\S+ {2}manifest-sha256/, `${sha256(manifest)}  manifest-sha256`);
      edit(files, "tagmanifest-sha512.txt", /\S+ {2}manifest-sha256/, `${sha512(manifest)}  manifest-sha256`);
    },
    "as it is",
  ],
  ...(
    [
      ["a second date", "Bagging-Date: 2026-11-24\n"],
      ["a second origin in other letter case", "holdfast-origin: holdfast/0\n"],
      ["a capture under a label in other letter case", `EXTERNAL-IDENTIFIER: ${captureB}\n`],
      ["a profile before a blank", "Holdfast-Profile : with-annex\n"],
      ["a value that goes on in the next line", " and more\n"],
      ["a line that is no label", "nothing\n"],
    ] as const
  ).map(
    ([what, line]): Damage => [
      `${what} in bag-info.txt`,
      ["complete"],
      (files) => edit(files, "bag-info.txt", /$/, line),
    ],
  ),
  [
    "captures in another order in bag-info.txt",
    ["complete"],
    (files) => {
      const [a, c] = [captureA, captureC].map((id) => `External-Identifier: ${id}\n`);
      edit(files, "bag-info.txt", `${a}${c}`, `${c}${a}`);
    },
  ],
  ...(
    [
      ["a blank", '"completeness": "whole"'],
      ["a key twice", '"completeness":"whole","completeness":"whole"'],
      ["a key out of order", '"completeness":"whole","capture":"x"'],
      ["a letter as an escape", '"completeness":"\\u0077hole"'],
      ["an escape in capitals", '"completeness":"\\u001F"'],
      ["half a character", '"completeness":"\\ud800"'],
      ["a fraction", '"completeness":1.5'],
      ["minus zero", '"completeness":-0'],
      ["a number beyond what is exact", '"completeness":9007199254740992'],
      ["a comma too many", '"completeness":"whole",'],
      ["a control character", '"completeness":"\u0007"'],
    ] as const
  ).map(
    ([what, text]): Damage => [
      `${what} in an entry that the operator signed so`,
      ["entries"],
      (files) => putLastLine(files, (line) => line.replace('"completeness":"whole"', text)),
    ],
  ),
  ["a byte behind a token", ["tokens"], (files) => edit(files, "proof/000007/first.tsr", /$/, "x")],
  ["another declaration of the bag", ["complete"], (files) => edit(files, "bagit.txt", "1.0", "0.9")],
  [
    "the last entry changed",
    ["inclusion", "files"],
    (files) =>
      edit(
        files,
        "proof/entries.jsonl",
        /"path":"derived\/ffprobe.json"(?![\s\S]*"path":"derived\/ffprobe.json")/,
        '"path":"derived/ffprobf.json"',
      ),
  ],
  [
    "a middle entry deleted",
    ["inclusion"],
    (files) => edit(files, "proof/entries.jsonl", /\{[^\n]*"seq":4,[^\n]*\n/, ""),
  ],
  [
    "the last entry deleted with its proof",
    ["files"],
    (files) => {
      edit(files, "proof/entries.jsonl", /\{[^\n]*"seq":7,[^\n]*\n/, "");
      files.delete("proof/000007/7.proof");
    },
  ],
  [
    "the last entry cut off in the middle",
    ["entries", "inclusion", "files"],
    (files) => edit(files, "proof/entries.jsonl", /.{20}\n$/, ""),
  ],
  ["entries in another order", ["entries"], (files) => putEntries(files, log, [1, 2, 5, 4, 6, 7])],
  [
    "an entry of a capture that is not in the package",
    ["entries"],
    (files) => {
      putEntries(files, log, [1, 2, 3, 4, 5, 6, 7]);
      for (const size of [4, 7])
        putCheckpoint(
          files,
          log,
          size,
          [1, 2, 3, 4, 5, 6, 7].filter((seq) => seq <= size),
        );
    },
  ],
  [
    "entry 1 taken out",
    ["entries", "inclusion", "checkpoints", "list", "signature", "files"],
    (files) => putEntries(files, log, [2, 4, 5, 6, 7]),
  ],
  [
    "no entry at all",
    ["entries", "inclusion", "checkpoints", "list", "signature", "files"],
    (files) => files.set("proof/entries.jsonl", Buffer.alloc(0)),
  ],
  [
    "a zero byte in an entry",
    ["entries"],
    (files) => edit(files, "proof/entries.jsonl", "operator", "oper\u0000ator"),
  ],
  [
    "a capture that bag-info.txt does not name",
    ["entries", "files"],
    (files) => edit(files, "bag-info.txt", `External-Identifier: ${captureC}\n`, ""),
  ],
  [
    "a capture without entries in bag-info.txt",
    ["entries"],
    (files) =>
      edit(
        files,
        "bag-info.txt",
        `Identifier: ${captureC}`,
        `Identifier: ${captureB}\nExternal-Identifier: ${captureC}`,
      ),
  ],
  ["a proof taken out", ["inclusion"], (files) => files.delete("proof/000004/2.proof")],
  [
    "a proof of another entry",
    ["inclusion"],
    (files) => move(files, "proof/000007/1.proof", "proof/000007/2.proof"),
  ],
  [
    "a proof with a changed hash",
    ["inclusion"],
    (files) => edit(files, "proof/000007/6.proof", /[0-9a-f](?=\n$)/, (found) => (found === "0" ? "1" : "0")),
  ],
  [
    "a proof that goes on behind the root",
    ["inclusion"],
    (files) => edit(files, "proof/000007/6.proof", /$/, `${"0".repeat(64)}\n`),
  ],
  [
    "a proof without an entry",
    ["inclusion"],
    (files) => move(files, "proof/000007/1.proof", "proof/000007/3.proof"),
  ],
  [
    "a proof with a line break of another system",
    ["inclusion"],
    (files) => edit(files, "proof/000007/6.proof", "\n", "\r\n"),
  ],
  [
    "a checkpoint with a fourth line",
    ["inclusion", "checkpoints"],
    (files) => edit(files, "proof/000007/checkpoint", /$/, "more\n"),
  ],
  [
    "a checkpoint under another number",
    ["inclusion", "checkpoints"],
    (files) => {
      for (const path of [...files.keys()].filter((one) => one.startsWith("proof/000007/"))) {
        move(files, path, path.replace("000007", "000008"));
        files.delete(path);
      }
    },
  ],
  [
    "no checkpoint",
    ["inclusion", "checkpoints", "tokens"],
    (files) => {
      for (const path of [...files.keys()].filter((one) => one.startsWith("proof/0"))) files.delete(path);
    },
  ],
  [
    "another origin in bag-info.txt",
    ["checkpoints", "signature"],
    (files) => edit(files, "bag-info.txt", /holdfast\/0f/, "holdfast/1f"),
  ],
  [
    "a signed checkpoint that is not its two parts",
    ["checkpoints"],
    (files) => flip(files, "proof/000004/signed", 100),
  ],
  [
    "a token over other data",
    ["tokens"],
    (files) => move(files, "proof/000004/first.tsr", "proof/000007/first.tsr"),
  ],
  ["a token that its entry does not name", ["tokens"], (files) => restamp(files, "proof/000004")],
  ["a token taken out whose entry is here", ["tokens"], (files) => files.delete("proof/000004/first.tsr")],
  [
    "a token of which a byte is changed",
    ["tokens"],
    (files) =>
      flip(files, "proof/000007/first.tsr", -20 + (files.get("proof/000007/first.tsr")?.length ?? 0)),
  ],
  [
    "a token that is none",
    ["tokens"],
    (files) => files.set("proof/000007/first.tsr", Buffer.from("granted")),
  ],
  [
    "a token of an authority that was not named",
    ["tokens"],
    (files) =>
      files.set(
        "proof/000007/second.tsr",
        stranger.stamp("", files.get("proof/000007/signed") ?? Buffer.alloc(0)),
      ),
  ],
  [
    "an OpenTimestamps proof over other data",
    ["tokens"],
    (files) => files.set("proof/000007/calendar.ots", otsOver(Buffer.from("else"))),
  ],
  ["a signature taken out", ["tokens", "signature"], (files) => files.delete("proof/000007/checkpoint.sig")],
  [
    "a signature of another checkpoint",
    ["signature"],
    (files) => {
      resign(files, "proof/000007", files.get("proof/000004/checkpoint.sig")?.toString() ?? "");
      restamp(files, "proof/000007");
    },
  ],
  [
    "a signature by another key",
    ["signature"],
    (files) => {
      resign(
        files,
        "proof/000007",
        signMessage(files.get("proof/000007/checkpoint") ?? Buffer.alloc(0), checkpointNamespace, next),
      );
      restamp(files, "proof/000007");
    },
  ],
  [
    "a signature for another purpose",
    ["signature"],
    (files) => {
      resign(
        files,
        "proof/000007",
        signMessage(files.get("proof/000007/checkpoint") ?? Buffer.alloc(0), "file", log.secret),
      );
      restamp(files, "proof/000007");
    },
  ],
  [
    "a witness's signature over other data",
    ["witnesses"],
    (files) =>
      files.set(witnessPath(), Buffer.from(signMessage(Buffer.from("else"), checkpointNamespace, next))),
  ],
  [
    "a witness's signature by another key than its name says",
    ["witnesses"],
    (files) =>
      files.set(
        witnessPath(),
        Buffer.from(
          signMessage(
            files.get("proof/000007/checkpoint") ?? Buffer.alloc(0),
            checkpointNamespace,
            secretOf(3),
          ),
        ),
      ),
  ],
  [
    "a profile that nobody knows",
    ["version"],
    (files) => edit(files, "bag-info.txt", "Profile: redacted", "Profile: whole"),
  ],
  [
    "no profile, and reads on to a changed video",
    ["version", "files"],
    (files) => {
      edit(files, "bag-info.txt", /Holdfast-Profile: .*\n/, "");
      flip(files, video);
    },
  ],
  [
    "an annex that bag-info.txt does not speak of",
    ["annex"],
    (files) =>
      files.set(
        `data/${captureA}/annex/annex.json`,
        withAnnex.files.get(`data/${captureA}/annex/annex.json`) ?? Buffer.alloc(0),
      ),
  ],
];

const withAnnex = withTexts(makePackage({ stamp: authority.stamp, withAnnex: true }));

function witnessPath(): string {
  return `proof/000007/witness-${sha256(next.publicKey.blob).slice(0, 16)}.sig`;
}

function otsOver(signed: Buffer): Buffer {
  const head = "004f70656e54696d657374616d7073000050726f6f6600bf89e2e884e892940108";
  return Buffer.from(`${head}${sha256(signed)}0083dfe30d2ef90c8e`, "hex");
}

describe.each(["dash", "bash"])("verify.sh under %s", (shell) => {
  it("a clean package passes every step with key and roots from elsewhere", () => {
    const outcome = verify(shell, write(clean.files));
    expect(Object.fromEntries(outcome.steps)).toEqual({
      names: "PASS",
      version: "PASS",
      tagmanifests: "PASS",
      manifests: "PASS",
      complete: "PASS",
      entries: "PASS",
      inclusion: "PASS",
      checkpoints: "PASS",
      list: "ABSENT",
      tokens: "PASS",
      signature: "PASS",
      witnesses: "ABSENT",
      against: "ABSENT",
      files: "PASS",
      annex: "ABSENT",
    });
    expect(outcome.status).toBe(0);
  });

  it("it needs nothing but a shell, awk, coreutils, openssl and ssh-keygen", () => {
    const folder = write(clean.files);
    const programs = join(dirname(folder), "programs");
    mkdirSync(programs);
    for (const name of [shell, ...needed]) symlinkSync(programPath(name), join(programs, name));
    const outcome = verify(shell, folder, trust, programs);
    expect([outcome.status, outcome.text]).toEqual([0, verify(shell, folder).text]);
  });

  it("without key and roots the signature and the tokens are unchecked and the status is 3", () => {
    const outcome = verify(shell, write(clean.files), []);
    expect(failed(outcome)).toEqual([]);
    expect([outcome.steps.get("signature"), outcome.steps.get("tokens"), outcome.status]).toEqual([
      "UNCHECKED",
      "UNCHECKED",
      3,
    ]);
  });

  it("a package without a token has none: ABSENT, and the status is 3", () => {
    const outcome = verify(shell, write(withTexts(makePackage()).files));
    expect([outcome.steps.get("tokens"), outcome.steps.get("signature"), outcome.status]).toEqual([
      "ABSENT",
      "PASS",
      3,
    ]);
  });

  // Every damage under one of the two: what differs between the shells shows in the tests around this.
  const own = damages.filter((_, index) => (index % 2 === 0) === (shell === "dash"));
  for (const [title, steps, change, after] of own) {
    it(`finds ${title} at ${steps.join(" and ")}`, () => {
      const files = new Map(clean.files);
      change(files);
      if (after === undefined) rebag(files);
      const outcome = verify(shell, write(files));
      expect(failed(outcome).sort()).toEqual([...steps].sort());
      expect(outcome.status).toBe(1);
    });
  }

  it("all made anew with another key fails at the signature, but only with the key from elsewhere", () => {
    const folder = write(withTexts(makePackage({ secret: secretOf(9), stamp: authority.stamp })).files);
    expect(failed(verify(shell, folder))).toEqual(["signature"]);
    expect(verify(shell, folder, ["--tsa-ca", roots]).status).toBe(3);
  });

  it("all made anew by the operator passes alone and fails against an older checkpoint", () => {
    const made = makePackage({ video: Buffer.from("another video"), stamp: authority.stamp });
    const folder = write(withTexts(made).files);
    expect(verify(shell, folder).status).toBe(0);
    const held = keep("held", clean.files.get("proof/000007/checkpoint") ?? "");
    const outcome = verify(shell, folder, [...trust, "--against", held]);
    expect([failed(outcome), outcome.status]).toEqual([["against"], 1]);
    expect(verify(shell, write(clean.files), [...trust, "--against", held]).steps.get("against")).toBe(
      "PASS",
    );
  });

  it("an older checkpoint of a size that the package lacks is unchecked; one of another log, or none at all, fails", () => {
    const folder = write(clean.files);
    const of = (text: string) =>
      verify(shell, folder, [...trust, "--against", keep("held", text)]).steps.get("against");
    const root = Buffer.alloc(32, 1).toString("base64");
    expect(of(`holdfast/${log.vaultId}\n5\n${root}\n`)).toBe("UNCHECKED");
    expect(of(`holdfast/${"f".repeat(32)}\n7\n${root}\n`)).toBe("FAIL");
    expect(of("no checkpoint\n")).toBe("FAIL");
  });

  it("a key that the packaged allowed_signers does not name fails at the signature", () => {
    const files = new Map(clean.files);
    files.set("proof/allowed_signers", Buffer.from(allowedSignersOf({ vaultId: log.vaultId, secret: next })));
    rebag(files);
    expect(failed(verify(shell, write(files), []))).toEqual(["signature"]);
  });

  it("a change of key passes where the old key signed it, and a lost key's only where the checker names the new one", () => {
    const signed = write(longer([{ ...rotation("routine"), signedBy: log.secret }, later]));
    const given = ["--signers", bothKeys, "--tsa-ca", roots];
    expect(verify(shell, signed, given).status).toBe(0);
    expect(failed(verify(shell, signed, trust))).toEqual(["signature"]);
    const usurped = write(longer([{ ...rotation("routine"), signedBy: next }, later]));
    expect(failed(verify(shell, usurped, given))).toEqual(["signature"]);
    const files = longer([{ ...rotation("lost"), signedBy: next }, later]);
    files.set("proof/allowed_signers", readFileSync(bothKeys));
    rebag(files);
    const lost = write(files);
    expect(verify(shell, lost, given).status).toBe(0);
    expect(failed(verify(shell, lost, []))).toEqual(["signature"]);
  });

  it("a key that was not in force at the time of the token is not passed", () => {
    const limited = allowedSignersOf(log).replace(" ssh-", ',valid-before="20200101000000Z" ssh-');
    const outcome = verify(shell, write(clean.files), [
      "--signers",
      keep("limited", limited),
      "--tsa-ca",
      roots,
    ]);
    expect(failed(outcome)).toEqual(["signature"]);
  });

  it("a token whose certificate has run out since passes at its time, and one made after that fails", async () => {
    const folder = join(scratch.path, `old-${shell}`);
    mkdirSync(folder);
    const old = makeCertificates(folder, "Old", true);
    const base = makePackage({ stamp: authority.stamp, day: "2018-05-30" }).files;
    const files = withTexts({ ...clean, files: base }).files;
    const stampAt = async (genTime: string) => {
      const digest = Buffer.from(sha256(files.get("proof/000007/signed") ?? ""), "hex");
      const token = await handMade(
        folder,
        { digest, nonce: Buffer.alloc(8, 0xff), genTime },
        old.signer("p256"),
      );
      files.set("proof/000007/old.tsr", token);
      rebag(files);
      return verify(shell, write(files), [
        "--signers",
        signers,
        "--tsa-ca",
        keep("two.pem", authority.root + old.rootPem),
      ]);
    };
    const before = await stampAt("20180601000000Z");
    expect([failed(before), before.status]).toEqual([[], 0]);
    expect(before.text).toContain("2018-06-01T00:00:00Z");
    expect(failed(await stampAt("20240601000000Z"))).toEqual(["tokens"]);
  });

  it("a token over a digest that is not SHA-256 fails, however well it is signed", async () => {
    const files = new Map(clean.files);
    const made = mkdtempSync(join(scratch.path, "imprint-"));
    const own = makeCertificates(made, "Own", false);
    // The certificate is made first: it is not valid before its own second.
    const signer = own.signer("p256");
    const now = new Date().toISOString().replace(/[-:T]|\.\d+/g, "");
    const given = ["--signers", signers, "--tsa-ca", keep("own.pem", authority.root + own.rootPem)];
    const stampWith = async (name: string, identifier: string) => {
      const digest = createHash(name)
        .update(files.get("proof/000007/signed") ?? "")
        .digest();
      const imprintAlgorithm = Buffer.from(identifier, "hex");
      const asked = { digest, imprintAlgorithm, nonce: Buffer.alloc(8, 0xff), genTime: now };
      files.set("proof/000007/own.tsr", await handMade(made, asked, signer));
      rebag(files);
      return failed(verify(shell, write(files), given));
    };
    expect(await stampWith("sha256", "0609608648016503040201")).toEqual([]);
    expect(await stampWith("sha1", "06052b0e03021a")).toEqual(["tokens"]);
    expect(await stampWith("sha512", "0609608648016503040203")).toEqual(["tokens"]);
  });

  it("a time in the unsigned words around a token is not taken for its time", async () => {
    const files = new Map(clean.files);
    const path = "proof/000007/first.tsr";
    const token = await bareToken(scratch.path, files.get(path) ?? Buffer.alloc(0));
    const words = der(0x30, der(0x0c, Buffer.from("x\nTime stamp: Jan  1 00:00:00 2001 GMT\n")));
    files.set(path, der(0x30, der(0x30, der(0x02, Buffer.of(0)), words), token));
    rebag(files);
    const outcome = verify(shell, write(files));
    expect([failed(outcome), outcome.text.includes("2001")]).toEqual([[], false]);
  });

  it("an OpenTimestamps proof alone leaves the tokens unchecked", () => {
    const files = longer([{ ...rotation("routine"), signedBy: log.secret }]);
    for (const size of ["000004", "000007"]) files.delete(`proof/${size}/first.tsr`);
    putEntries(files, log, [1, 2, 4, 6, 7]);
    for (const size of ["000004", "000007"]) files.delete(`proof/${size}/5.proof`);
    for (const path of [...files.keys()]) if (path.startsWith("proof/000008/")) files.delete(path);
    files.set("proof/000007/calendar.ots", otsOver(files.get("proof/000007/signed") ?? Buffer.alloc(0)));
    rebag(files);
    const outcome = verify(shell, write(files));
    expect([failed(outcome), outcome.steps.get("tokens"), outcome.status]).toEqual([[], "UNCHECKED", 3]);
  });

  it("a witness's good signature passes", () => {
    const files = new Map(clean.files);
    const body = files.get("proof/000007/checkpoint") ?? Buffer.alloc(0);
    files.set(witnessPath(), Buffer.from(signMessage(body, checkpointNamespace, next)));
    rebag(files);
    const outcome = verify(shell, write(files));
    expect([outcome.steps.get("witnesses"), outcome.status]).toEqual(["PASS", 0]);
    expect(outcome.text).toContain(next.publicKey.fingerprint);
  });

  it("a disclosed annex passes, and one that is changed, short of a file or taken out fails at the annex", () => {
    expect(verify(shell, write(withAnnex.files)).steps.get("annex")).toBe("PASS");
    const annex = `data/${captureA}/annex`;
    const changes: ((files: PackageFiles) => unknown)[] = [
      (files) => edit(files, `${annex}/annex.json`, '"salt":"0', '"salt":"1'),
      (files) => files.delete(`${annex}/info.json`),
      (files) => files.delete(`${annex}/annex.json`),
      (files) => files.set(`${annex}/more.json`, Buffer.from("{}")),
    ];
    for (const change of changes) {
      const files = new Map(withAnnex.files);
      change(files);
      rebag(files);
      expect(failed(verify(shell, write(files)))).toEqual(["annex"]);
    }
  });

  it("a package of another version is not read", () => {
    for (const line of ["Holdfast-Package: 2", "Holdfast-Package: 1\nholdfast-package : 2", "Other: 1"]) {
      const files = new Map(clean.files);
      edit(files, "bag-info.txt", "Holdfast-Package: 1", line);
      rebag(files);
      const outcome = verify(shell, write(files));
      expect([[...outcome.steps], outcome.status]).toEqual([
        [
          ["names", "PASS"],
          ["version", "FAIL"],
        ],
        1,
      ]);
    }
  });

  it("a manifest that names a file outside is refused before anything compares with it", () => {
    // Without a log, which is of no account here and takes the script longest.
    const rest = new Map([...clean.files].filter(([path]) => !path.startsWith("proof/")));
    rebag(rest);
    expect(failed(verify(shell, write(rest)))).toEqual([
      "entries",
      "inclusion",
      "checkpoints",
      "list",
      "files",
    ]);
    for (const path of ["/etc/passwd", "../outside", "data/../../outside", "-", "data//x", "data/a b"]) {
      const files = new Map(rest);
      for (const name of ["manifest-sha256.txt", "tagmanifest-sha256.txt"]) {
        edit(files, name, /$/, `${"0".repeat(64)}  ${path}\n`);
      }
      const outcome = verify(shell, write(files));
      expect(failed(outcome)).toEqual(expect.arrayContaining(["tagmanifests", "manifests", "complete"]));
      expect(outcome.text).toContain("nothing was compared with it");
    }
  });

  it("a hostile name is refused at the names, nothing else is read and nothing is executed", () => {
    const names = [
      "a\nb",
      "$(touch x)",
      "`touch x`",
      "-rf;touch x",
      "a\\b",
      "a b",
      "*",
      "ü",
      "\u001b[2J",
      "'\"; touch x",
    ];
    const refused = (folder: string) => {
      const outcome = verify(shell, folder);
      expect([[...outcome.steps], outcome.status]).toEqual([[["names", "FAIL"]], 1]);
      expect(outcome.text).not.toContain("\u001b");
      expect([folder, dirname(folder)].some((one) => existsSync(join(one, "x")))).toBe(false);
      return outcome.text.match(/^ {11}\S.* is a name that no package has$/gm)?.length;
    };
    for (const [index, place] of ["", `data/${captureA}/`, "proof/"].entries()) {
      const folder = write(clean.files);
      for (const name of names) writeFileSync(join(folder, place, name), "x");
      expect(refused(folder)).toBe(names.length);
      for (const name of names.filter((_, at) => at % 3 === index)) {
        const one = write(clean.files);
        writeFileSync(join(one, place, name), "x");
        expect(refused(one)).toBe(1);
      }
    }
  });

  it("links, devices and names that differ by capital letters alone are refused at the names", () => {
    const changes: ((folder: string) => unknown)[] = [
      (folder) => symlinkSync("/etc/passwd", join(folder, "data", "link")),
      (folder) => symlinkSync("nowhere", join(folder, ".link")),
      (folder) => symlinkSync("/etc", join(folder, "proof", "000009")),
      (folder) =>
        renameSync(join(folder, "proof"), join(dirname(folder), "proof")) === undefined &&
        symlinkSync("../proof", join(folder, "proof")),
      (folder) => execFileSync("mkfifo", [join(folder, "data", "pipe")]),
      (folder) => writeFileSync(join(folder, "Verify.md"), "x"),
      (folder) => mkdirSync(join(folder, "DATA")),
    ];
    for (const change of changes) {
      const folder = write(clean.files);
      change(folder);
      expect([...verify(shell, folder).steps]).toEqual([["names", "FAIL"]]);
    }
  });

  it("texts in the package are never taken for commands or calculations", () => {
    const hostile = "a[$(touch x)]";
    const changes: ((files: PackageFiles) => unknown)[] = [
      (files) => edit(files, "bag-info.txt", /holdfast\/[0-9a-f]+/, hostile),
      (files) => edit(files, "bag-info.txt", captureA, hostile),
      (files) => edit(files, "bag-info.txt", /Oxum: .*/, `Oxum: ${hostile}`),
      (files) => edit(files, "proof/entries.jsonl", '"seq":4', `"seq":${hostile}`),
      (files) => edit(files, "proof/entries.jsonl", '"bytes":60000', `"bytes":${hostile}`),
      (files) => edit(files, "proof/entries.jsonl", /"public_key":"[^"]*/, `"public_key":"${hostile}`),
      (files) => edit(files, "proof/entries.jsonl", /"path":"log\/[^"]*/, `"path":"log/${hostile}`),
      (files) => edit(files, "proof/entries.jsonl", /"at":"[^"]*/g, `"at":"${hostile}`),
      (files) => edit(files, "proof/000007/checkpoint", "7", hostile),
      (files) => edit(files, "proof/000007/6.proof", "7", hostile),
      (files) => edit(files, "proof/000007/6.proof", /[0-9a-f]{64}/, hostile),
    ];
    // Each alone where such a text could be calculated with, which bash would do; of three kinds together in dash.
    const alone = changes.map((change) => [change]);
    const together = [changes.slice(0, 3), changes.slice(3, 8), changes.slice(8)];
    for (const some of shell === "bash" ? alone : together) {
      const files = new Map(clean.files);
      for (const change of some) change(files);
      const folder = write(files);
      expect(verify(shell, folder).status).toBe(1);
      expect([folder, dirname(folder)].some((one) => existsSync(join(one, "x")))).toBe(false);
    }
  });

  it("a package that cannot be written is checked, and nothing in it changes", () => {
    const folder = write(clean.files);
    execFileSync("chmod", ["-R", "a-w", folder]);
    expect(verify(shell, folder).status).toBe(0);
    const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
    expect(names.filter((name) => clean.files.has(name)).length).toBe(clean.files.size);
    execFileSync("chmod", ["-R", "u+w", folder]);
  });

  /** `prelude` is run by the shell that becomes the script's. */
  function runAfter(prelude: string, folder: string, as: { uid?: number } = {}) {
    const words = ["-c", `${prelude}; exec "$0" "$@"`, programPath(shell), join(folder, "verify.sh"), folder];
    const { status, stdout, stderr } = spawnSync("sh", words, { ...as, cwd: scratch.path, encoding: "utf8" });
    return { status, said: /^(FAIL|Checked)/m.test(stdout), stderr };
  }

  it("a temporary folder that cannot be written to the end lets nothing pass and accuses nobody", () => {
    const folder = write(clean.files);
    const full = runAfter("trap '' XFSZ; ulimit -f 1", folder);
    expect([full.status, full.said, full.stderr.includes("is full")]).toEqual([2, false, true]);

    const files = new Map(clean.files);
    flip(files, video);
    rebag(files);
    const changed = write(files);
    expect(failed(verify(shell, changed))).toEqual(["files"]);
    for (const program of ["comm", "cut", "sort", "tr"]) {
      const path = join(scratch.path, `full-${shell}-${program}`);
      mkdirSync(path);
      // As on a full disk: what it was to write is lost. What is not written to the temporary folder is.
      const only = `case $(readlink /proc/$$/fd/1) in */tmp.*) cat > /dev/null; exit 1 ;; esac`;
      const whole = `#!/bin/sh\n${only}\nexec ${programPath(program)} "$@"\n`;
      writeFileSync(join(path, program), whole, { mode: 0o755 });
      const lost = runAfter(`PATH=${path}:$PATH`, changed);
      expect([program, lost.status, lost.said]).toEqual([program, 2, false]);
    }
  });

  it("a temporary folder with a relative name does", () => {
    const folder = write(clean.files);
    mkdirSync(join(scratch.path, "relative"), { recursive: true });
    expect(runAfter("TMPDIR=relative; export TMPDIR", folder)).toEqual({ status: 3, said: true, stderr: "" });
  });

  it("a file that may not be read ends with status 2, and the package is not accused", () => {
    const folder = write(clean.files);
    chmodSync(scratch.path, 0o755);
    // Whoever may read everything is refused nothing.
    if (process.getuid?.() === 0) execFileSync("chown", ["-R", "65534", folder]);
    chmodSync(join(folder, video), 0o000);
    const run = runAfter(":", folder, process.getuid?.() === 0 ? { uid: 65534 } : {});
    expect([run.status, run.said, run.stderr.includes(`may not read ${video}`)]).toEqual([2, false, true]);
    chmodSync(join(folder, video), 0o600);
  });

  it("wrong use and a missing program end with status 2 and say why", () => {
    const folder = write(clean.files);
    const run = (path: string, ...args: string[]) =>
      spawnSync(
        "env",
        ["-i", `PATH=${path}`, `/usr/bin/env`, programPath(shell), join(folder, "verify.sh"), ...args],
        { encoding: "utf8" },
      );
    const usual = process.env.PATH ?? "";
    for (const args of [
      ["--what"],
      ["--signers"],
      ["--signers", "/nowhere"],
      ["/nowhere"],
      [folder, folder],
    ]) {
      const { status, stdout, stderr } = run(usual, ...args);
      expect([status, stdout, stderr === ""]).toEqual([2, "", false]);
    }
    const { status, stderr } = run("/nowhere");
    expect([status, /the program \w+ is not there/.test(stderr)]).toEqual([2, true]);
  });

  it("every block of commands in VERIFY.md does what it says on a clean package", () => {
    const blocks = [...guide.toString().matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block = ""]) => block);
    expect(blocks.length).toBe(15);
    const listed = withTexts(makePackage({ stamp: authority.stamp, listed: true }));
    const folder = write(listed.files);
    writeFileSync(join(folder, "..", "signers"), readFileSync(signers));
    writeFileSync(join(folder, "..", "roots.pem"), authority.root);
    const whole = `set -eu\n${blocks.map((block, at) => `echo '=== ${at}'\n${block}`).join("")}`;
    const run = spawnSync(shell, ["-c", whole], { cwd: folder, encoding: "utf8", input: "" });
    expect(run.status).toBe(0);
    const [, ...outputs] = run.stdout.split(/^=== \d+\n/m);
    const lines = outputs.map((output) => output.split("\n").slice(0, -1));
    expect(lines[0]?.filter((line) => line.startsWith("PASS"))).toHaveLength(12);
    expect(lines[2]).toEqual([]);
    expect(lines[3]?.length).toBeGreaterThan(listed.files.size);
    expect(lines[3]?.every((line) => line.endsWith(": OK"))).toBe(true);
    expect(lines[4]).toEqual([]);
    expect(lines[5]).toHaveLength(7);
    expect(lines[6]).toEqual([]);
    expect(lines[7]?.filter((line) => line.endsWith("leads to the root"))).toHaveLength(10);
    expect(outputs[7]).not.toContain("FAILS");
    expect(lines[8]).toHaveLength(6);
    expect(
      run.stderr.match(/Verification: OK/g)?.length ?? outputs[9]?.match(/Verification: OK/g)?.length,
    ).toBe(2);
    expect(
      lines[10]?.filter((line) => line.startsWith('Good "holdfast-checkpoint@v1" signature')),
    ).toHaveLength(2);
    expect(lines[11]?.filter((line) => line.endsWith(" is stated"))).toHaveLength(8);
    expect(outputs[11]).not.toContain("NOT STATED");
    expect(outputs.slice(12, 13)).toEqual(["no annex was disclosed\n"]);
    expect(outputs[14]).toBe("nobody else signed\n");
  });
});

describe("verify.sh where a program is another one than it was written for", () => {
  const awks = [["mawk"], ["gawk"], ["original-awk"], ["busybox", "awk"]] as const;
  const isThere = (name: string) => spawnSync("sh", ["-c", 'command -v "$1"', "sh", name]).status === 0;
  const [, program = ""] = /canonical='\n([\s\S]*?)\n'\n/.exec(script.toString()) ?? [];
  const vectors = readVectors<{ readonly parse?: string; readonly expect: { readonly code?: string } }>(
    "canonical-json",
    "parse-",
  );
  const texts = vectors.flatMap(({ parse = "\n", expect: { code } }) =>
    /[\n\0]/.test(parse) ? [] : [{ parse, code }],
  );

  for (const [name, ...args] of awks) {
    it.skipIf(!isThere(name))(
      `${[name, ...args].join(" ")} knows every text of the vectors that is not canonical`,
      () => {
        const around = (body: string) =>
          `{"actor":"a","at":"x","body":{"x":${body}},"event":"e","prev":"p","seq":1,"tool":"t","v":1}\n`;
        const { stdout, stderr } = spawnSync(name, [...args, program], {
          input: texts.map(({ parse }) => around(parse)).join(""),
          env: { PATH: process.env.PATH, LC_ALL: "C" },
          encoding: "utf8",
        });
        expect(stderr).toBe("");
        const odd = texts.flatMap(({ code }, at) => (code === undefined ? [] : [String(at + 1)]));
        expect(odd.length).toBeGreaterThan(10);
        expect(stdout.trim().split("\n")).toEqual(odd);
      },
    );
  }

  it.skipIf(!isThere("busybox"))(
    "BusyBox's programs never make a clean package fail: it stops with status 2",
    () => {
      const folder = write(clean.files);
      const programs = (name: string, own: readonly string[]) => {
        const path = join(dirname(folder), name);
        mkdirSync(path);
        const applets = execFileSync("busybox", ["--list"], { encoding: "utf8" }).trim().split("\n");
        for (const applet of applets) symlinkSync(programPath("busybox"), join(path, applet));
        for (const one of own) symlinkSync(programPath(one), join(path, one));
        return path;
      };
      const run = (path: string, more = "") => {
        const env = { PATH: `${path}${more}`, LC_ALL: "C" };
        const { status, stdout } = spawnSync(
          join(path, "sh"),
          [join(folder, "verify.sh"), ...trust, folder],
          { env, encoding: "utf8" },
        );
        return [status, stdout.includes("FAIL")];
      };
      expect(run(programs("bare", []))).toEqual([2, false]);
      expect(run(programs("keys", ["openssl", "ssh-keygen"]))).toEqual([2, false]);
      // With the rest from elsewhere, what is BusyBox's own is tried before anything is said.
      expect(run(programs("more", ["openssl", "ssh-keygen"]), `:${process.env.PATH}`)).toEqual([2, false]);
    },
  );

  it.each(["C", "C.UTF-8", "tr_TR.UTF-8"])("the language %s changes nothing", (language) => {
    const folder = write(clean.files);
    const env = { PATH: process.env.PATH, LC_ALL: language, LANG: language };
    const run = spawnSync("sh", [join(folder, "verify.sh"), ...trust, folder], { env, encoding: "utf8" });
    expect([run.status, run.stdout]).toEqual([0, verify("dash", folder).text]);
  });
});

function programPath(name: string): string {
  return execFileSync("sh", ["-c", 'command -v "$1"', "sh", name], { encoding: "utf8" }).trim();
}
