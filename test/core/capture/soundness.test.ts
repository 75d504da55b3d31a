import { describe, expect, it } from "vitest";
import {
  isUnsound,
  judgeSoundness,
  readSoundness,
  soundnessReason,
  soundnessWord,
} from "../../../src/core/capture/soundness.js";

const check = (
  original: string,
  verdict: "sound" | "short" | "damaged" | "unknown",
  ground: string = verdict,
) => ({
  original,
  verdict,
  grounds: [ground],
});
const hash = (original: string) =>
  ({ original, stream: 0, type: "video", packets_sha256: "00", decoded_sha256: null }) as const;
const [one, two] = ["original/track-1.mp4", "original/track-2.m4a"];

describe("what the strict decode found of a capture", () => {
  it.each([
    [["sound"], "sound"],
    [["unknown"], "unknown"],
    [["unknown", "sound"], "unknown"],
    [["sound", "damaged"], "damaged"],
    [["damaged", "short"], "short"],
  ] as const)("of originals that are %j is %s: the worst of them", (verdicts, worst) => {
    const paths = [one, two];
    const decode = verdicts.map((verdict, index) => check(paths[index] ?? "", verdict));
    expect(judgeSoundness({ decode, stream_hashes: [hash(one), hash(two)], runs: [] }, "import")).toBe(worst);
  });

  it("of a file without a stream that could be read is that, and not that nothing is wrong with it", () => {
    expect(judgeSoundness({ decode: [check(one, "unknown")], stream_hashes: [], runs: [] }, "import")).toBe(
      "unreadable",
    );
    expect(
      judgeSoundness(
        { decode: [check("original/track-1.bin", "unknown")], stream_hashes: [], runs: [] },
        "import",
      ),
    ).toBe("no-media");
  });

  it("of a file whose reader was ended is that nothing is known, and not that it cannot be read", () => {
    for (const run of [
      { ended_by: "exited", signal: "SIGKILL" },
      { ended_by: "cpu-time", signal: null },
    ]) {
      const ended = { decode: [check(one, "unknown")], stream_hashes: [], runs: [run] };
      expect(judgeSoundness(ended, "import")).toBe("unknown");
      expect(soundnessReason(ended, "import")).toMatch(/was ended, .* holdfast derive$/);
    }
  });

  it("of bytes that came in the place of a video is not that they are no media, whatever they begin with", () => {
    const fetched = { decode: [check("original/track-1.bin", "unknown")], stream_hashes: [], runs: [] };
    expect(judgeSoundness(fetched, "ytdlp")).toBe("unreadable");
  });

  it("of joined segments is not that they are damaged: ffmpeg reports every join of a whole stream as well", () => {
    const track = "original/track-1.ts";
    const joined = { decode: [check(track, "damaged")], stream_hashes: [hash(track)], runs: [] };
    expect(judgeSoundness(joined, "ytdlp")).toBe("unknown");
    expect(judgeSoundness(joined, "import")).toBe("damaged");
    expect(judgeSoundness({ ...joined, decode: [check(track, "short")] }, "ytdlp")).toBe("short");
  });

  it("is nothing where there is no original", () => {
    expect(judgeSoundness({ decode: [], stream_hashes: [], runs: [] }, "import")).toBeNull();
  });

  it("counts as got only where nothing was lost; what is no media lost nothing", () => {
    const all = ["sound", "unknown", "no-media", "short", "damaged", "unreadable"] as const;
    expect(all.filter(isUnsound)).toEqual(["short", "damaged", "unreadable"]);
    expect(isUnsound(null)).toBe(false);
  });

  it("is read back from the index, and nothing else is", () => {
    expect([readSoundness("damaged"), readSoundness("Damaged"), readSoundness(null)]).toEqual([
      "damaged",
      null,
      null,
    ]);
  });

  it("is said with what was observed of the worst original alone", () => {
    const decode = [check(one, "short", "1.4 s decoded, 3.0 s announced"), check(two, "sound", "no error")];
    expect(soundnessReason({ decode, stream_hashes: [hash(one), hash(two)], runs: [] }, "import")).toBe(
      "short: it ends before the length that it announces (1.4 s decoded, 3.0 s announced)",
    );
    expect(
      soundnessReason({ decode: [check(one, "sound")], stream_hashes: [hash(one)], runs: [] }, "import"),
    ).toBeNull();
    expect(soundnessWord("short")).toBe("short");
    expect(soundnessWord("no-media")).toBe("no media");
  });
});
