import { describe, expect, it } from "vitest";
import { encodeCanonical } from "../../src/audit/canonical-json.js";
import { sha256 } from "../../src/audit/digest.js";
import { genesisPrev, lineHash } from "../../src/audit/entry.js";
import { auditInclusion } from "../../src/audit/inclusion.js";
import { auditLog } from "../../src/audit/log.js";
import type { LoggedCapture, LoggedVersion } from "../../src/audit/log-captures.js";
import { auditObject, type MeasuredFile } from "../../src/audit/object.js";
import { auditPackageFiles } from "../../src/audit/package.js";
import { EntryReading } from "../../src/audit/package-entries.js";
import { auditWitnesses } from "../../src/audit/signed-checkpoint.js";
import { encodeInventory, firstInventory } from "../../src/core/capture/new-inventory.js";
import { schemaProblems } from "../../src/vault/json-schemas.js";
import { cpuMs } from "../support/cpu-time.js";

/*
 * Whoever makes a log or a package decides how much of everything there is in it. Each amount here is one that a check takes
 * a third of a second or less for, and took four seconds and more when it went through all of it again for each part.
 */

const mostMs = 2_000;
const many = 10_000;
const capture = "20261123-4T9KX2MB";
const object = `objects/${sha256(capture).slice(0, 2)}/${capture}`;
const hex = "ab".repeat(32);
const idOf = (at: number) => `20261123-${at.toString().padStart(8, "0")}`;

async function inTime(work: () => unknown): Promise<void> {
  expect(await cpuMs(work)).toBeLessThan(mostMs);
}

function* lines(count: number, event: string, bodyOf: (seq: number) => object): Generator<string> {
  let prev = genesisPrev;
  for (let seq = 1; seq <= count; seq += 1) {
    const body = bodyOf(seq);
    const at = "2026-11-23T18:22:05.120Z";
    const line = encodeCanonical({ v: 1, seq, prev, at, event, actor: "a", tool: "t/1", body });
    prev = lineHash(line);
    yield line;
  }
}

const versionBody = (seq: number) => ({
  capture,
  object,
  version: `v${seq}`,
  inventory_sha512: "cd".repeat(64),
  record_sha256: hex,
  files: [],
});

const versions = [...lines(15_000, "derive", versionBody)].map((line) => Buffer.from(line));

function readVersions() {
  const reading = new EntryReading(() => []);
  for (const line of versions) reading.take(Buffer.concat([line, Buffer.from("\n")]));
  lastRead = reading.end(true);
  return lastRead;
}

let lastRead: ReturnType<EntryReading["end"]> | null = null;

describe("a check takes time in proportion to what it checks", () => {
  it("ten thousand ids in one entry", () =>
    inTime(() => {
      const captures = Array.from({ length: many }, (_, at) => idOf(at));
      const body = {
        captures,
        form: "folder",
        annex: false,
        recipients: 0,
        checkpoint: 1,
        files: 1,
        bytes: 1,
      };
      const whole = { ...body, tagmanifest_sha256: hex };
      const entry = { v: 1, seq: 1, prev: hex, at: "2026-11-23T18:22:05.120Z", event: "export" };
      const of = (one: object) => schemaProblems("entry", { ...entry, actor: "a", tool: "t/1", body: one });
      expect(of(whole)).toEqual([]);
      expect(of({ ...whole, captures: [...captures, captures[0]] })).not.toEqual([]);
    }));

  it(
    "fifteen thousand versions of one capture in a log and in a package",
    () =>
      inTime(async () => {
        const stored = (function* () {
          for (const line of versions) yield { seq: 1, prev: hex, line, hash: hex };
        })();
        expect(
          (
            await auditLog(
              stored,
              () => [],
              async () => {},
            )
          ).entries,
        ).toBe(versions.length);
        expect(readVersions().captures.get(capture)?.versions).toHaveLength(versions.length);
      }),
    60_000,
  );

  it("the time of the last entry under each of five thousand checkpoints", () => {
    const { facts } = lastRead ?? readVersions();
    return inTime(() => {
      for (let size = 0; size < 5_000; size += 1) facts.lastAt(size + 10_000);
      expect(facts.lastAt(versions.length)).toBe("2026-11-23T18:22:05.120Z");
      expect(facts.lastAt(0)).toBeNull();
    });
  });

  it("entries of which each checkpoint lacks the proof of another", () =>
    inTime(() => {
      const entries = Array.from({ length: 100_000 }, (_, at) => ({ seq: at + 1, leaf: Buffer.alloc(32) }));
      const checkpoints = Array.from({ length: 2_500 }, (_, at) => ({
        size: at + 1,
        body: null,
        proofs: new Map<number, Uint8Array>(),
      }));
      expect(auditInclusion(entries, checkpoints).findings.length).toBe(100_000);
    }));

  it("five thousand versions of an object over as many files", () =>
    inTime(() => {
      const digests = { sha256: hex, sha512: "cd".repeat(64) };
      const paths = Array.from({ length: 5_000 }, (_, at) => ({ path: `original/${at}`, ...digests }));
      const facts = { created: "2026-11-23T18:22:05.120Z", message: "m", user: "u", address: "urn:x:y" };
      const inventory = Buffer.from(encodeInventory(firstInventory(capture, paths, facts)));
      const versions = Array.from({ length: 5_000 }, (_, at): LoggedVersion => {
        const stated = { inventorySha512: digests.sha512, recordSha256: hex, annexSha256: null, files: [] };
        return { entry: at + 1, at: facts.created, event: "capture", version: `v${at + 1}`, ...stated };
      });
      const texts = new Map([["v5000/inventory.json", inventory]]);
      const stated = { id: capture, entry: 1, url: null, object, annexes: [], versions };
      const one: LoggedCapture = { ...stated, withdrawal: null };
      auditObject(one, { folder: object, files: new Map<string, MeasuredFile>(), texts }, null);
    }));

  it("annexes of thousands of captures among as many files", () =>
    inTime(() => {
      const ids = Array.from({ length: 10_000 }, (_, at) => idOf(at));
      const file = { bytes: 1, sha256: hex, sha512: null, problem: null };
      const files = new Map(ids.map((id) => [`data/${id}/annex/annex.json`, file]));
      const captures = new Map(
        ids.map((id): [string, LoggedCapture] => {
          const stated = { id, entry: 1, url: null, object: null, annexes: [hex], versions: [] };
          return [id, { ...stated, withdrawal: null }];
        }),
      );
      const entries = { ...new EntryReading(() => []).end(false), captures };
      const info = { captures: ids, origin: null, profile: "with-annex", oxum: null, problems: [] } as const;
      const annexes = new Map(ids.map((id) => [`data/${id}/annex/annex.json`, "{}"]));
      expect(auditPackageFiles({ files, entries, info, annexes }, new Set())).toEqual([]);
    }));

  it("witnesses of ten thousand checkpoints", () =>
    inTime(() => {
      const found = Array.from({ length: 10_000 }, (_, at) => {
        const witness = { path: `log/${at}.witness-0123456789abcdef.sig`, bytes: Buffer.from("x") };
        const nothing = { body: null, signature: null, signed: null, tokens: [] };
        return { size: at + 1, path: `log/${at}.checkpoint`, ...nothing, witnesses: [witness] };
      });
      const witnesses = found.map(({ size, witnesses: [one] }) => {
        return { seq: size, checkpoint: size, path: one?.path ?? "", bytes: 1, sha256: hex, public_key: "k" };
      });
      const facts = {
        origin: "",
        rootAt: () => null,
        entries: null,
        lastAt: () => null,
        keys: [],
        tokens: [],
      };
      expect(auditWitnesses(found, { ...facts, witnesses }, "vault").witnesses).toEqual([]);
    }));
});
