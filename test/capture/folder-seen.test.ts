import { execFileSync, spawnSync } from "node:child_process";
import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { walkFolder } from "../../src/capture/folder-walk.js";
import { holdfast } from "../support/cli.js";
import { audit, temporaryFolder } from "../support/vaults.js";

const folder = temporaryFolder();
const at = (...names: string[]) => join(folder.path, ...names);
const vault = at("vault");
const own = { vault, config: at("config") };
let made = 0;

function ffmpeg(...argv: readonly string[]): void {
  execFileSync("ffmpeg", ["-nostdin", "-y", "-loglevel", "error", ...argv]);
}

/** A clip whose bytes no other clip has. */
function clip(...names: string[]): string {
  made += 1;
  const path = at(...names);
  mkdirSync(join(path, ".."), { recursive: true });
  copyFileSync(at("base.mp4"), path);
  appendFileSync(
    path,
    Buffer.concat([Buffer.from([0, 0, 0, 12]), Buffer.from(`free${String(made).padStart(4, "0")}`)]),
  );
  return path;
}

const picture = ["-f", "lavfi", "-i", "testsrc2=s=160x120:r=10:d=2"];
const sound = ["-f", "lavfi", "-i", "sine=f=440:d=2"];

beforeAll(() => {
  ffmpeg(...picture, ...sound, "-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "aac", at("base.mp4"));
  ffmpeg(...picture, "-frames:v", "1", at("photo.jpg"));
});
afterAll(() => folder.remove());

async function imported(...words: readonly string[]) {
  const run = await holdfast(["import", "--json", "--vault", vault, ...words]);
  const leftOut = run.lines.filter((line) => "left_out" in line && "why" in line);
  return {
    ...run,
    names: run.lines.filter((line) => !leftOut.includes(line)).map(({ url, status }) => `${status} ${url}`),
    results: run.lines.filter((line) => !leftOut.includes(line)),
    leftOut: Object.fromEntries(leftOut.map((line) => [String(line.left_out), line.why])),
  };
}

function stored(result: Record<string, unknown> | undefined, ...path: string[]): string {
  return join(vault, String(result?.object), ...path);
}

const recordOf = (result: Record<string, unknown> | undefined) =>
  JSON.parse(readFileSync(stored(result, "v1/content/record.json"), "utf8"));

const annexOf = (result: Record<string, unknown> | undefined) =>
  JSON.parse(readFileSync(join(vault, "private", String(result?.id), "annex.json"), "utf8"));

describe("footage in a folder, whatever its container", () => {
  const h264 = ["-c:v", "libx264", "-g", "10", "-pix_fmt", "yuv420p"];
  const raw = [...h264, "-bsf:v", "h264_mp4toannexb", "-an"];
  /** What is made, and under which name it is kept; pictures are taken of those that are read. */
  const kinds: Readonly<Record<string, { readonly argv: readonly string[]; readonly read: boolean }>> = {
    "00001.MTS": { argv: [...picture, ...h264, "-f", "mpegts", "-mpegts_m2ts_mode", "1"], read: true },
    "ch01.264": { argv: [...picture, ...raw, "-f", "h264"], read: true },
    "ch02.h265": {
      argv: [...picture, "-c:v", "libx265", "-x265-params", "log-level=none", "-f", "hevc"],
      read: true,
    },
    "xdcam.mxf": { argv: [...picture, "-c:v", "mpeg2video", "-r", "25"], read: true },
    "tape.dv": {
      argv: ["-f", "lavfi", "-i", "testsrc2=s=720x576:r=25:d=0.2", "-c:v", "dvvideo", "-pix_fmt", "yuv420p"],
      read: true,
    },
    "old.rm": { argv: ["-f", "lavfi", "-i", "testsrc2=s=160x112:r=10:d=1", "-c:v", "rv10"], read: false },
    "memo.aiff": { argv: [...sound, "-c:a", "pcm_s16be"], read: true },
    "memo.caf": { argv: [...sound, "-c:a", "pcm_s16be"], read: true },
    "dvr.wmv": { argv: [...picture, ...sound, "-c:v", "wmv2", "-c:a", "wmav2"], read: true },
    "telegram.gif": { argv: [...picture], read: true },
    "tape.vob": { argv: [...picture, "-c:v", "mpeg2video"], read: true },
    "axis.mjpg": { argv: [...picture, "-c:v", "mjpeg", "-f", "mjpeg"], read: false },
  };

  beforeAll(() => {
    mkdirSync(at("kinds"));
    for (const [name, { argv }] of Object.entries(kinds)) ffmpeg(...argv, at("kinds", name));
    // A recorder of Hikvision's writes a header of its own before an MPEG program stream, and calls that .mp4.
    const stream = readFileSync(at("kinds", "tape.vob"));
    writeFileSync(
      at("kinds", "hik.mp4"),
      Buffer.concat([Buffer.from("IMKH\x01\x01\0\0"), Buffer.alloc(32), stream]),
    );
    // A transport stream that begins in the middle of the padding of a packet.
    ffmpeg("-i", at("base.mp4"), "-c", "copy", at("whole.ts"));
    writeFileSync(at("kinds", "cut.ts"), readFileSync(at("whole.ts")).subarray(100));
    const film = readFileSync(clip("film.mp4"));
    writeFileSync(at("kinds", "PXL_1.MP.jpg"), Buffer.concat([readFileSync(at("photo.jpg")), film]));
    writeFileSync(at("kinds", "lost-index.mp4"), film.subarray(0, 2000));
    writeFileSync(at("kinds", "only-zeros.mp4"), Buffer.alloc(5000));
  });

  it("is taken, under a name that a stranger's player opens, and read where a reader is there", async () => {
    const { results, leftOut, status } = await imported(at("kinds"));
    expect(leftOut).toEqual({});
    expect(results.map(({ status: is, url }) => `${is} ${url}`).sort()).toEqual(
      readdirSync(at("kinds"))
        .map((name) => `captured ${name}`)
        .sort(),
    );
    expect(status).not.toBe(2);
    for (const result of results) {
      const name = String(result.url);
      const ending = name.split(".").at(-1)?.toLowerCase();
      const [original] = recordOf(result).files;
      expect(original.path, name).toBe(`original/track-1.${ending}`);
      const isPicture = kinds[name]?.argv.includes("lavfi") === true && !/aiff|caf/.test(name);
      if (isPicture) expect(Number(result.keyframes) > 0, name).toBe(kinds[name]?.read);
      if (kinds[name]?.read === false)
        expect(result.reason, name).toMatch(/^unreadable: holdfast does not read /);
    }
    const motion = results.find(({ url }) => url === "PXL_1.MP.jpg");
    expect(recordOf(motion).warnings).toEqual([expect.stringMatching(/film in a motion photo/)]);
  });

  it("is not what ffmpeg's guess makes of text, of a picture or of noise", async () => {
    mkdirSync(at("guesses"));
    const put = (name: string, bytes: string | Buffer) => writeFileSync(at("guesses", name), bytes);
    clip("guesses", "clip.mp4");
    copyFileSync(at("photo.jpg"), at("guesses", "photo.jpg"));
    ffmpeg(...picture, "-frames:v", "1", at("guesses", "still.gif"));
    ffmpeg(...picture, "-frames:v", "1", at("guesses", "still.png"));
    put("data.json", '{"a": 1}');
    put("words.srt", "1\n00:00:00,000 --> 00:00:01,000\nwords\n");
    put("art.ans", "\x1b[2J\x1b[31mwords\n");
    put("list.m3u8", "#EXTM3U\n#EXTINF:1,\na.ts\n");
    put("saved.mp4", "<!doctype html><title>Video</title>");
    put("archive.zip", Buffer.from("PK\x03\x04\x14\0\0\0", "latin1"));
    put("noise.dat", Buffer.from(Array.from({ length: 9000 }, (_, index) => (index * index * 37) % 251)));
    put("nothing.dat", "");
    const { names, leftOut, status, stderr } = await imported(at("guesses"));
    expect(names).toEqual(["captured clip.mp4"]);
    expect(leftOut).toEqual({
      "photo.jpg": "picture",
      "still.gif": "picture",
      "still.png": "picture",
      "data.json": "text",
      "words.srt": "text",
      "art.ans": "no-footage",
      "list.m3u8": "playlist",
      "saved.mp4": "web-page",
      "archive.zip": "no-footage",
      "noise.dat": "no-footage",
      "nothing.dat": "empty",
    });
    expect(status).toBe(4);
    expect(stderr).toContain("1 captured, 11 not taken");
    expect(stderr).toMatch(/3 not taken: a picture that belongs to no video here\n {2}photo\.jpg\n/);
  });

  it("that is empty is a failed import by its name, and what is named is kept with a word about what it is", async () => {
    mkdirSync(at("named"));
    writeFileSync(at("named", "empty.MOV"), "");
    expect((await imported(at("named"))).results).toMatchObject([
      { status: "failed", reason: "the file is empty" },
    ]);
    const put = (name: string, bytes: string) => {
      writeFileSync(at(name), bytes, "latin1");
      return at(name);
    };
    const { results } = await imported(
      put("archive.zip", "PK\x03\x04\x14\0\0\0 named"),
      put("list.m3u8", "#EXTM3U\nnamed.ts\n"),
      put("saved.mp4", "<!doctype html><title>named</title>"),
    );
    expect(results.map(({ reason }) => reason)).toEqual([
      "this is a ZIP archive or an Office document; it is kept as it is",
      "this is a playlist; it is kept as it is",
      "this is a web page; it is kept as it is",
    ]);
  });
});

describe("what lies beside footage in a folder", () => {
  it("goes along as source: of phones, cameras, exports and yt-dlp's unmerged formats; of each the name stays private", async () => {
    const beside: Readonly<Record<string, readonly string[]>> = {
      "IMG_0001.MOV": ["IMG_0001.AAE", "IMG_0001.JPG", "IMG_O0001.AAE"],
      "VID_1.mp4": ["VID_1.mp4.supplemental-metadata.json"],
      "VID_1(1).mp4": ["VID_1.mp4.supplemental-metadata(1).json"],
      "C0001.MP4": ["C0001M01.XML"],
      "GX010001.MP4": ["GX010001.THM"],
      "DJI_0001.MP4": ["DJI_0001.SRT"],
      "talk.f137.mp4": ["talk.info.json", "talk.en.vtt", "talk.description"],
      "talk.f140.mp4": [],
    };
    for (const [name, companions] of Object.entries(beside)) {
      clip("phone", name);
      for (const companion of companions) {
        const says = JSON.stringify({ title: name, about: companion });
        writeFileSync(
          at("phone", companion),
          companion.endsWith("JPG") ? readFileSync(at("photo.jpg")) : says,
        );
      }
    }
    clip("phone", "GL010001.LRV");
    const { results, leftOut, status } = await imported(at("phone"));
    expect(leftOut).toEqual({});
    expect(status).toBe(0);
    const sources = Object.fromEntries(
      results.map((result) => [result.url, recordOf(result).files.length - 1]),
    );
    expect(sources).toEqual({
      ...Object.fromEntries(Object.entries(beside).map(([name, companions]) => [name, companions.length])),
      "talk.f140.mp4": 3,
      "GL010001.LRV": 0,
    });
    const takeout = results.find(({ url }) => url === "VID_1.mp4");
    const [, sidecar] = recordOf(takeout).files;
    expect(sidecar).toMatchObject({ role: "sidecar", path: "source/sidecar-1.json", as_received: false });
    expect(readFileSync(stored(takeout, "v1/content", sidecar.path), "utf8")).not.toContain("VID_1");
    expect(readFileSync(join(vault, "private", String(takeout?.id), "sidecar-1.json"), "utf8")).toContain(
      "VID_1.mp4",
    );
  });

  it("beside bytes that are here already makes a capture of its own, once", async () => {
    const first = clip("albums", "one", "a.mp4");
    expect((await imported(at("albums", "one"))).names).toEqual(["captured a.mp4"]);
    mkdirSync(at("albums", "two"));
    copyFileSync(first, at("albums", "two", "b.mp4"));
    writeFileSync(at("albums", "two", "b.mp4.json"), '{"album": "two"}');
    const second = await imported(at("albums", "two"));
    expect(second.names).toEqual(["captured b.mp4"]);
    expect(recordOf(second.results[0]).files).toHaveLength(2);
    expect((await imported(at("albums"))).names.sort()).toEqual([
      "already-captured a.mp4",
      "already-captured b.mp4",
    ]);
  });

  it("without footage of its name is named, and what file managers leave is a note alone", async () => {
    clip("tidy", "clip.mp4");
    writeFileSync(at("tidy", ".DS_Store"), "x");
    writeFileSync(at("tidy", "._clip.mp4"), Buffer.from([0, 5, 0x16, 7, 0, 2]));
    for (const name of ["Thumbs.db", "desktop.ini", "Icon\r"]) writeFileSync(at("tidy", name), "x");
    mkdirSync(at("tidy", "System Volume Information"));
    const tidy = await imported(at("tidy"));
    expect([tidy.names, tidy.leftOut, tidy.status]).toEqual([["captured clip.mp4"], {}, 0]);
    expect(tidy.stderr).toMatch(
      /6 files and folders that systems keep for themselves were passed over: .*\.DS_Store/,
    );
    writeFileSync(at("tidy", "other.AAE"), "<plist/>");
    clip("tidy", "._really.mp4");
    const more = await imported(at("tidy"));
    expect([more.leftOut, more.status]).toEqual([{ "other.AAE": "text" }, 4]);
    expect(more.names).toContain("captured ._really.mp4");
  });
});

describe("links and folders in a folder", () => {
  it("a link to a file or a folder is taken by the link's name and named, a dead or looping one named alone", async () => {
    const target = clip("store", "SHA256E-x.mp4");
    clip("day", "inside.mp4");
    clip("links", "plain.mp4");
    symlinkSync(target, at("links", "clip.mp4"));
    writeFileSync(at("links", "clip.json"), '{"of": "the link"}');
    symlinkSync(at("day"), at("links", "day1"));
    symlinkSync("gone.mp4", at("links", "missing.mp4"));
    symlinkSync("turn.mp4", at("links", "turn.mp4"));
    symlinkSync(".", at("links", "here"));
    symlinkSync("plain.mp4", at("links", "latest.mp4"));
    const { names, leftOut, status, stderr, results } = await imported(at("links"));
    expect(names.sort()).toEqual(["captured clip.mp4", "captured inside.mp4", "captured plain.mp4"]);
    expect(leftOut).toEqual({
      "missing.mp4": "dead-link",
      "turn.mp4": "link-in-circle",
      here: "link-in-circle",
    });
    expect(status).toBe(4);
    expect(stderr).toMatch(/2 links were followed: clip\.mp4 -> \S*SHA256E-x\.mp4, day1 -> \S*day/);
    expect(stderr).toContain("1 link leads to what is taken anyway: latest.mp4");
    const linked = results.find(({ url }) => url === "clip.mp4");
    expect(recordOf(linked).warnings).toEqual(["the file was reached through a link"]);
    expect(recordOf(linked).files).toHaveLength(2);
    expect(annexOf(linked).places).toMatchObject({
      "<imported file>": at("links", "clip.mp4"),
      "<link target>": target,
    });
  });

  it("a link to a folder without end costs that link alone", () => {
    mkdirSync(at("endless"));
    for (const name of ["a.mp4", "b.mp4", "c.mp4"]) writeFileSync(at("endless", name), name);
    mkdirSync(at("small"));
    writeFileSync(at("small", "own.mp4"), "own");
    symlinkSync(at("endless"), at("small", "all"));
    const walk = walkFolder(at("small"), own, 3);
    expect(walk.files.map(({ shown }) => shown)).toEqual(["own.mp4"]);
    expect(walk.leftOut).toEqual([{ name: "all", why: "link-too-large" }]);
    expect(walkFolder(at("small"), own, 4).files).toHaveLength(4);
    expect(() => walkFolder(at("endless"), own, 2)).toThrow("holds more than 2 files");
  });

  it("a vault or a package in it is not entered, so nothing that holdfast made becomes evidence", async () => {
    clip("work", "clip.mp4");
    const own = at("work", "vault");
    const run = (...words: readonly string[]) => holdfast([...words, "--json", "--vault", own]);
    const first = await run("import", at("work"));
    expect(first.status).toBe(0);
    const id = String(first.lines[0]?.id);
    expect((await run("export", id, "--to", at("work", "package"))).status).toBe(0);
    const second = await run("import", at("work"));
    expect(second.lines.map(({ status, left_out, why }) => status ?? [left_out, why])).toEqual([
      "already-captured",
      ["package", "package"],
    ]);
    expect(second.stderr).toContain("the vault in it was passed over: vault");
    expect(second.status).toBe(4);
    // Nor by its own name.
    const derived = readdirSync(own, { recursive: true, encoding: "utf8" }).filter((name) =>
      /derived\/.*\.jpg$/.test(name),
    );
    expect(derived.length).toBeGreaterThan(0);
    const named = await run("import", join(own, derived[0] ?? ""));
    expect(named.lines).toMatchObject([
      { status: "failed", reason: expect.stringContaining("lies in this vault") },
    ]);
    const inside = await run("import", own);
    expect(inside.lines).toMatchObject([
      { status: "failed", reason: expect.stringContaining("lies in this vault") },
    ]);
    // Seen from another vault it is somebody's evidence, which is named.
    const other = await imported(at("work"));
    expect(other.leftOut).toEqual({ vault: "vault", package: "package" });
  });

  it("one that may not be opened, or a file that may not be read, stops nothing and is named", async () => {
    clip("usb", "DCIM", "one.mp4");
    clip("usb", "two.mp4");
    for (const name of ["lost+found", "closed"]) {
      mkdirSync(at("usb", name));
      execFileSync("chmod", ["000", at("usb", name)]);
    }
    writeFileSync(at("usb", "closed.txt"), "words", { mode: 0 });
    const { names, leftOut, status, stderr } = await asNobody(at("usb"));
    expect(names).toEqual(["captured one.mp4", "captured two.mp4"]);
    expect(leftOut).toEqual({ closed: "folder-unreadable", "closed.txt": "unreadable" });
    expect(status).toBe(4);
    expect(stderr).toContain("lost+found/ (may not be read)");
  });
});

describe("a name that is no UTF-8", () => {
  const cp866 = Buffer.from("afaba0e9a0a4ec2e6d7034", "hex");
  const inBytes = (...parts: readonly Buffer[]) =>
    Buffer.concat([Buffer.from(at("zip")), ...parts.flatMap((part) => [Buffer.from("/"), part])]);

  it("is imported byte for byte, from its folder or typed, and its bytes are kept in the annex", async () => {
    mkdirSync(at("zip"));
    const inner = Buffer.from("afa0afaaa0", "hex");
    mkdirSync(inBytes(inner));
    copyFileSync(clip("b1.mp4"), inBytes(cp866));
    copyFileSync(clip("b2.mp4"), inBytes(inner, Buffer.from("inner.mp4")));
    writeFileSync(
      inBytes(Buffer.concat([cp866.subarray(0, 7), Buffer.from(".srt")])),
      "1\n00:00:00,000 --> 00:00:01,000\nx\n",
    );
    const { names, status, results } = await imported(at("zip"));
    expect(names).toEqual(["captured inner.mp4", "captured \\xaf\\xab\\xa0\\xe9\\xa0\\xa4\\xec.mp4"]);
    expect(status).toBe(0);
    const [, odd] = results;
    const annex = annexOf(odd);
    expect(annex.place_bytes).toEqual({
      "<imported file>": inBytes(cp866).toString("hex"),
      "<name of original/track-1.mp4>": cp866.toString("hex"),
      "<name of source/subtitle-1.srt>": "afaba0e9a0a4ec2e737274",
    });
    expect(readFileSync(stored(odd, "v1/content/original/track-1.mp4"))).toEqual(
      readFileSync(inBytes(cp866)),
    );
    // As a shell hands it over, and Node decodes it.
    const typed = await imported(inBytes(cp866).toString("utf8"));
    expect(typed.names).toEqual(["already-captured \\xaf\\xab\\xa0\\xe9\\xa0\\xa4\\xec.mp4"]);
    const report = await audit(vault);
    expect(report.findings.filter(({ severity }) => severity === "error")).toEqual([]);
  });
});

/** The import by a user whom rights bind; root reads everything. */
async function asNobody(path: string) {
  if (process.getuid?.() !== 0) return imported(path);
  const own = at("nobody");
  mkdirSync(own);
  execFileSync("chown", ["-R", "nobody", own, at("usb")]);
  execFileSync("chmod", ["755", folder.path]);
  const program = join(import.meta.dirname, "../../bin/holdfast.js");
  const env = { ...process.env, HOME: own, XDG_CONFIG_HOME: own, TMPDIR: own };
  const argv = [
    "-u",
    "nobody",
    "--",
    process.execPath,
    program,
    "import",
    path,
    "--json",
    "--vault",
    join(own, "vault"),
  ];
  const run = spawnSync("runuser", argv, { env, cwd: own, encoding: "utf8" });
  const lines = run.stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  return {
    names: lines.filter((line) => "url" in line).map(({ url, status }) => `${status} ${url}`),
    leftOut: Object.fromEntries(
      lines.filter((line) => "why" in line).map((line) => [line.left_out, line.why]),
    ),
    status: run.status,
    stderr: run.stderr,
  };
}
