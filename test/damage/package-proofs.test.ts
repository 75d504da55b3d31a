import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { HoldfastError } from "../../src/core/words/error.js";
import type { PackageReport } from "../../src/verify/reports.js";
import {
  checkIn,
  errorsIn,
  flip,
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
  type MadePackage,
  makePackage,
  type PackageFiles,
  putCheckpoint,
  putEntries,
  rebag,
  secretOf,
  writeFolder,
} from "../support/packages.js";

const places = packagePlaces();
const { freshPlace } = places;
const { authority, clean, foreign, other } = stampedPackages();
/** The clean package, changed, and what is found in it. */
const damaged = (change: (files: PackageFiles) => unknown, brought = {}) =>
  places.damaged(clean, change, brought);

describe("entries and their proofs", () => {
  const inclusions = (seq: number) =>
    [4, 7].filter((size) => size >= seq).map((size) => `inclusion-wrong proof/00000${size}/${seq}.proof`);

  it("an edited entry is found by its proofs", async () => {
    const report = await damaged((files) => {
      edit(files, "proof/entries.jsonl", `https://video.example/${captureA}`, "https://video.example/other");
      rebag(files);
    });
    expect(errorsIn(report)).toEqual(inclusions(2));
    expect(statesOf(report)).toBe("pass fail unchecked unchecked");
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

  it("a whole package made anew with another key shows no more than one key alone, and fails for a checker who names the signers", async () => {
    const forged = makePackage({ secret: secretOf(66), stamp: authority.stamp });
    const place = freshPlace();
    writeFolder(forged.files, join(place, "package"));
    const alone = await checkIn(place, "package", { tsaCa: authority.root });
    expect(statesOf(alone)).toBe("pass pass unchecked pass");
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
