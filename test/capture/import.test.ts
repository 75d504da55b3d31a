import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CaptureResult } from "../../src/capture/capture-result.js";
import { importFiles as importInto } from "../../src/capture/import.js";
import type { CaptureRecord } from "../../src/core/capture/record.js";
import { holdfast } from "../support/cli.js";
import { footagePath, nested, someFootage, whyNoFootage } from "../support/footage.js";
import { until } from "../support/until.js";
import { audit, foundByClock, temporaryFolder, testWorld } from "../support/vaults.js";

const folder = temporaryFolder();
const vault = join(folder.path, "vault");
const source = join(folder.path, "from the phone");

beforeAll(() => {
  mkdirSync(source);
  const clip = ["-f", "lavfi", "-i", "testsrc2=s=160x120:r=10:d=2", "-c:v", "libx264", "-pix_fmt", "yuv420p"];
  execFileSync("ffmpeg", ["-nostdin", "-loglevel", "error", ...clip, join(source, "Видео [abc].mp4")]);
  writeFileSync(
    join(source, "Видео [abc].info.json"),
    JSON.stringify({
      id: "abc",
      title: "Тақырып",
      uploader: "somebody",
      webpage_url: "https://video.example/abc",
      extractor_key: "Example",
      http_headers: { Cookie: "CANARY" },
    }),
  );
  writeFileSync(join(source, "Видео [abc].webp"), "a thumbnail");
});
afterAll(() => folder.remove());

async function importFiles(
  ...argv: string[]
): Promise<{ status: number; results: CaptureResult[]; stderr: string }> {
  const run = await holdfast(["import", "--json", "--vault", vault, ...argv]);
  return { status: run.status, results: run.lines as unknown as CaptureResult[], stderr: run.stderr };
}

function recordOf(result: CaptureResult): CaptureRecord {
  return JSON.parse(readFileSync(join(vault, result.object!, "v1/content/record.json"), "utf8"));
}

/** Begins as an MP4 does, and is none; each name's is another file. */
const oddFile = (name: string) =>
  Buffer.concat([Buffer.from([0, 0, 0, 16]), Buffer.from("ftypisom\0\0\0\0"), Buffer.alloc(5000, name)]);

const digest = (path: string) => createHash("sha256").update(readFileSync(path)).digest("hex");

describe("a file on disk", () => {
  it("is copied, never moved or changed, with what lies beside it, and never shows as fetched", async () => {
    const file = join(source, "Видео [abc].mp4");
    const before = { sha256: digest(file), mtime: statSync(file).mtimeMs };
    const { status, results } = await importFiles(file, "--received-from", "CANARYPERSON");
    expect(status).toBe(0);
    expect({ sha256: digest(file), mtime: statSync(file).mtimeMs }).toEqual(before);
    const [result] = results;
    expect(result).toMatchObject({ status: "captured", derivation: "done", title: "Тақырып" });
    expect(result!.files.map(({ path }) => path)).toEqual(
      expect.arrayContaining(["original/track-1.mp4", "source/info.json", "source/thumbnail-1.webp"]),
    );
    expect(result!.files.find(({ path }) => path === "original/track-1.mp4")!.sha256).toBe(before.sha256);
    const record = recordOf(result!);
    expect(record).toMatchObject({
      method: "import",
      requested_url: null,
      final_url: null,
      redirects: [],
      requests: [],
      runs: [],
    });
    expect(record.claimed_url).toMatchObject({ value: "https://video.example/abc", basis: "file_claim" });
    expect(record.source.title).toMatchObject({ basis: "file_claim" });
    expect(record.elements.find(({ item }) => item === "target_web_address")!.status).toBe("not_applicable");
    const everything = readdirSync(vault, { recursive: true, encoding: "utf8" }).filter(
      (path) => !path.startsWith("private") && statSync(join(vault, path)).isFile(),
    );
    for (const path of everything) {
      for (const word of ["CANARY", folder.path])
        expect(readFileSync(join(vault, path)).includes(word), path).toBe(false);
    }
    expect(readFileSync(join(vault, "private", result!.id!, "annex.json"), "utf8")).toContain("CANARYPERSON");
  });

  it("with an address that a person states, keeps it as that person's word", async () => {
    const { results } = await importFiles(
      join(source, "Видео [abc].mp4"),
      "--again",
      "--source-url",
      "https://t.example/1",
    );
    expect(recordOf(results[0]!).claimed_url).toEqual({
      value: "https://t.example/1",
      basis: "person_assertion",
      from: "--source-url",
    });
    const shown = await holdfast(["show", results[0]!.id!, "--vault", vault]);
    expect(shown.stdout).toMatch(/a person says/);
  });

  it("imported twice is one capture", async () => {
    const { results } = await importFiles(join(source, "Видео [abc].mp4"));
    expect(results[0]).toMatchObject({ status: "already-captured" });
  });

  it("in a folder is found by what it is, and its sidecars are not taken for clips", async () => {
    const { results } = await importFiles(source, "--again");
    expect(results).toHaveLength(1);
  });

  it("that is missing, empty or no file fails by itself and the next is still imported", async () => {
    const empty = join(folder.path, "empty.mp4");
    writeFileSync(empty, "");
    const { status, results } = await importFiles(
      join(folder.path, "missing.mp4"),
      empty,
      join(source, "Видео [abc].mp4"),
    );
    expect(status).toBe(4);
    expect(results.map((result) => result.status)).toEqual(["failed", "failed", "already-captured"]);
    expect(results[0]!.reason).toMatch(/does not exist/);
  });

  it("that no program understands is preserved, hashed and logged, and the refusal is recorded", async () => {
    const odd = join(folder.path, "odd.mp4");
    writeFileSync(odd, oddFile("odd"));
    const { status, results, stderr } = await importFiles(odd);
    expect(status).toBe(4);
    expect(results[0]).toMatchObject({
      status: "captured",
      derivation: "done",
      keyframes: 0,
      decode: "unreadable",
    });
    expect(stderr).toContain("odd.mp4 is unreadable: no picture and no sound of it could be read here");
    const derivation = JSON.parse(
      readFileSync(join(vault, results[0]!.object!, "v2/content/derived/derivation.json"), "utf8"),
    );
    expect(derivation.steps.find((step: { step: string }) => step.step === "ffprobe")).toMatchObject({
      status: "failed",
      reason: expect.stringMatching(/refused/),
    });
  });
});

describe("what lies beside a file or in its place", () => {
  const place = join(folder.path, "odd places");
  /** A file that no program opens: what is asked here is asked before anything is derived. */
  const clip = (name: string) => {
    const file = join(place, name);
    writeFileSync(file, oddFile(name));
    return file;
  };
  beforeAll(() => {
    mkdirSync(place);
    clip("real.mp4");
  });

  it("a link stands for the file it leads to", async () => {
    symlinkSync("real.mp4", join(place, "link.mp4"));
    const { status, results } = await importFiles(join(place, "link.mp4"), "--again");
    expect(status).toBe(4);
    expect(recordOf(results[0]!).files[0]).toMatchObject({
      received_as: "<name>.mp4",
      sha256: digest(join(place, "real.mp4")),
    });
  });

  it("a folder, a pipe or a huge file with a sidecar's name is left out, named, and nothing waits for it", async () => {
    const file = clip("beside.mp4");
    mkdirSync(join(place, "beside.jpg"));
    execFileSync("mkfifo", [join(place, "beside.srt")]);
    writeFileSync(join(place, "beside.info.json"), "{}");
    truncateSync(join(place, "beside.info.json"), 65 * 1024 * 1024);
    const { status, results } = await importFiles(file);
    expect(status).toBe(4);
    const { warnings, files } = recordOf(results[0]!);
    expect(files.map(({ role }) => role)).toEqual(["media_track"]);
    expect(warnings.join("\n")).toMatch(/<name>\.jpg beside the file was left out/);
    expect(warnings.join("\n")).toMatch(/<name>\.srt beside the file was left out/);
    expect(warnings.join("\n")).toMatch(/info\.json of \d+ bytes was too large and was left out/);
  });

  it("half characters in the keys of a metadata file do not stop the import", async () => {
    const file = clip("keys.mp4");
    const secret = '{"a\\ud800":{"http_headers":{"Cookie":"x"}},"title":"t\\udc00"}';
    writeFileSync(join(place, "keys.info.json"), secret);
    const { status, results } = await importFiles(file);
    expect(status).toBe(4);
    expect(results[0]!.status).toBe("captured");
    expect(recordOf(results[0]!).redactions).toHaveLength(1);
  });

  it("a file that something still writes to fails by itself, with a hint, and the next is imported", async () => {
    const growing = join(place, "growing.mp4");
    writeFileSync(growing, Buffer.alloc(8 * 1024 * 1024, 7));
    const writer = spawn("sh", ["-c", `while :; do printf x >> '${growing}'; done`]);
    const next = clip("next.mp4");
    try {
      const { status, results } = await importFiles(growing, next);
      expect(status).toBe(4);
      expect(results.map((result) => result.status)).toEqual(["failed", "captured"]);
      expect(results[0]!.reason).toMatch(/changed while it was read/);
      expect(results[0]!.hint).toMatch(/import it again/);
    } finally {
      writer.kill();
      await once(writer, "exit");
    }
  });

  it("a file that is another one when it is copied than when it was looked at fails by itself", async () => {
    const file = clip("exchanged.mp4");
    const world = { ...testWorld(), env: process.env };
    // The time is asked between the two.
    const now = () => {
      appendFileSync(file, "x");
      return world.now();
    };
    const request = { sourceUrl: null, receivedFrom: null, again: true, deep: false, keepName: false };
    const { results } = await importInto(
      { vault, files: [file], ...request },
      { ...world, now },
      { onResult: () => undefined },
    );
    expect(results).toMatchObject([
      { status: "failed", object: null, reason: expect.stringMatching(/changed while it was read/) },
    ]);
  });

  it("bytes that are here from somebody else are a capture of their own, with the words of that source", async () => {
    const from = (...words: string[]) => importFiles(join(place, "real.mp4"), ...words);
    const first = (await from()).results[0]!;
    const given = (await from("--received-from", "CANARYGIVER")).results[0]!;
    const stated = (await from("--source-url", "https://t.example/7")).results[0]!;
    expect([given.status, stated.status]).toEqual(["captured", "captured"]);
    expect(new Set([first.id, given.id, stated.id]).size).toBe(3);
    expect(readFileSync(join(vault, "private", given.id!, "annex.json"), "utf8")).toContain("CANARYGIVER");
    expect(recordOf(stated).claimed_url?.value).toBe("https://t.example/7");
    // The same words again are nothing new.
    for (const [words, id] of [
      [["--received-from", "CANARYGIVER"], given.id],
      [["--source-url", "https://t.example/7"], stated.id],
    ] as const) {
      expect((await from(...words)).results).toMatchObject([{ status: "already-captured", id }]);
    }
    expect((await from()).results[0]!.status).toBe("already-captured");
  });

  it("bytes that were here and are not as recorded any more are imported again, and it is said why", async () => {
    const file = clip("damaged.mp4");
    const { results } = await importFiles(file);
    const stored = join(vault, results[0]!.object!, "v1/content/original/track-1.mp4");
    const bytes = readFileSync(stored);
    const damaged = Buffer.from(bytes);
    damaged[100]! ^= 1;
    const put = (content: Buffer) => {
      chmodSync(stored, 0o644);
      writeFileSync(stored, content);
      chmodSync(stored, 0o444);
    };
    put(damaged);
    const again = await importFiles(file);
    expect(again.results[0]).toMatchObject({
      status: "captured",
      reason: expect.stringMatching(/not as recorded .*another SHA-256/),
    });
    expect((await importFiles(file)).results[0]!.id).toBe(again.results[0]!.id);
    put(bytes);
  });

  it("an earlier capture whose record cannot be read keeps out nothing that somebody else gave, and it is said", async () => {
    const file = clip("unread.mp4");
    const first = (await importFiles(file)).results[0]!;
    const record = join(vault, first.object!, "v1/content/record.json");
    const bytes = readFileSync(record);
    const put = (content: Buffer | string) => {
      chmodSync(record, 0o644);
      writeFileSync(record, content);
      chmodSync(record, 0o444);
    };
    for (const broken of ["{}", "not JSON"]) {
      put(broken);
      const given = await importFiles(file, "--received-from", `CANARYBOB ${broken}`);
      expect(given.results[0], broken).toMatchObject({
        status: "captured",
        reason: expect.stringMatching(/not as recorded .*captured this again/),
      });
    }
    put(bytes);
  });

  it("an interrupt ends the import of a file that takes an hour to read, and leaves a sound vault", async () => {
    const large = join(place, "large.mp4");
    copyFileSync(join(place, "real.mp4"), large);
    truncateSync(large, 2 ** 40);
    const other = join(folder.path, "interrupted");
    const program = join(import.meta.dirname, "../../bin/holdfast.js");
    const child = spawn(process.execPath, [program, "import", "--vault", other, large], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    let said = "";
    child.stderr.on("data", (bytes: Buffer) => (said += bytes.toString()));
    const ended = once(child, "close");
    await until(() => isReading(child.pid ?? 0, large) || child.exitCode !== null);
    child.kill("SIGINT");
    expect((await ended)[0]).toBe(130);
    // One message, and nothing of the attempt that was given up.
    expect(said.match(/^holdfast: \w+/gm)).toEqual(["holdfast: interrupted"]);
    expect(said).toMatch(/^holdfast: interrupted: .*\n {2}hint: run the same command again .*\n/m);
    expect(await foundByClock(other)).toEqual(["anchor-pending"]);
    rmSync(large);
  });
});

/** Whether a process has a file open. Where the system does not say, that it has opened a vault must do. */
function isReading(pid: number, path: string): boolean {
  const open = `/proc/${pid}/fd`;
  try {
    return readdirSync(open).some((name) => readlinkSync(join(open, name)) === path);
  } catch {
    // A file was closed or the process ended meanwhile, or the system has no such folder.
    return !existsSync("/proc/self/fd") && existsSync(join(folder.path, "interrupted/staging/scratch"));
  }
}

describe("verify FILE", () => {
  it("says in which capture and since which entry a file's bytes are here, and exits 1 for any others", async () => {
    const copy = join(folder.path, "copy.bin");
    copyFileSync(join(source, "Видео [abc].mp4"), copy);
    const known = await holdfast(["verify", "--json", "--vault", vault, copy]);
    expect(known.status).toBe(0);
    expect(known.lines.at(-1)).toMatchObject({
      ok: true,
      matches: expect.arrayContaining([expect.objectContaining({ path: "original/track-1.mp4", entry: 2 })]),
    });
    writeFileSync(copy, "other bytes");
    const unknown = await holdfast(["verify", "--json", "--vault", vault, copy]);
    expect(unknown.status).toBe(1);
    expect(unknown.lines.at(-1)).toMatchObject({
      ok: false,
      findings: expect.arrayContaining([expect.objectContaining({ code: "not-in-vault" })]),
    });
  });
});

describe("the record of a check", () => {
  it("is written only when asked, and then it is an entry", async () => {
    const { entries } = (await audit(vault)).checked;
    await holdfast(["verify", "--vault", vault]);
    expect((await audit(vault)).checked.entries).toBe(entries);
    expect((await holdfast(["verify", "--record", "--vault", vault])).status).toBe(0);
    expect((await audit(vault)).checked.entries).toBe((entries ?? 0) + 1);
  });
});

describe.skipIf(someFootage.length === 0)(`real footage${whyNoFootage}`, () => {
  it("of each container, and a file that no program opens, is imported, derived and as recorded", async () => {
    const files = [nested, ...someFootage];
    const { status, results, stderr } = await importFiles(...files.map(footagePath));
    // The nested boxes are those of a file that nothing opens, and that is said.
    expect(status, stderr).toBe(4);
    expect(results).toHaveLength(files.length);
    expect(results.flatMap(({ decode }) => (decode === "sound" ? [] : [decode]))).toEqual(["unreadable"]);
    for (const [index, result] of results.entries()) {
      expect(result, files[index]).toMatchObject({ status: "captured", derivation: "done" });
      expect(result.files[0]!.sha256).toBe(digest(footagePath(files[index]!)));
      if (files[index] === nested) expect(result.keyframes).toBe(0);
      else expect(result.keyframes, files[index]).toBeGreaterThan(0);
    }
    expect(await foundByClock(vault)).toEqual(["anchor-pending"]);
  });
});
