import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sealFindings } from "../../src/seal/seal-state.js";
import type { InstalledModule } from "../../src/tools/run/installed-modules.js";
import type { Program } from "../../src/tools/run/programs.js";
import type { SqliteBinary } from "../../src/tools/run/sqlite-binary.js";
import {
  diskFinding,
  doctor,
  nodeFinding,
  programFinding,
  type VaultState,
  vaultFindings,
} from "../../src/upkeep/doctor.js";
import { moduleFinding, sqliteFinding } from "../../src/upkeep/doctor-supply.js";
import type { World } from "../../src/world.js";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-doctor-"));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function world(env: World["env"]): World {
  return {
    now: () => new Date("2026-09-01T00:00:00Z"),
    monotonic: () => 0,
    random: (bytes) => new Uint8Array(bytes),
    signal: new AbortController().signal,
    env: { ...env, HOLDFAST_TOOLS: join(folder, "tools") },
    tool: "holdfast/0",
    progress: () => undefined,
    tell: () => undefined,
  };
}

const program: Program = {
  name: "yt-dlp",
  path: "/t/yt-dlp/bin/yt-dlp",
  version: "2026.08.19",
  sha256: "0".repeat(64),
  package_sha256: "1".repeat(64),
  sha256_tells_no_place: false,
  released_days_ago: 12,
  old: false,
  source: "tools-folder",
};

describe("what doctor says about this machine", () => {
  it("each program is told with its path, version and digest, and nothing is called missing that is there", async () => {
    const ytDlp = join(folder, "tools", "bin", "yt-dlp");
    mkdirSync(join(folder, "tools", "bin"), { recursive: true });
    writeFileSync(ytDlp, "#!/bin/sh\necho 2026.08.19\n");
    chmodSync(ytDlp, 0o755);
    const report = await doctor(
      join(folder, "vault", "not", "there"),
      world({ PATH: process.env.PATH }),
      null,
    );
    const names = report.programs.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(["yt-dlp", "ffmpeg", "ffprobe", "exiftool"]));
    for (const { name, path, version, sha256 } of report.programs) {
      const detail = report.findings.find(({ what }) => what === name)?.detail;
      for (const fact of [path, version, sha256]) expect(detail).toContain(fact);
    }
    expect(report.node).toBe(process.versions.node);
    expect(report.disks.map(({ what }) => what)).toEqual(["vault", "temporary files"]);
    expect(report.disks[0]?.path).toBe(folder);
    expect(report.vault).toBeNull();
  });

  it("the native part of SQLite is told with where it came from and its digest", async () => {
    const report = await doctor(null, world({ PATH: "" }), null);
    const finding = report.findings.find(({ what }) => what === "sqlite");
    for (const fact of [report.sqlite?.path, report.sqlite?.sha256, report.sqlite?.version])
      expect(finding?.detail).toContain(fact);
    const severity = (state: SqliteBinary["state"]) =>
      sqliteFinding({ path: "/s", version: "1.2.3", sha256: "0".repeat(64), state }).severity;
    expect(
      (["built-by-set-up", "not-recorded", "changed-since-set-up"] as const).map((state) => severity(state)),
    ).toEqual(["ok", "note", "problem"]);
  });

  it("each module of a yt-dlp that set-up installed is told with its version, its digest and how it stands", async () => {
    const modules = join(folder, "tools", "yt-dlp", "lib", "python3.11", "site-packages");
    const ytDlp = join(folder, "tools", "yt-dlp", "bin", "yt-dlp");
    const files: Readonly<Record<string, string>> = {
      [ytDlp]: "#!/bin/sh\necho 2026.08.19\n",
      [join(modules, "yt_dlp", "__init__.py")]: "\n",
      [join(modules, "yt_dlp-2026.8.19.dist-info", "RECORD")]: "yt_dlp/__init__.py,sha256=x,1\n",
      [join(folder, "tools", "modules.json")]: JSON.stringify({
        modules: { "yt-dlp": { version: "2026.8.1", content_sha256: "0".repeat(64), pinned: true } },
      }),
    };
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text, { mode: 0o755 });
    }
    const report = await doctor(null, world({ PATH: "" }), null);
    const module = report.modules[0];
    expect(module).toMatchObject({ name: "yt-dlp", version: "2026.8.19", state: "changed-since-set-up" });
    expect(report.findings.find(({ what }) => what === "module yt-dlp")).toMatchObject({
      severity: "note",
      detail: `2026.8.19, changed since set-up, content sha256 ${module?.content_sha256}`,
      hint: expect.stringContaining("npm run setup -- --update-yt-dlp"),
    });
    const words = (state: InstalledModule["state"]) =>
      moduleFinding({ name: "m", version: "1", content_sha256: "a", file_sha256: "b", state }).detail;
    expect(words("as-pinned")).toBe("1, as pinned, content sha256 a, installed from a file with sha256 b");
    expect(words("recorded-not-pinned")).toContain("recorded at set-up, not pinned");
    expect(words("added-since-set-up")).toContain("added since set-up");
    expect(words("not-recorded")).toContain("not recorded by set-up");
  });

  it("a program that is missing is a problem with what to type", async () => {
    const report = await doctor(null, world({ PATH: join(folder, "empty") }), null);
    expect(report.ok).toBe(false);
    for (const name of ["yt-dlp", "ffmpeg", "ffprobe"]) {
      const finding = report.findings.find(({ what }) => what === name);
      expect(finding).toMatchObject({ severity: "problem", hint: expect.stringContaining("npm run setup") });
    }
    expect(report.findings.find(({ what }) => what === "bwrap")?.severity).toBe("note");
  });

  it("the vault's own account is part of the report", async () => {
    const state: VaultState = { problem: "this is not a vault" };
    const report = await doctor(folder, world({ PATH: "" }), async () => state);
    expect(report.vault).toEqual(state);
    expect(report.findings.at(-1)).toMatchObject({ severity: "problem", detail: "this is not a vault" });
  });
});

const now = new Date("2026-11-24T00:00:00.000Z");

describe("what each finding means", () => {
  it("a yt-dlp more than 90 days old is pointed out, an unsafe one is a problem", () => {
    expect(programFinding(program)).toMatchObject({ severity: "ok", hint: null });
    expect(programFinding({ ...program, released_days_ago: 90 }).severity).toBe("ok");
    const stale = programFinding({ ...program, released_days_ago: 91 });
    expect(stale).toMatchObject({
      severity: "note",
      hint: expect.stringContaining("npm run setup -- --update-yt-dlp"),
    });
    expect(programFinding({ ...program, old: true }).severity).toBe("problem");
  });

  it("a Node without security fixes is pointed out", () => {
    expect(nodeFinding("20.19.0", new Date("2026-04-30T12:00:00Z")).severity).toBe("ok");
    expect(nodeFinding("20.19.0", new Date("2026-05-01T00:00:00Z"))).toMatchObject({ severity: "note" });
    expect(nodeFinding("99.0.0", new Date("2026-05-01T00:00:00Z")).severity).toBe("ok");
  });

  it("a disk that is nearly full is a problem", () => {
    const disk = { what: "vault", path: "/v", total_bytes: 100 * 1024 ** 3 } as const;
    expect(diskFinding({ ...disk, free_bytes: 5 * 1024 ** 3 }).severity).toBe("ok");
    expect(diskFinding({ ...disk, free_bytes: 5 * 1024 ** 3 - 1 })).toMatchObject({ severity: "problem" });
    expect(
      diskFinding({ what: "vault", path: "/v", total_bytes: 1024 ** 3, free_bytes: 1024 ** 3 }).severity,
    ).toBe("problem");
  });

  it("work that is left over in a vault is pointed out", () => {
    const vault = {
      path: "/v",
      captures: 3,
      entries: 9,
      pending_derivations: 0,
      interrupted_commits: 0,
      last_entry_at: null,
      newest_time: null,
      seal: {
        key: { fingerprint: "SHA256:x", held: "file" },
        checkpoint: 9,
        unsigned_entries: 0,
        tokens: 2,
        pending: [],
        clock_difference_ms: -900,
        witnesses: 0,
        stamped_until: null,
        memory: { size: 9, at: "2026-11-23T18:22:05.120Z" },
      },
    } as const;
    expect(vaultFindings(vault, now).map(({ severity }) => severity)).toEqual(["ok", "ok", "ok", "ok", "ok"]);
    const left = vaultFindings({ ...vault, pending_derivations: 2, interrupted_commits: 1 }, now);
    const notes = left.filter(({ severity }) => severity === "note");
    expect(notes.map(({ what }) => what)).toEqual(["derivations", "commits"]);
  });

  it("a key that is not at hand is a problem; unsigned entries and authorities that did not answer are pointed out", () => {
    const state = {
      key: { fingerprint: "SHA256:x", held: "no" },
      checkpoint: 9,
      unsigned_entries: 3,
      tokens: 0,
      pending: [{ authority: "first", reason: "HTTP 500", next_at: "2026-11-23T18:22:05.120Z" }],
      clock_difference_ms: 3_600_000,
      witnesses: 1,
      stamped_until: null,
      memory: null,
    } as const;
    const findings = sealFindings(state, now);
    expect(findings.map(({ severity, what }) => [severity, what])).toEqual([
      ["problem", "signing key"],
      ["note", "checkpoints"],
      ["note", "outside time"],
      ["note", "clock and time-stamps"],
      ["ok", "witnesses"],
      ["note", "memory of what was signed"],
    ]);
    expect(findings[2]?.detail).toBe(
      "pending: first: HTTP 500; asked again not before 2026-11-23T18:22:05.120Z",
    );
    const renewal = (stamped_until: string) =>
      sealFindings({ ...state, stamped_until }, now).filter(({ hint }) => hint?.includes("--renew") === true);
    const inDays = (days: number) => new Date(now.getTime() + days * 86_400_000).toISOString();
    expect(renewal(inDays(181))).toEqual([]);
    expect(renewal(inDays(179))).toMatchObject([
      {
        severity: "note",
        detail: `the certificates of the newest time-stamps end in 179 days, on ${inDays(179).slice(0, 10)}`,
      },
    ]);
    expect(renewal(inDays(-1))[0]?.detail).toContain("ended on");
    expect(findings[3]?.detail).toBe(
      "this machine's clock was 3600 s behind the last time-stamp when it came",
    );
  });
});
