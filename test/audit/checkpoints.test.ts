import { describe, expect, it } from "vitest";
import { parseAllowedSigners } from "../../src/audit/allowed-signers.js";
import { checkpointName, encodeCheckpoint, originOf } from "../../src/audit/checkpoint.js";
import { auditAgainst, auditCheckpoints } from "../../src/audit/checkpoints.js";
import { sha256 } from "../../src/audit/digest.js";
import { keyHistory } from "../../src/audit/key-history.js";
import { auditKeys } from "../../src/audit/keys.js";
import { CoveredTimes, type FoundCheckpoint, type LogFacts, type Trust } from "../../src/audit/log-facts.js";
import { checkSigned } from "../../src/audit/signed-checkpoint.js";
import { type Ed25519Secret, secretOfSeed, signMessage } from "../../src/seal/private-key.js";
import { noTrust } from "../../src/vault/index/rebuild.js";

const at = "2026-11-23T18:00:00.000Z";
const origin = originOf("a".repeat(32));
const [first, second, stranger] = [1, 2, 3].map((byte) => secretOfSeed(Buffer.alloc(32, byte))) as [
  Ed25519Secret,
  Ed25519Secret,
  Ed25519Secret,
];

/** A root for each size: what it is made of does not matter here. */
const rootAt = (size: number) => Buffer.alloc(32, size);

const created = { seq: 1, at, event: "vault-created", body: { public_key: first.publicKey.line } } as const;

function rotated(seq: number, reason: "routine" | "lost") {
  const body = { public_key: second.publicKey.line, previous: first.publicKey.line, reason };
  return { seq, at, event: "key-rotated", body } as const;
}

const facts: LogFacts = {
  origin,
  rootAt,
  entries: 20,
  lastAt: () => at,
  keys: keyHistory([created]),
  tokens: [],
  witnesses: [],
};

function found(
  size: number,
  secret: Ed25519Secret | null,
  kind: "vault" | "package" = "vault",
): FoundCheckpoint {
  const name = checkpointName(size);
  const path = kind === "vault" ? `log/${name}.checkpoint` : `proof/${name}/checkpoint`;
  const body = Buffer.from(encodeCheckpoint({ origin, size, root: rootAt(size) }));
  const signature = secret && {
    path: `${path}.sig`,
    bytes: Buffer.from(signMessage(body, "holdfast-checkpoint@v1", secret)),
  };
  return { size, path, body, signature, signed: null, tokens: [], witnesses: [] };
}

async function codes(
  checkpoints: readonly FoundCheckpoint[],
  changed: Partial<LogFacts> = {},
  trust: Trust = noTrust,
  kind: "vault" | "package" = "vault",
) {
  const audit = await auditCheckpoints(checkpoints, { ...facts, ...changed }, trust, kind);
  const words = audit.findings.map(({ code, severity, where }) => `${severity} ${code} ${where}`);
  return { ...audit, words: words.filter((word) => !word.includes("anchor-pending")).sort() };
}

describe("checkpoints and their signatures", () => {
  it("none at all is absent and no fault, and of a log that names a key it is said", async () => {
    expect(await codes([], { keys: [] })).toMatchObject({ words: [], signature: "absent" });
    expect(await codes([])).toMatchObject({
      words: ["note unsealed log"],
      signature: "absent",
      tokens: "absent",
      signedSize: 0,
    });
  });

  it("good signatures by the key in force pass, and the result names the key", async () => {
    const { words, signature, signedSize, restsOn } = await codes([found(3, first), found(9, first)]);
    expect({ words, signature, signedSize }).toEqual({ words: [], signature: "pass", signedSize: 9 });
    expect(restsOn.keys).toEqual([
      { fingerprint: first.publicKey.fingerprint, from: at, until: null, source: "log" },
    ]);
  });

  it("a newest checkpoint without a signature is a note in a vault and an error in a package", async () => {
    const vault = await codes([found(3, first), found(9, null)]);
    expect(vault).toMatchObject({ signature: "absent", signedSize: 3 });
    expect(vault.words).toEqual(["note signature-missing log/000009.checkpoint"]);
    const packaged = await codes([found(9, null, "package")], {}, noTrust, "package");
    expect(packaged.words).toEqual(["error signature-missing proof/000009/checkpoint"]);
    expect(packaged.signature).toBe("fail");
  });

  it("a checkpoint of more entries than the log has is found, and one whose root cannot be known is not accused", async () => {
    expect((await codes([found(21, first)])).words).toEqual([
      "error checkpoint-beyond-log log/000021.checkpoint",
    ]);
    expect((await codes([found(21, first)], { entries: null, rootAt: () => null })).words).toEqual([]);
  });

  it("the key in force changes with the entry behind a rotation, and the old key endorses it", async () => {
    const keys = keyHistory([created, rotated(6, "routine")]);
    const good = [found(3, first), found(6, first), found(9, second)];
    expect((await codes(good, { keys })).words).toEqual([]);
    const early = [found(3, first), found(6, second), found(9, second)];
    expect((await codes(early, { keys })).words).toEqual([
      "error key-not-endorsed entry:6",
      "error signature-key log/000006.checkpoint.sig",
    ]);
    const late = [found(3, first), found(6, first), found(9, first)];
    expect((await codes(late, { keys })).words).toEqual(["error signature-key log/000009.checkpoint.sig"]);
  });

  it("a rotation that nothing is signed behind yet is a note: a kill can leave it so", async () => {
    const keys = keyHistory([created, rotated(6, "routine")]);
    expect((await codes([found(3, first)], { keys })).words).toEqual(["note key-not-endorsed entry:6"]);
  });

  it("a rotation whose checkpoint is there and not signed yet is a note as well, and an error once anything is behind it", async () => {
    const keys = keyHistory([created, rotated(6, "routine")]);
    const killed = await codes([found(3, first), found(6, null)], { keys });
    expect(killed.words).toEqual([
      "note key-not-endorsed entry:6",
      "note signature-missing log/000006.checkpoint",
    ]);
    const words = (await codes([found(3, first), found(6, null), found(9, second)], { keys })).words;
    expect(words).toContain("error key-not-endorsed entry:6");
    expect((await codes([found(9, null)], { keys })).words).toContain("error key-not-endorsed entry:6");
    const packaged = await codes([found(6, null, "package")], { keys }, noTrust, "package");
    expect(packaged.words).toContain("error key-not-endorsed entry:6");
  });

  it("where the checker named signers or roots and there is nothing of theirs, that is an error, and the answers stay", async () => {
    const signers = parseAllowedSigners(`${origin} ${first.publicKey.line}\n`);
    const trust = { ...noTrust, signers, rootsNamed: true };
    const vault = await codes([], { keys: [] }, trust);
    expect(vault).toMatchObject({
      words: ["error signature-absent log", "error token-absent log"],
      signature: "absent",
      tokens: "absent",
    });
    const packaged = await codes([], {}, trust, "package");
    expect(packaged.words).toEqual(["error signature-absent proof", "error token-absent proof"]);
    const unsigned = await codes([found(3, first), found(9, null)], {}, { ...noTrust, signers });
    expect(unsigned.words).toContain("error signature-absent log");
    expect((await codes([found(3, first)], {}, { ...noTrust, signers })).words).toEqual([]);
  });

  const expired = `${origin} valid-after="20261123Z",valid-before="20261124Z" ${first.publicKey.line}\n`;
  it.each([
    ["no time-stamp, and the last entry is within", at, null, []],
    ["no time-stamp, and the last entry is later", "2026-11-24T00:00:01.000Z", null, ["error"]],
    ["no time-stamp and no known entry", null, null, []],
    ["a time-stamp within", at, "2026-11-23T19:00:00.000Z", []],
    [
      "a time-stamp within, though the log states another time",
      "2026-11-29T18:00:00.000Z",
      "2026-11-23T19:00:00.000Z",
      [],
    ],
    ["a time-stamp that came late", at, "2026-11-25T18:00:00.000Z", ["note"]],
    ["a time-stamp before the key's time", at, "2026-11-22T18:00:00.000Z", ["error"]],
    [
      "a time-stamp and an entry that are both later",
      "2026-11-25T17:00:00.000Z",
      "2026-11-25T18:00:00.000Z",
      ["error"],
    ],
    ["a late time-stamp and no known entry", null, "2026-11-25T18:00:00.000Z", ["error"]],
  ])("a key that has its time is judged by it: %s", (_what, lastAt, stamp, severities) => {
    const trust = { ...noTrust, signers: parseAllowedSigners(expired) };
    const own = { ...facts, lastAt: () => lastAt };
    const stamped = (gen_time: string, trusted: boolean) => ({
      ...{ authority: "one", checkpoint: 3, signer: "", signer_sha256: "", root: null },
      ...{ gen_time, trusted },
    });
    // One that leads to no trusted root says nothing, whatever its time.
    const authorities = [stamped("2020-01-01T00:00:00.000Z", false)];
    if (stamp !== null) authorities.push(stamped("2027-01-01T00:00:00.000Z", true), stamped(stamp, true));
    const checked = [checkSigned(found(3, first), own, false)];
    const { findings, keys } = auditKeys({ checked, facts: own, trust, authorities, kind: "vault" });
    expect(findings.map(({ code, severity }) => `${severity} ${code}`)).toEqual(
      severities.map((severity) => `${severity} key-not-trusted`),
    );
    expect(keys[0]?.source).toBe(severities.length === 0 ? "signers" : "log");
  });

  it("the last entry that a checkpoint covers is found in any order and with gaps", () => {
    const times = new CoveredTimes([9, 3, 6]);
    for (const [seq, time] of [
      [8, "h"],
      [2, "b"],
      [1, "a"],
      [12, "l"],
    ] as const)
      times.add({ seq, at: time });
    expect([2, 3, 6, 9, 20].map((size) => times.lastAt(size))).toEqual([null, "b", "b", "h", "h"]);
    expect(new CoveredTimes([]).lastAt(5)).toBe(null);
  });

  it("a key given up as lost endorses nothing, and that is said unless the checker trusts the new one", async () => {
    const keys = keyHistory([created, rotated(6, "lost")]);
    const checkpoints = [found(3, first), found(6, second)];
    expect((await codes(checkpoints, { keys })).words).toEqual(["error key-not-endorsed entry:6"]);
    const lines = [first, second].map(({ publicKey }) => `${origin} ${publicKey.line}\n`).join("");
    const trust = { ...noTrust, signers: parseAllowedSigners(lines) };
    const told = await codes(checkpoints, { keys }, trust);
    expect(told.words).toEqual(["note key-not-endorsed entry:6"]);
    expect(told.restsOn.keys.map(({ source }) => source)).toEqual(["signers", "signers"]);
  });

  it("a signer named for another vault or another purpose is not trusted for this one", async () => {
    for (const line of [
      `holdfast/${"b".repeat(32)} ${first.publicKey.line}`,
      `${origin} namespaces="git" ${first.publicKey.line}`,
      `${origin} ${stranger.publicKey.line}`,
    ]) {
      const trust = { ...noTrust, signers: parseAllowedSigners(`${line}\n`) };
      expect((await codes([found(3, first)], {}, trust)).words).toEqual([
        "error key-not-trusted log/000003.checkpoint",
      ]);
    }
  });

  it("in a package, what stock tools are given must be the checkpoint and its signature", async () => {
    const one = found(9, first, "package");
    const path = "proof/000009/signed";
    const good = {
      path,
      bytes: Buffer.concat([one.body ?? Buffer.alloc(0), one.signature?.bytes ?? Buffer.alloc(0)]),
    };
    expect((await codes([{ ...one, signed: good }], {}, noTrust, "package")).words).toEqual([]);
    const other = await codes(
      [{ ...one, signed: { path, bytes: Buffer.from("x") } }],
      {},
      noTrust,
      "package",
    );
    expect(other.words).toEqual([`error signed-differs ${path}`]);
    expect(other.signature).toBe("fail");
  });
});

describe("entries and files under a checkpoint", () => {
  const bytes = Buffer.from("no time-stamp");
  const entry = {
    ...{ seq: 4, checkpoint: 3, authority: "one", path: "log/000003.one.tsr", bytes: bytes.length },
    ...{ sha256: sha256(bytes), gen_time: at, policy: "1.2.3", serial: "1" },
  };

  it("an entry finds its file in a package under the checkpoint's folder", async () => {
    const path = "proof/000003/one.tsr";
    const token = { path, bytes, authority: "one", kind: "rfc3161" } as const;
    const three = { ...found(3, first, "package"), tokens: [token] };
    const here = await codes([three], { tokens: [entry] }, noTrust, "package");
    expect(here.words).toEqual([`error token-malformed ${path}`]);
    const gone = await codes([found(3, first, "package")], { tokens: [entry] }, noTrust, "package");
    expect(gone.words).toEqual([`error token-missing ${path}`]);
    expect(gone.tokens).toBe("fail");
  });

  it("in a package, a time-stamp without an entry is nothing to report over the newest checkpoint and a note over an older one", async () => {
    const over = (size: number) => {
      const path = `proof/${checkpointName(size)}/one.tsr`;
      const tokens = [{ path, bytes, authority: "one", kind: "rfc3161" } as const];
      return { ...found(size, first, "package"), tokens };
    };
    const { words } = await codes([over(3), over(9)], {}, noTrust, "package");
    expect(words.filter((word) => word.includes("token-unlogged"))).toEqual([
      "note token-unlogged proof/000003/one.tsr",
    ]);
  });

  it("an entry about a checkpoint of which nothing is left names what is missing", async () => {
    expect((await codes([found(9, first)], { tokens: [entry] })).words).toEqual([
      "error checkpoint-missing log/000003.checkpoint",
      "error token-missing log/000003.one.tsr",
    ]);
  });

  it("an entry that names a time-stamp for another checkpoint than the one it lies under is found", async () => {
    const token = { path: entry.path, bytes, authority: "one", kind: "rfc3161" } as const;
    const audit = await codes([{ ...found(3, first), tokens: [token] }, found(9, first)], {
      tokens: [{ ...entry, checkpoint: 9 }],
    });
    expect(audit.words).toContain("error token-entry entry:4");
  });
});

describe("a checkpoint that somebody else kept", () => {
  const held = { origin, size: 9, root: rootAt(9) };
  const code = (of: typeof held, log: Partial<LogFacts> = {}) =>
    auditAgainst(of, { ...facts, ...log }).map(
      (finding) => `${finding.severity} ${finding.code} ${finding.where}`,
    );

  it("is the beginning of the log, or history was rewritten, cut, or another one", () => {
    expect(code(held)).toEqual([]);
    expect(code({ ...held, root: rootAt(8) })).toEqual(["error history-rewritten log"]);
    expect(code(held, { entries: 8 })).toEqual(["error history-truncated log"]);
    expect(code({ ...held, origin: originOf("b".repeat(32)) })).toEqual(["error other-log log"]);
  });

  it("cannot be compared where no root of its size is known, and that is a note", () => {
    expect(code(held, { entries: null, rootAt: () => null })).toEqual(["note against-unchecked log"]);
  });
});
