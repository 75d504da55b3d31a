import { spawnSync } from "node:child_process";
import { closeSync, existsSync, openSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Loaded, loadedBy } from "../support/loaded-modules.js";
import { makePackage, writeFolder } from "../support/packages.js";
import { makeVault, temporaryFolder } from "../support/vaults.js";

const scratch = temporaryFolder();
const vault = join(scratch.path, "vault");
let capture = "";
const inPackage = join(scratch.path, "package");

beforeAll(async () => {
  const [first] = await makeVault(vault);
  capture = first?.record.capture ?? "";
  writeFolder(makePackage().files, inPackage);
});
afterAll(scratch.remove);

/** better-sqlite3 and what it finds its binary with. */
const sqlite = ["better-sqlite3", "bindings", "file-uri-to-path"];

function validatorsOf({ own }: Loaded): readonly string[] {
  return own
    .filter((file) => file.startsWith("dist/schemas/"))
    .map((file) => file.slice("dist/schemas/".length));
}

describe("what a command loads before it answers", () => {
  it("is nothing of the program, where only the version is asked for", () => {
    for (const asked of ["--version", "-V"]) {
      const { status, stdout, ...loaded } = loadedBy([asked]);
      expect([status, stdout]).toEqual([0, expect.stringMatching(/^\d+\.\d+\.\d+\n$/)]);
      expect(loaded).toEqual({ own: ["bin/holdfast.js"], packages: [], intl: [] });
    }
  });

  it.runIf(existsSync("/dev/full"))(
    "is the program where the version cannot be written, so that it says why",
    () => {
      const full = openSync("/dev/full", "w");
      try {
        const program = join(import.meta.dirname, "../../bin/holdfast.js");
        const stdio = ["ignore", full, "pipe"] as const;
        const { status, stderr } = spawnSync(process.execPath, [program, "--version"], {
          stdio: [...stdio],
          encoding: "utf8",
        });
        expect([status, stderr]).toEqual([4, expect.stringContaining("ENOSPC")]);
      } finally {
        closeSync(full);
      }
    },
  );

  it.each(["archive", "batch", "redact"])(
    "is of others' code commander alone, for the help of %s",
    (command) => {
      const loaded = loadedBy([command, "--help"]);
      expect(loaded).toMatchObject({ status: 0, packages: ["commander"], intl: [] });
      expect(
        loaded.own.filter((file) => /^dist\/(?:tools|vault\/index|schemas|verify)\//.test(file)),
      ).toEqual([]);
    },
  );

  it("is the database and one validator, for a list", () => {
    const loaded = loadedBy(["list", "--vault", vault]);
    expect(loaded).toMatchObject({ status: 0, packages: [...sqlite, "commander"].sort() });
    expect(validatorsOf(loaded)).toEqual(["config.every-problem.cjs"]);
    expect(loaded.own.filter((file) => /^dist\/(?:tools|capture|verify|handover)\//.test(file))).toEqual([]);
  });

  it("is the database and the validators of what is in the vault, for a check of one without time-stamps", () => {
    const loaded = loadedBy(["verify", "--vault", vault]);
    expect(loaded).toMatchObject({ packages: [...sqlite, "commander"].sort(), intl: [] });
    expect(validatorsOf(loaded)).toEqual(
      ["derivation", "entry", "record"].map((name) => `${name}.every-problem.cjs`),
    );
    expect(
      loaded.own.filter((file) =>
        /^dist\/(?:tools|capture|handover|seal\/(?!.*folder|remembered))/.test(file),
      ),
    ).toEqual([]);
  });

  it("is no database, for a check of a package", () => {
    const loaded = loadedBy(["verify", inPackage]);
    expect(loaded).toMatchObject({ packages: ["commander"], intl: [] });
    expect(validatorsOf(loaded).every((file) => file.endsWith(".the-first.cjs"))).toBe(true);
  });

  it("is nothing that packs, encrypts or reads time-stamps, for a package in a folder without any", () => {
    const to = join(scratch.path, "exported");
    const { packages } = loadedBy(["export", capture, "--to", to, "--vault", vault]);
    expect([existsSync(to), packages]).toEqual([true, [...sqlite, "commander"].sort()]);
  });

  it("is what takes mails apart only where somebody brings a checkpoint along", () => {
    const brought = loadedBy(["verify", "--vault", vault, "--against", join(vault, "holdfast.json")]);
    expect(brought.packages).toContain("postal-mime");
  });
});
