import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DerivationRecord } from "../../src/core/capture/record.js";
import { holdfast } from "../support/cli.js";
import { openClips } from "../support/clips.js";
import { disguise, disguises, makeSecret, secretMark } from "../support/hostile-media.js";
import { holdfastWithout, jail } from "../support/jails.js";
import { temporaryFolder } from "../support/vaults.js";

const folder = temporaryFolder();
const clips = openClips();
afterAll(() => {
  clips.remove();
  folder.remove();
});

/** Every file of the vault's objects whose path holds `part`. */
function stored(vault: string, part: string): readonly string[] {
  return readdirSync(join(vault, "objects"), { recursive: true, encoding: "utf8" })
    .filter((path) => path.includes(part))
    .map((path) => join(vault, "objects", path));
}

function derivationOf(vault: string): DerivationRecord {
  return JSON.parse(readFileSync(stored(vault, "derived/derivation.json")[0] ?? "", "utf8"));
}

const sandboxes = (vault: string) => [...new Set(derivationOf(vault).runs.map(({ sandbox }) => sandbox))];

describe("where programs can be locked in", () => {
  it.skipIf(!jail.works)(
    "every run over a clip is recorded as locked in, with and without being asked for",
    async () => {
      for (const option of [[], ["--require-sandbox"]]) {
        const vault = join(folder.path, `locked-${option.length}`);
        const run = await holdfast([
          "import",
          ...option,
          "--vault",
          vault,
          clips.get("sound-and-picture.ts"),
        ]);
        expect(run.status, run.stderr).toBe(0);
        expect(run.stderr).not.toContain("without a sandbox");
        expect(sandboxes(vault)).toEqual(["bwrap"]);
        expect(derivationOf(vault).steps.map(({ step, status }) => [step, status])).toContainEqual([
          "exiftool",
          "captured",
        ]);
      }
    },
  );

  it("a list of other files that calls itself a clip brings nothing of them into the vault", async () => {
    const place = join(folder.path, "hostile");
    mkdirSync(place);
    const secret = makeSecret(place, "secret.ts");
    for (const [name, text] of Object.entries(disguises)) {
      const vault = join(folder.path, `hostile ${name}`);
      const run = await holdfast(["import", "--vault", vault, disguise(place, text(secret))]);
      expect(run.status, run.stderr).toBe(0);
      const derived = stored(vault, "derived/").filter((path) => /\.\w+$/.test(path));
      expect(derived.length).toBeGreaterThan(0);
      expect(derived.filter((path) => readFileSync(path).includes(secretMark))).toEqual([]);
      expect(derivationOf(vault)).toMatchObject({ keyframes: [], playable: null });
    }
    expect(readFileSync(secret).includes(secretMark)).toBe(true);
  });
});

describe("where bubblewrap is there and the system forbids what it needs", () => {
  const standIn = join(folder.path, "bwrap");
  beforeAll(() => {
    writeFileSync(standIn, "#!/bin/sh\necho 'bwrap: setting up uid map: Permission denied' >&2\nexit 1\n", {
      mode: 0o755,
    });
  });
  const reason = jail.works ? "setting up uid map: Permission denied" : jail.reason;

  it.each([
    ["archive", "https://video.example/watch/811"],
    ["batch", "list.txt"],
    ["import", "clip.mp4"],
    ["derive", "20261123"],
  ])("%s --require-sandbox refuses with 3, says why, and writes nothing", (command, argument) => {
    const vault = join(folder.path, `refused-${command}`);
    const list = join(folder.path, "list.txt");
    writeFileSync(list, "https://video.example/watch/811\n");
    const named = argument === "list.txt" ? list : argument;
    const run = holdfastWithout(standIn, [command, "--require-sandbox", "--vault", vault, named]);
    expect(run.status).toBe(3);
    expect(run.stderr).toContain("starting programs in a sandbox");
    expect(run.stderr).toContain(reason);
    expect(run.stderr).toContain("hint: ");
    expect(existsSync(vault)).toBe(false);
  });

  it("the variable asks for the same", () => {
    const vault = join(folder.path, "refused-variable");
    const argv = ["import", "--vault", vault, clips.get("picture.mp4")];
    const run = holdfastWithout(standIn, argv, { HOLDFAST_REQUIRE_SANDBOX: "1" });
    expect(run.status).toBe(3);
  });

  it("a clip is still captured where it was not asked for: it is said, and each run is recorded as it was", () => {
    const vault = join(folder.path, "unlocked");
    const run = holdfastWithout(standIn, ["import", "--vault", vault, clips.get("picture.mp4")]);
    expect(run.status, run.stderr).toBe(0);
    expect(run.stderr).toContain("programs that read a clip run without a sandbox");
    expect(run.stderr).toContain(reason);
    expect(sandboxes(vault)).toEqual(["prlimit"]);
  });

  it("doctor says which confinement is left, and why", () => {
    const run = holdfastWithout(standIn, ["doctor", "--json", "--vault", join(folder.path, "none")]);
    const report = JSON.parse(run.stdout);
    expect(report.sandbox).toBe("prlimit");
    const finding = report.findings.find(({ what }: { what: string }) => what === "confinement");
    expect(finding).toMatchObject({ severity: "note", detail: expect.stringContaining(reason) });
    expect(finding.hint).toMatch(/\w/);
  });
});
