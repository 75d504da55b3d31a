import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { judgeCompleteness } from "../../../src/core/capture/completeness.ts";
import { isUnendedPlaylist } from "../../../src/core/capture/playlist.ts";
import type { DecodeCheck } from "../../../src/core/capture/record.ts";
import {
  judgeTransfer,
  matchLengths,
  oneWindow,
  type TrackTransfer,
  type TransferFacts,
} from "../../../src/core/capture/transfer.ts";

const track: TrackTransfer = {
  name: "track-1.mp4",
  received: 100,
  announced: 100,
  unfinished: false,
  parts: null,
  segments: null,
};
const good: TransferFacts = {
  tracks: [track],
  exitCode: 0,
  endedBy: "exited",
  errors: false,
  unended: false,
};
const withTrack = (change: Partial<TrackTransfer>) =>
  judgeTransfer({ ...good, tracks: [{ ...track, ...change }] });
const pieces = (...lengths: (readonly [number, number | null])[]) =>
  lengths.map(([received, announced]) => ({ received, announced }));

describe("whole is said only when every length agrees", () => {
  test("a track with the announced length is whole", () => {
    expect(judgeTransfer(good).verdict).toBe("whole");
    expect(judgeTransfer(good).grounds[0]).toBe("track-1.mp4: 100 bytes received, as announced");
  });

  test("no announced length is unknown, never whole", () => {
    expect(withTrack({ announced: null }).verdict).toBe("unknown");
  });

  test("fewer bytes than announced is incomplete", () => {
    expect(withTrack({ received: 99 }).verdict).toBe("incomplete");
  });

  test("more bytes than announced is unknown", () => {
    expect(withTrack({ received: 101 }).verdict).toBe("unknown");
  });

  test("a file the downloader left unfinished is incomplete whatever its length", () => {
    expect(withTrack({ unfinished: true }).verdict).toBe("incomplete");
  });

  test("one short track spoils the others", () => {
    const tracks = [track, { ...track, name: "track-2.m4a", received: 1 }];
    expect(judgeTransfer({ ...good, tracks }).verdict).toBe("incomplete");
  });

  test("no track at all is incomplete", () => {
    expect(judgeTransfer({ ...good, tracks: [] }).verdict).toBe("incomplete");
  });

  test.each([{ exitCode: 1 }, { exitCode: null }, { endedBy: "stalled" as const }, { errors: true }])(
    "a downloader that did not end well makes it incomplete: %o",
    (change) => expect(judgeTransfer({ ...good, ...change }).verdict).toBe("incomplete"),
  );
});

describe("segments", () => {
  test("all segments with the announced lengths are whole", () => {
    const segments = { expected: 2, pieces: pieces([5, 5], [6, 6]) };
    expect(withTrack({ announced: null, segments }).verdict).toBe("whole");
  });

  test("a missing segment is incomplete", () => {
    expect(withTrack({ segments: { expected: 3, pieces: pieces([5, 5], [6, 6]) } }).verdict).toBe(
      "incomplete",
    );
  });

  test("a short segment is incomplete", () => {
    expect(withTrack({ segments: { expected: 2, pieces: pieces([5, 5], [4, 6]) } }).verdict).toBe(
      "incomplete",
    );
  });

  test("an unknown number of segments, or one without a length, is unknown", () => {
    expect(withTrack({ segments: { expected: null, pieces: pieces([5, 5]) } }).verdict).toBe("unknown");
    expect(withTrack({ segments: { expected: 1, pieces: pieces([5, null]) } }).verdict).toBe("unknown");
  });
});

describe("answers are matched to segments in order", () => {
  test("keys and manifests in between are passed over", () => {
    expect(matchLengths([100, 200, 100], [16, 100, 16, 200, 100])).toEqual([100, 200, 100]);
  });

  test("a length nobody announced stays unproven", () => {
    expect(matchLengths([100, 150, 200], [100, 200])).toEqual([100, null, 200]);
  });

  test("no answer is used twice", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(5)), fc.array(fc.nat(5)), (received, offers) => {
        const matched = matchLengths(received, offers);
        const used = matched.filter((one) => one !== null);
        expect(used.length).toBeLessThanOrEqual(offers.length);
        for (const [index, one] of matched.entries()) expect([null, received[index]]).toContain(one);
      }),
    );
  });
});

describe("one window of a broadcast", () => {
  const decode = (verdict: DecodeCheck["verdict"]): DecodeCheck => {
    return { original: "original/track-1.ts", verdict, grounds: ["as decoded"] };
  };
  const window = judgeTransfer({ ...good, unended: true });

  test("is not whole, however well lengths agree and media decode", () => {
    expect(window).toEqual({ verdict: "unknown", grounds: expect.arrayContaining([oneWindow]) });
    for (const verdict of ["sound", "damaged", "unknown"] as const) {
      expect(judgeCompleteness(window, [decode(verdict)], "ytdlp").verdict).toBe("unknown");
    }
  });

  test("is incomplete where something of it is missing", () => {
    expect(judgeCompleteness(window, [decode("short")], "ytdlp").verdict).toBe("incomplete");
    expect(judgeTransfer({ ...good, exitCode: 1, unended: true }).verdict).toBe("incomplete");
  });

  test.each([
    ["an HLS playlist without an end", "#EXTM3U\n#EXTINF:2,\na.ts\n", true],
    ["one with an end", "#EXTM3U\n#EXTINF:2,\na.ts\n#EXT-X-ENDLIST\n", false],
    ["one that is said to be complete", "#EXTM3U\n#EXT-X-PLAYLIST-TYPE:VOD\n#EXTINF:2,\na.ts\n", false],
    ["a list of renditions", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\na.m3u8\n", false],
    ["a dynamic MPD", '<?xml version="1.0"?>\n<MPD xmlns="x" type="dynamic">', true],
    ["a static MPD", '<MPD type="static"><Period id="dynamic"/>', false],
    ["a page", '<html type="dynamic">#EXTINF:', false],
  ] as const)("%s", (_, text, isUnended) => expect(isUnendedPlaylist(text)).toBe(isUnended));
});
