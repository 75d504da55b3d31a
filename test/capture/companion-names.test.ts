import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { withoutNames } from "../../src/capture/companion-names.js";
import { extensionAlone, namesToHide, wholeName } from "../../src/capture/import-names.js";
import { holdfast } from "../support/cli.js";
import { filesBelow } from "../support/guesses.js";
import { audit, temporaryFolder } from "../support/vaults.js";

const folder = temporaryFolder();
const at = (...names: string[]) => join(folder.path, ...names);
const vault = at("vault");
const file = "Ivan-Petrov-0777.mp4";
const stem = "Ivan-Petrov-0777";

function utf16(text: string, order: "little" | "big"): Buffer {
  const bytes = Buffer.from(`\ufeff${text}`, "utf16le");
  return order === "little" ? bytes : bytes.swap16();
}

const jpeg = Buffer.from("ffd8ffe000104a46494600010100000100010000ffd9", "hex");
const says = `${file}, ${stem.toUpperCase()} and file ${stem}.`;

/** By its ending: what lies beside the clip, and what of it leaves. */
const beside: Readonly<Record<string, { readonly bytes: Buffer; readonly left: string | Buffer | null }>> = {
  ".srt": {
    bytes: Buffer.from(`1\n00:00:00,000 --> 00:00:01,000\n${says}\n`),
    left: "1\n00:00:00,000 --> 00:00:01,000\n[cut], [cut] and file [cut].\n",
  },
  ".vtt": {
    bytes: Buffer.from(`WEBVTT\n\n00:00.000 --> 00:01.000\n${says} \xe9t\xe9\n`, "latin1"),
    left: Buffer.from(
      "WEBVTT\n\n00:00.000 --> 00:01.000\n[cut], [cut] and file [cut]. \xe9t\xe9\n",
      "latin1",
    ),
  },
  ".html": { bytes: Buffer.from(`<p>ivan-petrov-0777.MP4</p>`), left: "<p>[cut]</p>" },
  ".description": { bytes: Buffer.from(`file of ${stem}`), left: "file of [cut]" },
  ".xml": {
    bytes: utf16(`<a>${says}</a>`, "little"),
    left: utf16("<a>[cut], [cut] and file [cut].</a>", "little"),
  },
  ".gpx": { bytes: utf16(`<a>${stem}</a>`, "big"), left: utf16("<a>[cut]</a>", "big") },
  ".json": { bytes: Buffer.from(`{"of": "${file.replace("-", "\\u002D")}"}`), left: '{"of": "[cut]"}' },
  ".txt": { bytes: utf16(says, "little").subarray(2), left: null },
  ".jpg": { bytes: Buffer.concat([jpeg, Buffer.from(`<xmp>${stem}</xmp>`)]), left: null },
  ".png": { bytes: jpeg, left: jpeg },
  ".csv": { bytes: Buffer.from("words,Ivan\n"), left: "words,Ivan\n" },
};

let object = "";
let id = "";
const content = (...path: string[]) => join(vault, object, "v1/content", ...path);
const record = () => JSON.parse(readFileSync(content("record.json"), "utf8"));

beforeAll(async () => {
  mkdirSync(at("given"));
  const look = ["-f", "lavfi", "-i", "testsrc2=s=160x120:r=10:d=1"];
  execFileSync("ffmpeg", ["-nostdin", "-loglevel", "error", ...look, at("given", file)]);
  for (const [ending, { bytes }] of Object.entries(beside)) writeFileSync(at("given", stem + ending), bytes);
  writeFileSync(at("given", `${stem}.info.json`), JSON.stringify({ id: "abc", title: stem, note: file }));
  const run = await holdfast(["import", "--json", "--vault", vault, at("given", file)]);
  expect(run.status).toBe(0);
  object = String(run.lines[0]?.object);
  id = String(run.lines[0]?.id);
});
afterAll(() => folder.remove());

const stored = (ending: string) =>
  record().files.find(({ path }: { path: string }) => path.startsWith("source/") && path.endsWith(ending));

describe("the name of an imported file in what lies beside it", () => {
  it.each(Object.entries(beside).filter(([, { left }]) => left !== null))(
    "is cut from %s, in its own encoding, whatever the case and with the ending or without it",
    (ending, { bytes, left }) => {
      const found =
        ending === ".json"
          ? record().files.find(({ path }: { path: string }) => /sidecar-\d+\.json$/.test(path))
          : stored(ending);
      expect(readFileSync(content(found.path))).toEqual(Buffer.from(left ?? ""));
      const isCut = !bytes.equals(Buffer.from(left ?? ""));
      expect(found.as_received).toBe(!isCut);
      const cut = record().redactions.map(({ path }: { path: string }) => path);
      expect(cut.includes(found.path)).toBe(isCut);
      if (isCut)
        expect(readFileSync(join(vault, "private", id, found.path.slice("source/".length)))).toEqual(bytes);
    },
  );

  it("keeps what it cannot be cut from in the private annex alone, and the record says so", () => {
    expect([stored(".txt"), stored(".jpg")]).toEqual([undefined, undefined]);
    expect(record().warnings.sort()).toEqual(
      [".jpg", ".txt"].map(
        (ending) =>
          `<name>${ending} beside the file is in the private annex alone: it may say the file's name, which cannot be cut from it`,
      ),
    );
    const annex = JSON.parse(readFileSync(join(vault, "private", id, "annex.json"), "utf8"));
    for (const ending of [".jpg", ".txt"]) {
      const raw = annex.files.find(({ path }: { path: string }) => path.endsWith(ending));
      expect(readFileSync(join(vault, "private", id, raw.path))).toEqual(beside[ending]?.bytes);
      expect(annex.places[`<name of ${raw.path}>`]).toBe(stem + ending);
    }
  });

  it("is cut from an info.json with its ending alone, because it may be the title that the platform states", () => {
    const info = JSON.parse(readFileSync(content("source/info.json"), "utf8"));
    expect(info).toEqual({ id: "abc", title: stem, note: "[cut]" });
  });

  it("is in no byte of a package, and the same files are no second capture", async () => {
    const clip = at("plain", file);
    mkdirSync(at("plain"));
    for (const ending of [".mp4", ...Object.keys(beside).filter((one) => one !== ".csv")])
      writeFileSync(at("plain", stem + ending), readFileSync(at("given", stem + ending)));
    const run = (...words: string[]) => holdfast([...words, "--json", "--vault", at("other")]);
    const first = await run("import", "--new-vault", clip);
    expect(first.lines[0]).toMatchObject({ status: "captured" });
    expect((await run("import", clip)).lines[0]).toMatchObject({ status: "already-captured" });
    expect((await run("export", String(first.lines[0]?.id), "--to", at("package"))).status).toBe(0);
    const naming = filesBelow(at("package"), () => false).filter((path) =>
      /ivan/i.test(readFileSync(path).toString("latin1").replaceAll("\0", "")),
    );
    expect(naming).toEqual([]);
    const { findings } = await audit(at("other"));
    expect(findings.filter(({ severity }) => severity === "error")).toEqual([]);
  });
});

describe("a name that is hidden", () => {
  const left = (bytes: Buffer, path = "/home/anna/Зоя-Йылдыз.mp4", isPicture = false) =>
    withoutNames(bytes, namesToHide([path], extensionAlone), isPicture);
  const cutTo = (found: ReturnType<typeof left>) =>
    found.leaves === "cut" ? Buffer.from(found.bytes).toString("latin1") : found.leaves;
  /** In windows-1251 the letters from А to я follow each other as they do in Unicode. */
  const cp1251 = (text: string) =>
    Buffer.from(
      [...text].map((one) => (one.charCodeAt(0) > 0x400 ? one.charCodeAt(0) - 0x350 : one.charCodeAt(0))),
    );

  it("is found in windows-1251, in either case, and its other words stay byte for byte", () => {
    expect(cutTo(left(cp1251("от зоя-ЙЫЛДЫЗ.")))).toBe(
      Buffer.concat([cp1251("от [cut].")]).toString("latin1"),
    );
  });

  it("is found as JSON, XML and a URL write letters that are not ASCII", () => {
    const name = "Зоя-Йылдыз";
    const codes = [...name].map((one) => one.charCodeAt(0));
    const forms = [
      encodeURIComponent(name),
      encodeURIComponent(name.toUpperCase()).toLowerCase(),
      codes.map((code) => `\\u${code.toString(16).padStart(4, "0")}`).join(""),
      codes.map((code) => `&#${code};`).join(""),
      codes.map((code) => `&#x${code.toString(16)};`).join(""),
      name.normalize("NFD"),
    ];
    for (const form of forms) expect(cutTo(left(Buffer.from(`of ${form}!`))), form).toBe("of [cut]!");
  });

  it("leaves nothing of a file in an encoding in which it is only searched", () => {
    // KOI8-R, and UTF-16 at an odd place of a picture.
    const koi = Buffer.from("facfd12dead9ccc4d9da", "hex");
    expect(left(Buffer.concat([Buffer.from("of "), koi]))).toEqual({ leaves: "nothing" });
    const odd = Buffer.concat([Buffer.from([0xff, 0xd8, 0]), Buffer.from("зоя-йылдыз", "utf16le")]);
    expect(left(odd, undefined, true)).toEqual({ leaves: "nothing" });
    expect(left(jpeg, undefined, true)).toEqual({ leaves: "as-it-is" });
  });

  it("is one that no ordinary word is like, and none where a person asked for the name in the record", () => {
    const stems = (name: string) =>
      namesToHide([`/${name}`], extensionAlone).filter((one) => !/[/]|mp4/.test(one));
    expect(["video.mp4", "interview.mp4", "v1.mp4"].map(stems)).toEqual([[], [], []]);
    expect(["clip-1.mp4", "aleksandrova.mp4", "anna k (2).mp4", "anna-k.f137.mp4"].map(stems)).toEqual([
      ["clip-1"],
      ["aleksandrova"],
      ["anna k (2)", "anna k"],
      ["anna-k.f137", "anna-k"],
    ]);
    expect(namesToHide([`/${file}`], wholeName)).toEqual([`/${file}`]);
    const picture = Buffer.from("ffd8ff000000ff80818283848586878889", "hex");
    const inBytes = namesToHide(
      [Buffer.from("/afaba0e9a0a4ec", "latin1"), Buffer.from("2fafaba0e9a0a4ec2e6d7034", "hex")],
      extensionAlone,
    );
    expect(withoutNames(picture, inBytes, true)).toEqual({ leaves: "as-it-is" });
    expect(withoutNames(Buffer.from("afaba0e9a0a4ec20", "hex"), inBytes, false).leaves).toBe("cut");
  });
});
