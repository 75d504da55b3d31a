import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { objectPath } from "../../src/audit/log-captures.js";
import { closeAfterWriting } from "../../src/seal/checkpoint.js";
import { closeVault } from "../../src/vault/vault.js";
import { linesOf } from "../support/forger.js";
import {
  captureText,
  deriveText,
  errorCodes,
  openTestVault,
  temporaryFolder,
  testWorld,
} from "../support/vaults.js";
import {
  type Ground,
  kept,
  makeGround,
  nextCommand,
  type Planted,
  plant,
  plantAny,
  seal,
  tryRow,
} from "../trials/planted-intents.js";

const folder = temporaryFolder();
let ground: Ground;

beforeAll(async () => {
  ground = await makeGround(folder.path);
});
afterAll(() => folder.remove());

describe("a planted row of the journal of unfinished commits", () => {
  it("about a logged capture leaves its annex and its object as they are, and is given up", async () => {
    const root = ground.copy();
    const before = kept(root);
    plant(ground, root, {
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
    expect(last.body).toMatchObject({ what: "commit-abandoned", capture: ground.logged });
    expect(last.body.detail).toContain("entry 2 states this capture already");
  });

  it("that says that a logged capture failed does not end the command as a bug of the program", async () => {
    const root = ground.copy();
    plant(ground, root, {
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
    const root = ground.copy();
    plant(ground, root, {
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

  it.each<[string, Partial<Planted>]>([
    ["keeps an annex that lies beside it", { id: "unlogged", staged: "nothing", inventory: "in place" }],
    ["moves nothing through a link in the object's way", { link: "shard" }],
    ["moves nothing through a link in the annex's way", { link: "private" }],
  ])("about a capture that no entry names %s", async (_what, more) => {
    const all: Planted = {
      event: "capture",
      id: "unheard-of",
      version: "v1",
      inventory: "staged",
      staged: "all",
      link: "none",
    };
    await tryRow(ground, { ...all, ...more });
  });

  it("of whatever event, id, version and state on disk, links included, deletes nothing and never ends a command as a bug", async () => {
    await plantAny(ground, 11, 15);
  });
});

describe("a commit that failed", () => {
  it("is finished as its own by the next command although this one signed what came later", async () => {
    const root = ground.copy();
    const world = testWorld();
    const vault = await openTestVault(root, world);
    const { readObject } = await import("../../src/vault/objects.js");
    const record = readObject(join(root, objectPath(ground.logged as never))).record;
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
    const root = ground.copy();
    const world = testWorld();
    const vault = await openTestVault(root, world);
    const { readObject } = await import("../../src/vault/objects.js");
    const record = readObject(join(root, objectPath(ground.logged as never))).record;
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
