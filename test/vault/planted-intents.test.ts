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
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sha256, sha512 } from "../../src/audit/digest.js";
import { toJson } from "../../src/core/capture/new-entry.js";
import { HoldfastError } from "../../src/core/words/error.js";
import { closeAfterWriting, type HeadReport } from "../../src/seal/checkpoint.js";
import { openForWriting } from "../../src/seal/open-vault.js";
import { objectPath } from "../../src/vault/layout.js";
import { closeVault } from "../../src/vault/vault.js";
import { linesOf, openUnlocked } from "../support/forger.js";
import { goToMachineOf } from "../support/machines.js";
import * as samples from "../support/samples.js";
import {
  captureText,
  copyVault,
  deriveText,
  errorCodes,
  openTestVault,
  temporaryFolder,
  testWorld,
} from "../support/vaults.js";

const folder = temporaryFolder();
const made = join(folder.path, "made");
const seal = { proxy: null, allowPrivate: false, force: false };
let logged = "";
const unlogged = "20261123-00000000";
let copies = 0;

/** A capture with a derivation, all signed; the annex of a capture that no entry names lies beside it, as after a rebuild. */
beforeAll(async () => {
  const world = testWorld();
  const vault = await openTestVault(made, world);
  const { record } = captureText(vault, "first");
  logged = record.capture;
  deriveText(vault, record, "one");
  await closeAfterWriting(vault, world, seal);
  mkdirSync(join(made, "private", unlogged));
  writeFileSync(join(made, "private", unlogged, "annex.json"), "nobody has another copy");
});
afterAll(() => folder.remove());

type Body = Record<string, unknown>;

function bodyOfLogged(event: string): Body {
  const entries = linesOf(made).map((line): { event: string; body: Body } => JSON.parse(line));
  return entries.find((entry) => entry.event === event)?.body ?? {};
}

interface Planted {
  readonly event: "capture" | "derive" | "redact" | "capture-failed";
  readonly id: "logged" | "unlogged";
  readonly version: "" | "v1" | "v2" | "v3" | "v9";
  /** What the row says of the inventory: that of the version on disk, of what is staged, or of nothing. */
  readonly inventory: "in place" | "staged" | "none";
  readonly staged: "nothing" | "object" | "version" | "annex" | "all";
  /** Which of the folders on the way is a link to somewhere else. */
  readonly link: "none" | "staging" | "annex" | "version" | "file" | "shard" | "private";
}

const planted: fc.Arbitrary<Planted> = fc.record({
  event: fc.constantFrom("capture", "derive", "redact", "capture-failed"),
  id: fc.constantFrom("logged", "unlogged"),
  version: fc.constantFrom("", "v1", "v2", "v3", "v9"),
  inventory: fc.constantFrom("in place", "staged", "none"),
  staged: fc.constantFrom("nothing", "object", "version", "annex", "all"),
  link: fc.constantFrom("none", "staging", "annex", "version", "file", "shard", "private"),
});

function bodyOf({ event }: Planted, id: string, version: string, inventory: string): Body {
  const files = bodyOfLogged("derive").files;
  const brings = { capture: id, object: objectPath(id as never), version, inventory_sha512: inventory };
  if (event === "capture") return { ...bodyOfLogged("capture"), ...brings };
  if (event === "derive") return { ...bodyOfLogged("derive"), ...brings };
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

/** Puts a row, what is staged for it, and a link on the way, as somebody could who can write to the vault. */
function plant(root: string, one: Planted): void {
  const id = one.id === "logged" ? logged : unlogged;
  const object = join(root, objectPath(logged as never));
  const commit = join(root, "staging", id, "commit");
  const outside = join(root, "..", `outside-${copies}`);
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
  if (one.link === "shard" && one.id === "unlogged") link(dirname(join(root, objectPath(unlogged as never))));
  if (one.link === "private" && one.id === "unlogged") link(join(root, "private", unlogged));
  const body = JSON.stringify(bodyOf(one, id, one.version, inventory));
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
function kept(root: string): ReadonlyMap<string, string> {
  const files = ["objects", "private"].flatMap((top) =>
    readdirSync(join(root, top), { recursive: true, withFileTypes: true })
      .filter((item) => item.isFile())
      .map((item) => join(item.parentPath, item.name)),
  );
  return new Map(files.map((path) => [path.slice(root.length), sha256(readFileSync(path))]));
}

/** A root inventory is replaced with every version; everything else stays for ever. */
const isReplaceable = (path: string) => /objects\/[^/]+\/[^/]+\/inventory\.json(\.sha512)?$/.test(path);

async function nextCommand(root: string): Promise<HeadReport | HoldfastError> {
  const world = testWorld();
  goToMachineOf(root);
  try {
    const vault = await openForWriting(root, world, () => undefined);
    return await closeAfterWriting(vault, world, seal);
  } catch (error) {
    // Anything else would end the command with status 70.
    if (error instanceof HoldfastError) return error;
    throw error;
  }
}

function copy(): string {
  copies += 1;
  return copyVault(made, join(folder.path, `copy-${copies}`));
}

describe("a planted row of the journal of unfinished commits", () => {
  it("about a logged capture leaves its annex and its object as they are, and is given up", async () => {
    const root = copy();
    const before = kept(root);
    plant(root, {
      event: "capture",
      id: "logged",
      version: "v1",
      inventory: "none",
      staged: "nothing",
      link: "none",
    });
    expect(await nextCommand(root)).toMatchObject({ failure: null });
    expect(kept(root)).toEqual(before);
    const last = JSON.parse(linesOf(root).at(-1) ?? "");
    expect(last.body).toMatchObject({ what: "commit-abandoned", capture: logged });
    expect(last.body.detail).toContain("entry 2 states this capture already");
  });

  it("that says that a logged capture failed does not end the command as a bug of the program", async () => {
    const root = copy();
    plant(root, {
      event: "capture-failed",
      id: "logged",
      version: "",
      inventory: "none",
      staged: "annex",
      link: "none",
    });
    expect(await nextCommand(root)).toMatchObject({ failure: null });
    expect((await errorCodes(root)).filter((code) => code !== "stray")).toEqual([]);
  });

  it("with everything staged that a commit needs is kept as evidence, and nothing of it is signed unasked", async () => {
    const root = copy();
    plant(root, {
      event: "derive",
      id: "logged",
      version: "v3",
      inventory: "staged",
      staged: "version",
      link: "none",
    });
    expect(await nextCommand(root)).toMatchObject({ created: false, failure: { code: "foreign-entries" } });
    expect(
      linesOf(root)
        .map((line) => JSON.parse(line).event)
        .slice(-2),
    ).toEqual(["derive", "recovery"]);
  });

  it("of whatever event, id, version and state on disk, links included, deletes nothing and never ends a command as a bug", async () => {
    await fc.assert(
      fc.asyncProperty(planted, async (one) => {
        const root = copy();
        const outside = join(root, "..", `outside-${copies}`);
        plant(root, one);
        const before = kept(root);
        const came = await nextCommand(root);
        if (came instanceof HoldfastError) expect(came.code).toBe("not-as-recorded");
        const after = kept(root);
        for (const [path, digest] of before) {
          if (!isReplaceable(path)) expect([path, after.get(path)]).toEqual([path, digest]);
        }
        expect(readdirSync(outside)).toEqual(["precious"]);
        rmSync(root, { recursive: true });
      }),
      { numRuns: 60, seed: 11 },
    );
  });
});

describe("a commit that failed", () => {
  it("is finished as its own by the next command although this one signed what came later", async () => {
    const root = copy();
    const world = testWorld();
    const vault = await openTestVault(root, world);
    const { readObject } = await import("../../src/vault/objects.js");
    const record = readObject(join(root, objectPath(logged as never))).record;
    const failing = (step: string) => {
      if (step === "version-moved") throw new Error("failed");
    };
    expect(() => deriveText(vault, record, "three", failing)).toThrow("failed");
    captureText(vault, "another");
    expect((await closeAfterWriting(vault, world, seal)).problem).toBeNull();
    expect(await nextCommand(root)).toMatchObject({ created: true, failure: null });
  });
});

describe("a commit that was killed", () => {
  it("is still finished by this machine as its own, and signed", async () => {
    const root = copy();
    const world = testWorld();
    const vault = await openTestVault(root, world);
    const { readObject } = await import("../../src/vault/objects.js");
    const record = readObject(join(root, objectPath(logged as never))).record;
    expect(() =>
      deriveText(vault, record, "three", (step) => {
        if (step === "version-moved") throw new Error("killed");
      }),
    ).toThrow("killed");
    closeVault(vault);
    expect(await nextCommand(root)).toMatchObject({ created: true, failure: null });
    expect(
      linesOf(root)
        .map((line) => JSON.parse(line).event)
        .slice(-2),
    ).toEqual(["derive", "recovery"]);
  });
});
