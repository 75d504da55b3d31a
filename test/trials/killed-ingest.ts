import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { expect } from "vitest";
import type { Figures, Round } from "../soak/rounds.js";
import * as samples from "../support/samples.js";
import { audit } from "../support/vaults.js";

const program = join(import.meta.dirname, "../support/ingest.js");

/** Each writer's share of the texts, in the soak: so many that none is done before it is killed for the last time. */
const largeShare = 60;

/**
 * Processes that capture texts into one vault, each killed at a moment by chance, `kills` times over; then the same
 * commands run to their end. Everything acknowledged at any time is there with its digest, each text once, the vault as
 * recorded after each kill and in the end, and nothing unfinished is left.
 */
export async function killIngest(
  writers: number,
  kills: number,
  round: Round,
  folder: string,
  share: number = largeShare,
): Promise<Figures> {
  const place = newPlace(folder, round.seed);
  const firsts = Array.from({ length: writers }, (_, index) => index * share + 1);
  const acknowledged = new Map<string, string>();
  const reached = firsts.map(() => 0);
  const expectAll = (acks: readonly Ack[], where: string) => {
    for (const { capture, sha256 } of acks) {
      expect(acknowledged.get(sha256) ?? capture, `${where}: one text, one capture`).toBe(capture);
      acknowledged.set(sha256, capture);
    }
    return expectAcknowledged(place, acknowledged, where);
  };
  try {
    for (let kill = 1; kill <= kills; kill += 1) {
      const struck = firsts.map((first) => startIngest(place, first, share));
      await Promise.all(struck.map((one, index) => killSoon(one, reached[index] ?? 0, round.random)));
      for (const [index, { acks }] of struck.entries())
        reached[index] = Math.max(reached[index] ?? 0, acks().length);
      await expectAll(
        struck.flatMap(({ acks }) => acks()),
        `seed ${round.seed}, kill ${kill}`,
      );
    }
    const where = `seed ${round.seed}, finished`;
    const finishing = firsts.map((first) => startIngest(place, first, share));
    for (const one of finishing) expect(await one.ended, `${where} ${one.words()}`).toBe(0);
    await expectAll(
      finishing.flatMap(({ acks }) => acks()),
      where,
    );
    const recoveries = readLog(place, where, share * writers);
    return { kills: kills * writers, acknowledged: acknowledged.size, recoveries };
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

/** Most die within a capture, some before the first one: what they acknowledge says how far they are. */
async function killSoon(ingest: Ingest, before: number, random: () => number): Promise<void> {
  const until = random() < 0.15 ? -1 : before + 1 + Math.floor(random() * 4);
  const dead = random() * (until === -1 ? 300 : 12);
  let over = false;
  const ended = ingest.ended.then(() => {
    over = true;
  });
  while (!over && until !== -1 && ingest.acks().length < until) await elapsed(1);
  await elapsed(dead);
  ingest.child.kill("SIGKILL");
  await ended;
}

interface Ack {
  readonly capture: string;
  readonly sha256: string;
}

function newPlace(folder: string, seed: number): string {
  const place = join(folder, `seed-${seed}`);
  mkdirSync(join(place, "config"), { recursive: true });
  const { v: _v, files: _files, ...facts } = samples.record;
  writeFileSync(join(place, "record.json"), JSON.stringify(facts));
  return place;
}

type Ingest = ReturnType<typeof startIngest>;

/** An ingest of its share from `first` on. `ended` is its exit status, null for a killed one. */
function startIngest(place: string, first: number, share: number) {
  const argv = [
    program,
    join(place, "vault"),
    join(place, "record.json"),
    String(first),
    String(first + share - 1),
  ];
  const child = spawn(process.execPath, argv, {
    env: { ...process.env, XDG_CONFIG_HOME: join(place, "config") },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [said, words] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    words += text;
  });
  const ended = once(child as ChildProcess, "close").then(([status]) => status as number | null);
  return { child, ended, acks: () => readAcks(said), words: () => words };
}

/** Whole lines only: the last one may be cut by the kill. */
function readAcks(said: string): readonly Ack[] {
  return [...said.matchAll(/^ack (\S+) ([0-9a-f]{64})\n/gm)].map(([, capture = "", sha256 = ""]) => ({
    capture,
    sha256,
  }));
}

async function expectAcknowledged(
  place: string,
  acknowledged: ReadonlyMap<string, string>,
  where: string,
): Promise<void> {
  if (!existsSync(join(place, "vault/vault.db"))) return expect([...acknowledged], where).toEqual([]);
  const { findings } = await audit(join(place, "vault"));
  expect(
    findings.filter(({ severity }) => severity === "error"),
    where,
  ).toEqual([]);
  for (const [sha256, capture] of acknowledged) {
    const object = objectOf(place, capture);
    expect(object, `${where}: ${capture} was acknowledged`).not.toBeNull();
    const bytes = readFileSync(join(place, "vault", object ?? "", "v1/content/original/track-1.mp4"));
    expect(createHash("sha256").update(bytes).digest("hex"), where).toBe(sha256);
  }
}

function objectOf(place: string, capture: string): string | null {
  return withIndex(place, (database) => {
    const query = "SELECT object FROM capture WHERE id = ?";
    return database.prepare<[string], string>(query).pluck().get(capture) ?? null;
  });
}

/** Each text once, nothing unfinished in staging; returns how often the log says that a kill was made good. */
function readLog(place: string, where: string, captures: number): number {
  const left = readdirSync(join(place, "vault/staging")).filter(
    (name) => !/^(writer\.lock|scratch)/.test(name),
  );
  expect(left, where).toEqual([]);
  return withIndex(place, (database) => {
    const count = (query: string) => database.prepare<[], number>(query).pluck().get() ?? 0;
    expect(count("SELECT count(*) FROM capture"), where).toBe(captures);
    expect(count("SELECT count(DISTINCT url) FROM capture"), where).toBe(captures);
    expect(count("SELECT count(*) FROM intent"), where).toBe(0);
    return count('SELECT count(*) FROM entry WHERE line LIKE \'%"event":"recovery"%\'');
  });
}

function withIndex<T>(place: string, read: (database: Database.Database) => T): T {
  const database = new Database(join(place, "vault/vault.db"), { readonly: true });
  try {
    return read(database);
  } finally {
    database.close();
  }
}

function elapsed(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
