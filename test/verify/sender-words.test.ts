import { execFileSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { encodeCanonical, isJsonObject, parseCanonical } from "../../src/audit/canonical-json.js";
import { sha256 } from "../../src/audit/digest.js";
import { withPackageCaveats } from "../../src/verify/caveats.js";
import { fixedText, knownTexts } from "../../src/verify/known-texts.js";
import { nothingBrought } from "../../src/verify/trust.js";
import {
  captureA,
  makePackage,
  type PackageFiles,
  putCheckpoint,
  putEntries,
  rebag,
} from "../support/packages.js";
import { openVerifiers } from "../support/two-verifiers.js";

/* The page, the RO-Crate, VERIFY.md and verify.sh are the word of whoever made a package: what of it is compared. */

const { ask } = openVerifiers();
const own = /^(crate|page|script)-/;
const crate = "data/ro-crate-metadata.json";
const track = `${captureA}/original/track-1.mp4`;

/** `severity code where` of what is found about these four, by both programs alike; then the answer to `hashes`. */
async function wordsFound(files: PackageFiles): Promise<readonly string[]> {
  rebag(files);
  const { path, report, findings } = await ask(files, (code) => own.test(code));
  rmSync(path, { recursive: true });
  expect(withPackageCaveats(report, nothingBrought).limits.join(" ")).toContain(
    "are the word of whoever made it",
  );
  return [...findings, report.hashes];
}

function withCrate(text: string): PackageFiles {
  return new Map(makePackage({ listed: true }).files).set(crate, Buffer.from(text));
}

function graphOf(...entities: readonly object[]): string {
  return JSON.stringify({ "@graph": entities });
}

/** The package as a program of this name and version would have made it. */
function madeBy(tool: string): PackageFiles {
  const { files, log } = makePackage({ listed: true });
  const last = parseCanonical(log.lines[7] ?? "");
  if (!isJsonObject(last)) throw new Error("entry 8 is none");
  const lines = [...log.lines.slice(0, 7), encodeCanonical({ ...last, tool })];
  const kept = new Map([...files].filter(([path]) => !path.startsWith("proof/000008")));
  putEntries(kept, { ...log, lines }, [1, 2, 4, 6, 7, 8]);
  putCheckpoint(kept, { ...log, lines }, 8, [1, 2, 4, 6, 7, 8]);
  return kept;
}

describe("the RO-Crate of a package", () => {
  const { files } = makePackage();
  const digest = sha256(files.get(`data/${track}`) ?? "");
  const size = String(files.get(`data/${track}`)?.length);

  it("that states what the entries state is no finding", async () => {
    const text = graphOf(
      { "@id": track, "@type": "File", sha256: digest, contentSize: size },
      { "@id": "https://video.example/811", "@type": "WebPage" },
      { "@id": `${captureA}/`, "@type": "Dataset" },
    );
    expect(await wordsFound(withCrate(text))).toEqual(["pass"]);
  });

  it.each([
    ["another SHA-256 of a file", { "@id": track, "@type": "File", sha256: "0".repeat(64) }, `data/${track}`],
    ["another size of a file", { "@id": track, "@type": "File", contentSize: "7" }, `data/${track}`],
    ["a SHA-256 that is no text", { "@id": `./${track}`, sha256: [digest] }, `data/${track}`],
    ["a file that is not there", { "@id": "gone.mp4", "@type": ["File", "Clip"] }, "data/gone.mp4"],
    ["a file outside of the package", { "@id": "../../etc/passwd", "@type": "File" }, crate],
  ])("that states %s is found out", async (_, entity, where) => {
    expect(await wordsFound(withCrate(graphOf(entity)))).toEqual([`error crate-differs ${where}`, "fail"]);
  });

  it.each([
    ["no JSON", "nothing"],
    ["JSON without a graph", "{}"],
    ["a graph of texts", '{"@graph":["a"]}'],
    ["nested without end", `{"@graph":[${"[".repeat(5000)}${"]".repeat(5000)}]}`],
    [
      "a key twice, of which readers take different ones",
      `{"@graph":[{"@id":"${track}","sha256":"${digest}","sha256":"${"0".repeat(64)}"}]}`,
    ],
    [
      "a key twice in two spellings",
      `{"@graph":[{"@id":"${track}","sha256":"${"0".repeat(64)}","sha\\u003256":"${digest}"}]}`,
    ],
    ["a number that JSON does not have", '{"@graph":[],"x":NaN}'],
  ])("that is %s is found out", async (_, text) => {
    expect(await wordsFound(withCrate(text))).toEqual([`error crate-malformed ${crate}`, "fail"]);
  });
});

describe("the page of a package", () => {
  const withPage = (text: string) =>
    new Map(makePackage({ listed: true }).files).set("data/index.html", Buffer.from(text));

  it("that shows digests of files, entries and checkpoints is no finding", async () => {
    const { files, log } = makePackage({ listed: true });
    const shown = [
      sha256(files.get(`data/${track}`) ?? ""),
      sha256(`${log.lines[3]}\n`),
      "f".repeat(128),
      "abc",
    ];
    expect(await wordsFound(withPage(shown.map((one) => `<code>${one}</code>`).join("")))).toEqual(["pass"]);
  });

  it("that shows a digest of nothing in it is noted, whatever else it says being the sender's word", async () => {
    const found = await wordsFound(withPage(`<code>${"0a".repeat(32)}</code>`));
    expect(found).toEqual(["note page-digest data/index.html", "pass"]);
  });
});

describe("VERIFY.md and verify.sh of a package", () => {
  it("that this program knows are no finding", async () => {
    expect(await wordsFound(madeBy("holdfast/0.1.0"))).toEqual(["pass"]);
  });

  it.each(["verify.sh", "VERIFY.md"])(
    "%s that this program does not know is noted where another made the package",
    async (name) => {
      const files = madeBy("other/9").set(name, Buffer.from("#!/bin/sh\necho all is well\n"));
      expect(await wordsFound(files)).toEqual([`note script-unknown ${name}`, "pass"]);
    },
  );

  it.each(["verify.sh", "VERIFY.md"])(
    "%s that was exchanged fails where a version whose texts are known made the package",
    async (name) => {
      const files = madeBy("holdfast/0.1.0").set(name, Buffer.from("#!/bin/sh\necho all is well\n"));
      expect(await wordsFound(files)).toEqual([`error script-unknown ${name}`, "fail"]);
    },
  );

  it("of the package of version 1 are in the list of those that are known", () => {
    const { released } = knownTexts();
    const archive = join(import.meta.dirname, "../golden/v1/package.tar.gz");
    for (const name of ["VERIFY.md", "verify.sh"] as const) {
      const text = execFileSync("tar", ["-xzOf", archive, `package/${name}`]);
      expect(released["holdfast/0.1.0"]?.[name]).toContain(sha256(text));
    }
  });

  it("are known for the version that this program says it is", () => {
    const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
    const { own: texts, released } = knownTexts();
    expect(Object.keys(released)).toContain(`holdfast/${version}`);
    expect(texts["verify.sh"]).toBe(sha256(fixedText("verify.sh")));
  });
});
