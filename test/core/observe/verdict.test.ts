import { describe, expect, it } from "vitest";
import { type Asked, judgeRun } from "../../../src/core/observe/control.js";
import { type Channel, rankOf, type Signal, type SignalCode } from "../../../src/core/observe/signal.js";
import { judge } from "../../../src/core/observe/verdict.js";

const channels: readonly Channel[] = ["look-up", "address", "oembed", "embed", "thumbnail", "words"];
const codes: readonly SignalCode[] = [
  "found",
  "removed",
  "not-there",
  "unavailable",
  "login",
  "private",
  "age",
  "country",
  "rate",
  "retry-after",
  "bot-check",
  "address-refused",
  "name",
  "tls",
  "time-out",
  "connection",
  "private-address",
  "answered",
  "redirected",
  "refused",
  "site-fault",
  "empty",
  "not-understood",
];

/** A control that passed by each of these channels. */
const passedBy = (...by: readonly Channel[]) => new Map(by.map((channel) => [channel, "20261123-4T9KX2MB"]));
const all = passedBy(...channels);

const signal = (by: Channel, code: SignalCode): Signal => ({ by, code });

describe("the verdict", () => {
  it("is unknown where nothing was learnt", () => {
    expect(judge([], all)).toEqual({ verdict: "unknown", basis: [], structured: false });
  });

  it("never rests on words, whatever they say", () => {
    for (const code of codes) expect(judge([signal("words", code)], all).verdict).toBe("unknown");
  });

  it("is reported-gone by one channel alone only where that is the platform's statement, the address or Telegram's form", () => {
    const enough = channels.flatMap((by) =>
      codes
        .filter((code) => judge([signal(by, code)], all).verdict === "reported-gone")
        .map((code) => `${by} ${code}`),
    );
    expect(enough).toEqual([
      "look-up removed",
      "look-up not-there",
      "address removed",
      "address not-there",
      "embed removed",
      "embed not-there",
    ]);
  });

  it("is reported-gone by no channel by which no control passed", () => {
    const signals = [signal("look-up", "not-understood"), signal("address", "not-there")];
    expect(judge(signals, passedBy("look-up", "address")).verdict).toBe("reported-gone");
    expect(judge(signals, passedBy("look-up")).verdict).toBe("unknown");
    expect(judge(signals, passedBy()).verdict).toBe("unknown");
    expect(judge(signals, null).verdict).toBe("unknown");
  });

  it("is blocked by a Retry-After on any channel, unless the platform described the post", () => {
    const removed = [signal("look-up", "removed"), signal("oembed", "retry-after")];
    expect(judge(removed, all)).toMatchObject({
      verdict: "blocked",
      basis: [{ by: "oembed", code: "retry-after" }],
    });
    expect(judge([signal("look-up", "found"), ...removed.slice(1)], all).verdict).toBe("online");
  });

  it.each(["refused", "site-fault"] as const)(
    "is unknown where the downloader was answered by %s, whatever the address answers somebody else",
    (code) => {
      expect(judge([signal("look-up", code), signal("address", "not-there")], all).verdict).toBe("unknown");
    },
  );

  it("states its basis, the surest first", () => {
    const { basis } = judge([signal("address", "not-there"), signal("look-up", "unavailable")], all);
    expect(basis).toEqual([
      { by: "look-up", code: "unavailable" },
      { by: "address", code: "not-there" },
      { by: "control", code: "passed", captures: ["20261123-4T9KX2MB"] },
    ]);
  });

  it("counts as structured only where the platform's own answer is in the basis and its control passed", () => {
    expect(judge([signal("address", "not-there")], all).structured).toBe(false);
    expect(judge([signal("look-up", "removed")], all).structured).toBe(true);
    const both = [signal("look-up", "removed"), signal("address", "not-there")];
    expect(judge(both, passedBy("address"))).toMatchObject({ verdict: "reported-gone", structured: false });
  });

  it("of ranks has four", () => {
    expect(channels.map(rankOf)).toEqual([1, 2, 3, 3, 3, 4]);
  });
});

describe("a run of ten thousand posts of one site", () => {
  const now = new Date("2026-12-01T12:00:00.000Z");
  const post = (number: number, signals: readonly Signal[]): Asked => ({
    capture: `20261123-${String(number).padStart(8, "0")}`,
    url: `https://news.example/${number}`,
    host: "news.example",
    way: "direct",
    signals,
    lastThere: "2026-11-30T12:00:00.000Z",
  });
  const gone = [signal("look-up", "not-understood"), signal("address", "not-there")];
  const there = [signal("look-up", "found"), signal("address", "answered")];
  const posts = Array.from({ length: 10_000 }, (_, number) => post(number, gone));

  it("reports none gone where all are: the site refuses, and nothing shows that it does not", () => {
    expect(judgeRun(posts, now).filter(({ verdict }) => verdict !== "unknown")).toEqual([]);
  });

  it("reports the others gone where one of them is there", () => {
    const verdicts = judgeRun([...posts, post(10_000, there)], now).map(({ verdict }) => verdict);
    expect(verdicts.filter((verdict) => verdict === "reported-gone").length).toBe(10_000);
    expect(verdicts.at(-1)).toBe("online");
  });
});
