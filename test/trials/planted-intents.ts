import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { expect } from "vitest";
import { sha256, sha512 } from "../../src/audit/digest.js";
import { objectPath } from "../../src/audit/log-captures.js";
import { toJson } from "../../src/core/capture/new-entry.js";
import { HoldfastError } from "../../src/core/words/error.js";
import { closeAfterWriting, type HeadReport } from "../../src/seal/checkpoint.js";
import { openOrMake } from "../../src/seal/open-vault.js";
import type { Figures } from "../soak/rounds.js";
import { linesOf, openUnlocked } from "../support/forger.js";
import { goToMachineOf } from "../support/machines.js";
import * as samples from "../support/samples.js";
import { captureText, copyVault, deriveText, openTestVault, testWorld } from "../support/vaults.js";

export const seal = { proxy: null, allowPrivate: false, force: false };
const unlogged = "20261123-00000000";
const unheardOf = "20261123-00000001";

/** A vault that is copied for each row, and the one capture that its log knows. */
export interface Ground {
  readonly made: string;
  readonly logged: string;
  /** A fresh copy of it, in a folder of its own. */
  readonly copy: () => string;
}

/** A capture with a derivation, all signed; the annex of a capture that no entry names lies beside it, as after a rebuild. */
export async function makeGround(folder: string): Promise<Ground> {
  const made = join(folder, "made");
  const world = testWorld();
  const vault = await openTestVault(made, world);
  const { record } = captureText(vault, "first");
  deriveText(vault, record, "one");
  await closeAfterWriting(vault, world, seal);
  mkdirSync(join(made, "private", unlogged));
  writeFileSync(join(made, "private", unlogged, "annex.json"), "nobody has another copy");
  let copies = 0;
  const copy = () => {
    copies += 1;
    mkdirSync(join(folder, `copy-${copies}`));
    return copyVault(made, join(folder, `copy-${copies}`, "vault"));
  };
  return { made, logged: record.capture, copy };
}

type Body = Record<string, unknown>;

function bodyOfLogged(made: string, event: string): Body {
  const entries = linesOf(made).map((line): { event: string; body: Body } => JSON.parse(line));
  return entries.find((entry) => entry.event === event)?.body ?? {};
}

export interface Planted {
  readonly event: "capture" | "derive" | "redact" | "capture-failed";
  /** One that the log names, one of which an annex alone is there, and one of which nothing is there. */
  readonly id: "logged" | "unlogged" | "unheard-of";
  readonly version: "" | "v1" | "v2" | "v3" | "v9";
  /** What the row says of the inventory: that of the version on disk, of what is staged, or of nothing. */
  readonly inventory: "in place" | "staged" | "none";
  readonly staged: "nothing" | "object" | "version" | "annex" | "all";
  /** Which of the folders on the way is a link to somewhere else. */
  readonly link: "none" | "staging" | "annex" | "version" | "file" | "shard" | "private";
}

const planted: fc.Arbitrary<Planted> = fc.record({
  event: fc.constantFrom("capture", "derive", "redact", "capture-failed"),
  id: fc.constantFrom("logged", "unlogged", "unheard-of"),
  version: fc.constantFrom("", "v1", "v2", "v3", "v9"),
  inventory: fc.constantFrom("in place", "staged", "none"),
  staged: fc.constantFrom("nothing", "object", "version", "annex", "all"),
  link: fc.constantFrom("none", "staging", "annex", "version", "file", "shard", "private"),
});

function bodyOf(made: string, { event, version }: Planted, id: string, inventory: string): Body {
  const files = bodyOfLogged(made, "derive").files;
  const brings = { capture: id, object: objectPath(id as never), version, inventory_sha512: inventory };
  if (event === "capture") return { ...bodyOfLogged(made, "capture"), ...brings };
  if (event === "derive") return { ...bodyOfLogged(made, "derive"), ...brings };
  if (event === "redact") {
    const derived_from = [{ path: "original/track-1.mp4", sha256: "0".repeat(64) }];
    return { ...brings, record_sha256: "0".repeat(64), derived_from, files };
  }
  return {
    capture: id,
    method: "ytdlp",
    url: "https://video.example/gone",
    failure: { code: "gone", reason: "the site says that it was removed" },
    runs: toJson([samples.run]),
    software: toJson([samples.software]),
    attempts: 1,
    annex_sha256: "0".repeat(64),
    clock: toJson(samples.record.clock),
  };
}

/** What belongs to somebody else: no row may reach it. */
const outsideOf = (root: string) => join(root, "..", "outside");

/** Puts a row, what is staged for it, and a link on the way, as somebody could who can write to the vault. */
export function plant({ made, logged }: Ground, root: string, one: Planted): void {
  const id = { logged, unlogged, "unheard-of": unheardOf }[one.id];
  const object = join(root, objectPath(logged as never));
  const commit = join(root, "staging", id, "commit");
  const outside = outsideOf(root);
  mkdirSync(outside, { recursive: true });
  writeFileSync(join(outside, "precious"), "somebody else's");
  const inventoryOf = (path: string) => (existsSync(path) ? sha512(readFileSync(path)) : "0".repeat(128));
  const all = one.staged === "all";
  if (all || one.staged === "object") cpSync(object, join(commit, "object"), { recursive: true });
  if (all || one.staged === "version")
    cpSync(join(object, "v2"), join(commit, "version"), { recursive: true });
  if (all || one.staged === "annex") {
    mkdirSync(join(commit, "annex"), { recursive: true });
    writeFileSync(join(commit, "annex", "annex.json"), "planted");
  }
  const inventory = {
    "in place": inventoryOf(join(object, one.version, "inventory.json")),
    staged: inventoryOf(join(commit, one.version === "v1" ? "object/v1" : "version", "inventory.json")),
    none: "0".repeat(128),
  }[one.inventory];
  const link = (path: string) => {
    rmSync(path, { recursive: true, force: true });
    mkdirSync(dirname(path), { recursive: true });
    symlinkSync(outside, path);
  };
  if (one.link === "staging") link(join(root, "staging", id));
  if (one.link === "annex") link(join(commit, "annex"));
  if (one.link === "version") link(join(commit, "version"));
  if (one.link === "file") link(join(commit, "version", "inventory.json"));
  if (one.link === "shard" && one.id !== "logged") link(dirname(join(root, objectPath(id as never))));
  if (one.link === "private" && one.id !== "logged") link(join(root, "private", id));
  const body = JSON.stringify(bodyOf(made, one, id, inventory));
  const { database, close } = openUnlocked(root);
  database
    .prepare(
      "INSERT INTO intent (capture, version, inventory_sha512, event, body, started_at) VALUES (?, ?, ?, ?, ?, ?)",
    )
    .run(
      id,
      one.version,
      one.event === "capture-failed" ? "" : inventory,
      one.event,
      body,
      "2026-11-23T18:00:00.000Z",
    );
  close();
}

/** Every file under `objects/` and `private/` that is there, with its digest. */
export function kept(root: string): ReadonlyMap<string, string> {
  const files = ["objects", "private"].flatMap((top) =>
    readdirSync(join(root, top), { recursive: true, withFileTypes: true })
      .filter((item) => item.isFile())
      .map((item) => join(item.parentPath, item.name)),
  );
  return new Map(files.map((path) => [path.slice(root.length), sha256(readFileSync(path))]));
}

/** A root inventory is replaced with every version; everything else stays for ever. */
const isReplaceable = (path: string) => /objects\/[^/]+\/[^/]+\/inventory\.json(\.sha512)?$/.test(path);

export async function nextCommand(root: string): Promise<HeadReport | HoldfastError> {
  const world = testWorld();
  goToMachineOf(root);
  try {
    const vault = await openOrMake(root, world);
    return await closeAfterWriting(vault, world, seal);
  } catch (error) {
    // Anything else would end the command with status 70.
    if (error instanceof HoldfastError) return error;
    throw error;
  }
}

/** Plants a row in a copy: no evidence is deleted, nothing outside is touched, and the next command does not end as a bug. */
export async function tryRow(ground: Ground, one: Planted): Promise<void> {
  const root = ground.copy();
  plant(ground, root, one);
  const before = kept(root);
  const came = await nextCommand(root);
  if (came instanceof HoldfastError) expect(came.code).toBe("not-as-recorded");
  const after = kept(root);
  for (const [path, digest] of before) {
    if (!isReplaceable(path)) expect([path, after.get(path)]).toEqual([path, digest]);
  }
  expect(readdirSync(outsideOf(root))).toEqual(["precious"]);
  rmSync(join(root, ".."), { recursive: true });
}

/** The same with `rows` rows of any kind. */
export async function plantAny(ground: Ground, seed: number, rows: number): Promise<Figures> {
  const property = fc.asyncProperty(planted, (one) => tryRow(ground, one));
  await fc.assert(property, { numRuns: rows, seed });
  return { "planted rows": rows };
}
