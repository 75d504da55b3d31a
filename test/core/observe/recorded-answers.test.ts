import { describe, expect, it } from "vitest";
import { classifyFailure, type FailureFacts } from "../../../src/core/capture/failure.js";
import { type Answer, readers } from "../../../src/core/observe/answers.js";
import { judgeRun } from "../../../src/core/observe/control.js";
import { readLookUp } from "../../../src/core/observe/look-up.js";
import type { Signal } from "../../../src/core/observe/signal.js";
import type { Judgement, Verdict } from "../../../src/core/observe/verdict.js";
import { readVectors } from "../../support/vectors.js";

interface Recorded {
  readonly look_up: {
    readonly found: boolean;
    readonly errors: readonly string[];
    readonly last_status: number | null;
    readonly ended_by: FailureFacts["endedBy"];
    readonly exit_code: number | null;
    readonly asked_to_wait: boolean;
  };
  readonly answers: Readonly<Partial<Record<keyof typeof readers, Answer>>>;
}

interface RecordedCase extends Recorded {
  readonly name: string;
  readonly truth: "there" | "removed" | "restricted" | "blocked" | "unreachable" | "unclear";
  readonly verdict: Verdict;
}

interface Recording {
  readonly platform: string;
  readonly host: string;
  readonly url: string;
  readonly control: Recorded;
  readonly cases: readonly RecordedCase[];
}

const recordings = readVectors<Recording>("observations");
const ofFaults = recordings.filter(({ platform }) => platform === "faults");
const ofPlatforms = recordings.filter(({ platform }) => platform !== "faults");

const now = new Date("2026-12-01T12:00:00.000Z");
const yesterday = "2026-11-30T12:00:00.000Z";

function signalsOf({ look_up, answers }: Recorded, host: string): readonly Signal[] {
  const facts: FailureFacts = {
    endedBy: look_up.ended_by,
    exitCode: look_up.exit_code,
    watchdog: null,
    errors: look_up.errors,
    remarks: [],
    lastStatus: look_up.last_status,
  };
  const { errors, asked_to_wait: askedToWait } = look_up;
  const failure = look_up.found ? null : classifyFailure(facts).code;
  const channels = ["address", "oembed", "embed", "thumbnail"] as const;
  const beside = channels.flatMap((by) => {
    const answer = answers[by];
    return answer === undefined ? [] : readers[by](answer);
  });
  return [...readLookUp({ failure, errors, askedToWait }, host), ...beside];
}

interface ControlChoice {
  readonly lastThere: string | null;
  readonly way: string;
  readonly url: string;
  readonly answers: Recorded;
}

/** The judgement of one case beside one control. */
function judged(recording: Recording, one: Recorded, choice: Partial<ControlChoice> = {}): Judgement {
  const { host, url, control } = recording;
  const used = { lastThere: yesterday, way: "direct", url: `${url}#other`, answers: control, ...choice };
  const asked = {
    capture: "20261123-4T9KX2MB",
    url,
    host,
    way: "direct",
    signals: signalsOf(one, host),
    lastThere: null,
  };
  const beside = { ...asked, ...used, capture: "20261123-8GQ2ZK4N", signals: signalsOf(used.answers, host) };
  const [judgement] = judgeRun([asked, beside], now);
  if (judgement === undefined) throw new Error("a run of two has no judgement");
  return judgement;
}

const all = ofPlatforms.flatMap((recording) => recording.cases.map((one) => ({ recording, one })));
const removed = all.filter(({ one }) => one.truth === "removed");
const isGone = ({ verdict }: Judgement) => verdict === "reported-gone";

describe("recorded answers of nine platforms", () => {
  it("are at least 120, of nine platforms, with true removals of each", () => {
    expect(all.length).toBeGreaterThanOrEqual(120);
    expect(ofPlatforms.length).toBe(9);
    for (const { platform, cases } of ofPlatforms)
      expect(cases.filter(({ truth }) => truth === "removed").length, platform).toBeGreaterThanOrEqual(3);
  });

  it.each(recordings.map((recording) => [recording.platform, recording] as const))(
    "each of %s comes to the verdict that is stated beside it",
    (_, recording) => {
      const verdicts = recording.cases.map((one) => [one.name, judged(recording, one).verdict]);
      expect(verdicts).toEqual(recording.cases.map(({ name, verdict }) => [name, verdict]));
    },
  );

  it("no post is reported gone that was not removed", () => {
    const wrong = all.filter(
      ({ recording, one }) => one.truth !== "removed" && isGone(judged(recording, one)),
    );
    expect(wrong.map(({ recording, one }) => `${recording.platform}: ${one.name}`)).toEqual([]);
  });

  it("of the true removals at least nine in ten are reported", () => {
    const reported = removed.filter(({ recording, one }) => isGone(judged(recording, one)));
    expect(removed.length).toBeGreaterThanOrEqual(40);
    expect(reported.length / removed.length).toBeGreaterThanOrEqual(0.9);
  });

  it("a fault of the network, a server or the downloader never reads as a removal", () => {
    const faults = ofFaults.flatMap((recording) => recording.cases.map((one) => judged(recording, one)));
    expect(faults.length).toBeGreaterThanOrEqual(17);
    expect(faults.filter(isGone)).toEqual([]);
  });
});

describe("without a control that passed nothing is reported gone", () => {
  const failing: readonly (readonly [
    string,
    (recording: Recording, one: Recorded) => Partial<ControlChoice>,
  ])[] = [
    ["the control fares like the post", (_, one) => ({ answers: one })],
    ["the control was last there more than 30 days ago", () => ({ lastThere: "2026-10-31T11:59:59.999Z" })],
    ["the control was never there", () => ({ lastThere: null })],
    ["the control was last there in the future", () => ({ lastThere: "2026-12-02T00:00:00.000Z" })],
    ["the control was asked by another way", () => ({ way: "http://proxy.example" })],
    ["the control is the same address", ({ url }) => ({ url })],
  ];

  it.each(failing)("%s", (_, choiceOf) => {
    const gone = removed.filter(({ recording, one }) =>
      isGone(judged(recording, one, choiceOf(recording, one))),
    );
    expect(gone.map(({ one }) => one.name)).toEqual([]);
  });

  it.each(["fails by every fault", "is blocked", "is restricted"])("the control %s", (how) => {
    const truths = how === "is blocked" ? ["blocked"] : how === "is restricted" ? ["restricted"] : [];
    const gone = removed.flatMap(({ recording, one }) => {
      const bad =
        truths.length === 0
          ? ofFaults.flatMap(({ cases }) => cases)
          : recording.cases.filter(({ truth }) => truths.includes(truth));
      return bad.filter((answers) => isGone(judged(recording, one, { answers })));
    });
    expect(gone).toEqual([]);
  });

  it("the basis names the control that passed, or says that there was none or that it failed", () => {
    const [first] = removed;
    if (first === undefined) throw new Error("no removals");
    const basis = (choice: Partial<ControlChoice>) => judged(first.recording, first.one, choice).basis.at(-1);
    const captures = ["20261123-8GQ2ZK4N"];
    expect(basis({})).toEqual({ by: "control", code: "passed", captures });
    expect(basis({ lastThere: null })).toEqual({ by: "control", code: "none", captures: [] });
    expect(basis({ answers: first.one })).toEqual({ by: "control", code: "failed", captures: [] });
  });
});
