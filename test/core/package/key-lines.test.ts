import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { allows, parseAllowedSigners } from "../../../src/audit/allowed-signers.js";
import { checkpointNamespace as namespace } from "../../../src/audit/checkpoint.js";
import { keyHistory } from "../../../src/audit/key-history.js";
import { encodeAllowedSigners } from "../../../src/core/package/key-lines.js";
import { logTimes } from "../../../src/core/package/log-times.js";
import { secretOfSeed, signMessage } from "../../../src/seal/private-key.js";
import { opensshAccepts } from "../../support/ssh.js";

const folder = mkdtempSync(join(tmpdir(), "holdfast-test-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const secrets = [1, 2, 3].map((seed) => secretOfSeed(Buffer.alloc(32, seed)));
const [first, second, third] = secrets.map(({ publicKey }) => publicKey.line);
const origin = "holdfast/0f6c3d3b5a1e4c9d8b7a69584736251f";

/** One line of a log: its time, the key that it names and why, or the time-stamp that it names. */
interface Line {
  readonly seq: number;
  readonly at: string;
  readonly key?: string | undefined;
  readonly reason?: string;
  readonly stamp?: { readonly checkpoint: number; readonly genTime: string };
}

/** The lines for whoever checks a log of these entries. */
function signersOf(lines: readonly Line[]): string {
  const entries = lines.flatMap(({ seq, at, key, reason = "routine" }) => {
    const event = seq === 1 ? ("vault-created" as const) : ("key-rotated" as const);
    return key === undefined
      ? []
      : [{ seq, at, event, body: { public_key: key, previous: first ?? "", reason } }];
  });
  const times = logTimes(lines.map(({ seq, at, stamp = null }) => ({ seq, at, stamp })));
  return encodeAllowedSigners(origin, keyHistory(entries), times);
}

/** The options of each line behind the namespace, and what stands behind its key. */
function optionsOf(file: string): readonly string[] {
  return file
    .trimEnd()
    .split("\n")
    .map((line) => line.replace(`${origin} namespaces="${namespace}"`, "").replace(/ ?ssh-ed25519 \S+/, ""));
}

/** Whether ssh-keygen accepts a signature of the nth key by this list. */
function openssh(signers: string, nth: number, at: string): boolean {
  const signature = signMessage(Buffer.from("message"), namespace, secrets[nth]!);
  return opensshAccepts(folder, { signers, principal: origin, namespace, signature, message: "message", at });
}

const file = signersOf([
  { seq: 1, at: "2026-01-01T00:00:00.500Z", key: first },
  { seq: 5, at: "2026-03-01T12:00:00.500Z", key: second },
  { seq: 9, at: "2026-03-01T12:00:10.000Z", key: third },
]);

describe("the lines for whoever checks", () => {
  it("there is one per key in the order in which they were in force, with times rounded outwards, and none before which the first key would not count", () => {
    expect(file).toBe(
      [
        `${origin} namespaces="${namespace}",valid-before="20260302120001" ${first}\n`,
        `${origin} namespaces="${namespace}",valid-after="20260228120000",valid-before="20260302120010" ${second}\n`,
        `${origin} namespaces="${namespace}",valid-after="20260228120010" ${third}\n`,
      ].join(""),
    );
  });

  it("ssh-keygen accepts them for the key in force", () => {
    expect(openssh(file, 0, "20200101000000Z")).toBe(true);
    expect(openssh(file, 0, "20260302120000Z")).toBe(true);
    expect(openssh(file, 1, "20260301120010Z")).toBe(true);
    expect(openssh(file, 2, "20990101000000Z")).toBe(true);
  });

  it("ssh-keygen refuses them for a key before and after its time", () => {
    expect(openssh(file, 0, "20260303120000Z")).toBe(false);
    expect(openssh(file, 1, "20260227120000Z")).toBe(false);
    expect(openssh(file, 2, "20260228120000Z")).toBe(false);
  });

  it("they are read back as they were written", () => {
    expect(parseAllowedSigners(file)).toMatchObject([
      { principals: origin, namespaces: namespace, validAfter: null, key: { line: first } },
      { validBefore: "2026-03-02T12:00:10.000Z", stolen: false, key: { line: second } },
      { validAfter: "2026-02-28T12:00:10.000Z", validBefore: null, key: { line: third } },
    ]);
  });
});

describe("a clock that was wrong", () => {
  it("two days ahead when the vault was made, or when the key was changed, leaves every later checkpoint within its key's time", () => {
    const ahead = signersOf([
      { seq: 1, at: "2026-01-03T00:00:00.000Z", key: first },
      { seq: 2, at: "2026-01-01T00:05:00.000Z" },
      { seq: 3, at: "2026-02-03T00:00:00.000Z", key: second },
      { seq: 4, at: "2026-02-01T00:05:00.000Z" },
    ]);
    expect(optionsOf(ahead)).toEqual([',valid-before="20260204000000"', ',valid-after="20260131000500"']);
    expect(openssh(ahead, 0, "20260101000500Z")).toBe(true);
    expect(openssh(ahead, 1, "20260201000500Z")).toBe(true);
  });

  it("ahead when the key was changed and never put right: a time-stamp over what followed says so", () => {
    const lines: readonly Line[] = [
      { seq: 1, at: "2026-01-01T00:00:00.000Z", key: first },
      { seq: 3, at: "2026-02-03T00:00:00.000Z", key: second },
    ];
    const stamp = (checkpoint: number) => ({
      ...{ seq: 5, at: "2026-02-03T00:00:09.000Z" },
      stamp: { checkpoint, genTime: "2026-02-01T00:00:00.000Z" },
    });
    expect(optionsOf(signersOf([...lines, stamp(4)]))[1]).toBe(',valid-after="20260131000000"');
    // One over the state before says nothing about the change.
    expect(optionsOf(signersOf([...lines, stamp(2)]))[1]).toBe(',valid-after="20260202000000"');
  });

  it("behind when the key was changed leaves what the old key signed before within its time", () => {
    const behind = signersOf([
      { seq: 1, at: "2026-05-01T00:00:00.000Z", key: first },
      { seq: 2, at: "2026-05-20T00:00:00.000Z" },
      { seq: 3, at: "2026-05-10T00:00:00.000Z", key: second },
    ]);
    expect(optionsOf(behind)).toEqual([',valid-before="20260521000000"', ',valid-after="20260509000000"']);
    expect(openssh(behind, 0, "20260520000000Z")).toBe(true);
  });

  it("at the beginning or the end of what a clock can say makes no line that ssh-keygen refuses", () => {
    const odd = signersOf([
      { seq: 1, at: "1970-01-01T00:00:03.000Z", key: first },
      { seq: 2, at: "9999-12-31T23:00:00.000Z" },
      { seq: 3, at: "1970-01-01T00:00:09.000Z", key: second, reason: "stolen" },
      { seq: 4, at: "2026-01-01T00:00:00.000Z", key: third },
    ]);
    expect(optionsOf(odd)).toEqual([
      ',valid-before="19700101000008" stolen',
      ',valid-before="20260102000000"',
      ',valid-after="20251231000000"',
    ]);
    expect(openssh(odd, 1, "20250101000000Z")).toBe(true);
    expect(openssh(odd, 2, "20260101000000Z")).toBe(true);
    const late = signersOf([
      { seq: 1, at: "9999-12-31T23:00:00.000Z", key: first },
      { seq: 2, at: "1970-01-01T00:00:00.000Z", key: second },
    ]);
    expect(optionsOf(late)).toEqual([',valid-before="99991231235959"', ""]);
    expect(openssh(late, 0, "20260101000000Z")).toBe(true);
  });
});

describe("the line of a stolen key", () => {
  const theft = "2026-03-01T12:00:00.500Z";
  const stolen = signersOf([
    { seq: 1, at: "2026-01-01T00:00:00.000Z", key: first },
    { seq: 5, at: theft, key: second, reason: "stolen" },
  ]);

  it("says so, and ends without grace with the last second that was over before the theft", () => {
    expect(optionsOf(stolen)).toEqual([
      ',valid-before="20260301115959" stolen',
      ',valid-after="20260228120000"',
    ]);
    const { publicKey: key } = secrets[0]!;
    const signers = parseAllowedSigners(stolen);
    expect(allows(signers, origin, key, "2026-03-01T11:59:59.999Z")).toBe(true);
    expect(allows(signers, origin, key, "2026-03-01T12:00:00.000Z")).toBe(false);
    expect([openssh(stolen, 0, "20260301115959Z"), openssh(stolen, 0, "20260301120000Z")]).toEqual([
      true,
      false,
    ]);
  });

  it("is the same for every time in which that key was in force", () => {
    const back = signersOf([
      { seq: 1, at: "2026-01-01T00:00:00.000Z", key: first },
      { seq: 2, at: "2026-02-01T00:00:00.000Z", key: second },
      { seq: 3, at: "2026-03-01T00:00:00.000Z", key: first },
      { seq: 4, at: theft, key: third, reason: "stolen" },
    ]);
    expect(optionsOf(back)).toEqual([
      ',valid-before="20260202000000" stolen',
      ',valid-after="20260131000000",valid-before="20260302000000"',
      ',valid-after="20260228000000",valid-before="20260301115959" stolen',
      ',valid-after="20260228120000"',
    ]);
  });

  it("ends no later than anything behind the theft was written, whatever the clock said at the theft", () => {
    const ahead = signersOf([
      { seq: 1, at: "2026-01-01T00:00:00.000Z", key: first },
      { seq: 2, at: "2026-02-05T00:00:00.000Z", key: second, reason: "stolen" },
      { seq: 3, at: "2026-02-03T00:00:00.000Z" },
    ]);
    expect(optionsOf(ahead)[0]).toBe(',valid-before="20260202235959" stolen');
  });
});
