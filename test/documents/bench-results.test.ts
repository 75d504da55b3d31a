import { describe, expect, it } from "vitest";
import { type Run, withRun } from "../bench/results.js";
import { labelOfCommand } from "../bench/tree.js";

const earlier: Run = {
  when: "2026-12-01 12:00 UTC",
  commit: "8625986",
  machine: "Some processor, 2 cores, load 0.10 before and 1.90 after",
  versions: ["node 20.20.2", "ffmpeg version 5.1.9"],
  figures: [
    {
      ...{ name: "batch-real", what: "CPU over the limit", figure: "3.90x" },
      ...{ limit: "at most 1.70x", met: false, peer: "yt-dlp -a LIST" },
    },
    { name: "jail", what: "one jail", figure: "9 ms", limit: "", met: null, peer: "sh -c 'a | b'" },
  ],
};
const later: Run = {
  ...earlier,
  when: "2026-12-02 12:00 UTC",
  commit: "abcdef0",
  figures: earlier.figures.map((figure) => ({ ...figure, met: true })),
};

describe("the kept results of the bench", () => {
  const first = withRun("", earlier);

  it("say when, at which commit and on which machine, and each figure beside its limit and its peer", () => {
    expect(first.slice(first.indexOf("## "))).toBe(`## 2026-12-01 12:00 UTC, 8625986

Some processor, 2 cores, load 0.10 before and 1.90 after. node 20.20.2; ffmpeg version 5.1.9.

| case | what | figure | limit | met | beside |
| --- | --- | --- | --- | --- | --- |
| batch-real | CPU over the limit | 3.90x | at most 1.70x | **no** | yt-dlp -a LIST |
| jail | one jail | 9 ms |  |  | sh -c 'a \\| b' |
`);
  });

  it("have the newest run on top and those before it unchanged below", () => {
    const both = withRun(first, later);
    expect(both.endsWith(first.slice(first.indexOf("\n## ")))).toBe(true);
    expect(both.match(/^## .*/gm)).toEqual([
      "## 2026-12-02 12:00 UTC, abcdef0",
      "## 2026-12-01 12:00 UTC, 8625986",
    ]);
    expect(both.match(/^# .*/gm)).toHaveLength(1);
    expect(withRun(both, earlier).match(/^## /gm)).toHaveLength(3);
  });

  it("name programs by what they do, and no path of the machine", () => {
    expect(
      labelOfCommand(["/usr/bin/ffmpeg", "-f", "mov", "-i", "a", "-f", "null", "-", "-f", "null", "-"]),
    ).toBe("ffmpeg to null");
    expect(labelOfCommand(["/home/x/node", "--import", "/home/x/own-peak.js", "/home/x/holdfast.js"])).toBe(
      "holdfast.js",
    );
    expect(labelOfCommand(["/usr/bin/perl", "/home/x/exiftool", "-stay_open"])).toBe("exiftool");
    expect(labelOfCommand(["/usr/bin/bwrap", "--", "python3", "/x/yt-dlp"])).toBe("bwrap");
  });
});
