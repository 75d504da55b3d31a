import { join } from "node:path";
import { afterAll, describe, expect, it, vi } from "vitest";
import { clipPassArgv } from "../../../src/tools/media/clip-pass.ts";
import {
  decodeArgv,
  decodedHashArgv,
  packetHashArgv,
  playableArgv,
} from "../../../src/tools/media/ffmpeg.ts";
import { probeArgv } from "../../../src/tools/media/ffprobe.ts";
import { containerArgv } from "../../../src/tools/media/footage.ts";
import { type DecodingWindow, looksArgv, picturesArgv } from "../../../src/tools/media/frame-runs.ts";
import { ffmpegArgv } from "../../../src/tools/media/input.ts";
import { packetsArgv } from "../../../src/tools/media/packets.ts";
import { copyArgv, fillProofArgv, frameTimesArgv } from "../../../src/tools/media/publication-copy.ts";
import type { RunRequest } from "../../../src/tools/run/run-request.js";
import { holdfast } from "../../support/cli.ts";
import { type ClipName, openClips } from "../../support/clips.ts";
import { never, probeOk } from "../../support/keyframes.ts";
import { temporaryFolder } from "../../support/vaults.ts";

const started = vi.hoisted((): RunRequest[] => []);

vi.mock("../../../src/tools/run/run.ts", async (original) => {
  const real = await original<typeof import("../../../src/tools/run/run.ts")>();
  return {
    ...real,
    run: (request: RunRequest) => {
      started.push(request);
      return real.run(request);
    },
  };
});

const folder = temporaryFolder();
const clips = openClips();
afterAll(() => {
  clips.remove();
  folder.remove();
});

/** What has to stand before every input. */
const bounds: Readonly<Record<string, RegExp>> = {
  "-max_alloc": /^268435456$/,
  "-protocol_whitelist": /^file$/,
  "-format_whitelist":
    /^mov,matroska,mpegts,mpeg,avi,flv,ogg,mp3,aac,wav,flac,gif,asf,amr,mxf,dv,aiff,caf,au,w64,ac3,eac3,h264,hevc,mpegvideo,m4v,dhav,ivf$/,
  "-codec_whitelist": /^h264,[a-z0-9_,]+$/,
  "-max_streams": /^32$/,
  "-max_pixels": /^40000000$/,
};

/** The options in front of each input, and the inputs; ffprobe's only one stands at the end without a word before it. */
function inputsOf(
  argv: readonly string[],
): readonly { readonly options: readonly string[]; readonly input: string }[] {
  const at = argv.flatMap((argument, index) => (argument === "-i" ? [index] : []));
  if (at.length === 0) return [{ options: argv.slice(0, -1), input: argv.at(-1) ?? "" }];
  return at.map((index, number) => ({
    options: argv.slice(number === 0 ? 0 : (at[number - 1] ?? 0) + 2, index),
    input: argv[index + 1] ?? "",
  }));
}

function problemsOf(argv: readonly string[]): readonly string[] {
  const missing = inputsOf(argv).flatMap(({ options, input }) => [
    ...Object.entries(bounds).flatMap(([name, value]) =>
      options.filter((option) => option === name).length === 1 &&
      value.test(options[options.indexOf(name) + 1] ?? "")
        ? []
        : [`${name} before ${input}`],
    ),
    ...(/^file:\//.test(input) ? [] : [`${input} is no absolute path`]),
  ]);
  const forbidden = argv.filter(
    (argument, index) =>
      /(^|[,;\]])fps=/.test(argument) ||
      /^-(dump_attachment|safe|hwaccel|enable_drefs|filter_complex_script|ignore_unknown|r)(:|$)/.test(
        argument,
      ) ||
      (argument === "-f" && /^(concat|lavfi|hls|dash)$/.test(argv[index + 1] ?? "")),
  );
  return [...missing, ...forbidden];
}

/** A clip of each way through the derivation: short, long, by packets, by decoding all, two readings, sound alone, damage. */
const derived: readonly ClipName[] = [
  "sound-and-picture.mp4",
  "shots-vp8.webm",
  "long-fixed-gop.mp4",
  "shots-mjpeg.avi",
  "sound-and-picture.ts",
  "negative-start.ts",
  "cover-picture.m4a",
];

describe("every command line that reads a clip", () => {
  it("has the lists and bounds before each input and nothing that reads or writes more, whatever the clip", async () => {
    const vault = join(folder.path, "vault");
    const files = derived.map((name) => clips.get(name));
    for (const argv of [files, ["--deep", "--again", ...files.slice(0, 1)]]) {
      const run = await holdfast(["import", "--vault", vault, ...argv]);
      expect(run.status, run.stderr).toBe(0);
    }
    const reading = started.filter(
      ({ program, argv }) => /\/ff(mpeg|probe)$/.test(program) && !argv.includes("-version"),
    );
    expect(reading.length).toBeGreaterThan(20);
    for (const { argv } of reading) expect(problemsOf(argv), argv.join(" ")).toEqual([]);
  });

  it("is run in a jail that shows its inputs and the folders of its outputs, and no more", () => {
    const reading = started.filter(({ argv }) => argv.some((argument) => argument.startsWith("file:/")));
    expect(reading.length).toBeGreaterThan(20);
    for (const { argv, jail, cwd } of reading) {
      const inputs = inputsOf(argv).map(({ input }) => input.slice("file:".length));
      expect([...(jail?.reads ?? [])].sort()).toEqual([...new Set(inputs)].sort());
      const outputs = argv.filter(
        (argument) => argument.startsWith("file:/") && !inputs.includes(argument.slice(5)),
      );
      const writable = [cwd, ...(jail?.writes ?? [])];
      for (const output of outputs) expect(writable).toContain(join(output.slice(5), ".."));
      expect(jail?.writes.length).toBeLessThanOrEqual(1);
    }
  });

  it("of each kind there is, for every part of a stream", async () => {
    const media = clips.get("sound-and-picture.mp4");
    const { video } = await probeOk(media);
    if (video === null) throw new Error("the clip has a picture");
    const limits = { wallMs: 1, cpuSeconds: 1, addressSpaceBytes: 1, fileSizeBytes: 1, stdoutBytes: 1 };
    const files = { times: "/s/t", offers: "/s/o", pictures: "/s/i", decoded: "/s/d" };
    const side = { ...files, progress: "/s/p", packets: "/s/k", decodedHashes: "/s/h" };
    const windows = ["nokey", "noref", "none"].flatMap((skip) =>
      [null, "1.5"].map((seek) => ({ seek, fromPts: 1, untilPts: 9, skip }) as DecodingWindow),
    );
    const sources = ([1, 2] as const).map((threads) => {
      return { ffmpeg: "/usr/bin/ffmpeg", media, video, scratch: "/s", limits, signal: never, threads };
    });
    const region = { x: 0, y: 0, width: 16, height: 32 };
    const boxes = [{ region, after: "1.5", before: null }];
    const lines = [
      probeArgv(media),
      containerArgv(media),
      packetsArgv(media, 0),
      packetHashArgv(media),
      decodedHashArgv(media),
      decodeArgv(media, true),
      decodeArgv(media, false),
      playableArgv([media], "/o/playable.mp4"),
      playableArgv([media, clips.get("sound-only.m4a")], "/o/playable.mkv"),
      ...[true, false].flatMap((deep) =>
        [true, false].map((pictures) => clipPassArgv(media, { video, start: "0" }, { side, deep, pictures })),
      ),
      clipPassArgv(media, { video: null, start: "0" }, { side, deep: false, pictures: false }),
      frameTimesArgv(media, 0),
      fillProofArgv("/o/copy.mp4", [{ region, first: 1, last: 2 }]),
      ...(["libx264", "mpeg4"] as const).flatMap((encoder) =>
        [null, media, clips.get("sound-only.m4a")].map((sound) =>
          copyArgv(
            { media, stream: 0, sound, picture: region, boxes, encoder, begins: "0.5" },
            "/o/copy.mp4",
          ),
        ),
      ),
      ...sources.flatMap((source) =>
        windows.flatMap((window) => [
          looksArgv(source, window, "/s/l"),
          picturesArgv(source, window, [1, 2], "/s/f"),
        ]),
      ),
    ];
    for (const argv of lines) expect(problemsOf(argv), argv.join(" ")).toEqual([]);
  });

  it("keeps every option whole, whatever blanks are in it", () => {
    const options = ["-progress", "/a vault/p.txt", "-metadata", "a=b c d"];
    const argv = ffmpegArgv(["/a vault/m.mp4"], ["-x", "y z"], [{ to: "file:/an out/f", options }]);
    expect(argv).toEqual(expect.arrayContaining([...options, "y z"]));
  });

  it("that leaves one of them out, or adds what is forbidden, would be found", () => {
    const argv = packetHashArgv("/m");
    for (const name of Object.keys(bounds)) {
      const at = argv.indexOf(name);
      expect(problemsOf(argv.toSpliced(at, 2))).toEqual([`${name} before file:/m`]);
    }
    const more = ["-vf", "scale=2:2,fps=1", "-dump_attachment:t", "", "-f", "concat", "-safe", "0"];
    expect(problemsOf([...argv, ...more])).toHaveLength(4);
  });
});
