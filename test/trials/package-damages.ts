import { checkpointNamespace } from "../../src/audit/checkpoint.js";
import { sha256, sha512 } from "../../src/audit/digest.js";
import { signMessage } from "../../src/seal/private-key.js";
import {
  captureA,
  captureB,
  captureC,
  edit,
  type PackageFiles,
  putCheckpoint,
  putEntries,
  rebag,
  secretOf,
} from "../support/packages.js";
import { clean, log, stranger, video } from "../support/verify-sh.js";
import {
  flip,
  move,
  next,
  otsOver,
  putLastLine,
  resign,
  restamp,
  withAnnex,
  witnessPath,
} from "./package-changes.js";

export type Damage = readonly [
  title: string,
  steps: readonly string[],
  change: (files: PackageFiles) => unknown,
  after?: "as it is",
];

/** What an operator may sign instead of `"completeness":"whole"` and nobody has to believe: JSON, but not canonical. */
export const signedTexts = [
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
] as const;

/** One such text as the last entry. */
export function signedAs([what, text]: (typeof signedTexts)[number]): Damage {
  return [
    `${what} in an entry that the operator signed so`,
    ["entries"],
    (files) => putLastLine(files, (line) => line.replace('"completeness":"whole"', text)),
  ];
}

export const damages: readonly Damage[] = [
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

/** The package with all of these done to it: first what its manifests are made anew after, then what they are not. */
export function damaged(some: readonly Damage[]): PackageFiles {
  const files = new Map(clean.files);
  const [anew, asItIs] = [some.filter(([, , , after]) => !after), some.filter(([, , , after]) => after)];
  for (const [, , change] of anew) change(files);
  if (anew.length > 0) rebag(files);
  for (const [, , change] of asItIs) change(files);
  return files;
}
