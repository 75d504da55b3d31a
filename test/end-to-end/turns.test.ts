import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it, vi } from "vitest";
import { checkpointNow } from "../../src/seal/checkpoint.js";
import { openAlone, openForWriting } from "../../src/seal/open-vault.js";
import { isBeingWritten, isHeld } from "../../src/vault/database-files.js";
import { vaultLayout } from "../../src/vault/layout.js";
import { inTurn, LogChanged, shareVault } from "../../src/vault/turn.js";
import { closeVault, logEntry, takeVault } from "../../src/vault/vault.js";
import { holdfast } from "../support/cli.js";
import { goToMachineOf } from "../support/machines.js";
import { until } from "../support/until.js";
import {
  audit,
  captureText,
  deriveText,
  openTestVault,
  temporaryFolder,
  testWorld,
} from "../support/vaults.js";
import { writeSound } from "../trials/faulted-commands.js";
import { type BatchPlace, batchPlace, capturesByUrl, expectSound } from "../trials/killed-batch.js";

const folder = temporaryFolder();
afterAll(() => folder.remove());

const sealing = { proxy: null, allowPrivate: false, force: false };

/** A batch of two held downloads, and one that came before them. It is at work in the vault until `held` is removed. */
async function heldBatch(name: string): Promise<{ place: BatchPlace; list: string; child: ChildProcess }> {
  const place = batchPlace(join(folder.path, name));
  const list = join(place.folder, "rows.csv");
  const names = ["clip-1", "held-2", "held-3"];
  writeFileSync(list, `url\n${names.map((one) => `https://video.example/${one}.mp4\n`).join("")}`);
  writeFileSync(place.held, "");
  const child = place.start(list);
  await until(() => child.exitCode !== null || downloads(place.vault) === 2);
  expect(child.exitCode).toBe(null);
  return { place, list, child };
}

/** How many downloads are at work in this vault. */
function downloads(vault: string): number {
  try {
    const paths = readdirSync(join(vault, "staging"), { recursive: true, encoding: "utf8" });
    return paths.filter((path) => path.endsWith("received/media.mp4.part")).length;
  } catch {
    return 0;
  }
}

function events(vault: string): Promise<readonly string[]> {
  return audit(vault).then(() => {
    const log = readdirSync(join(vault, "log")).filter((name) => name.endsWith(".jsonl"));
    const lines = log.flatMap((name) =>
      readFileSync(join(vault, "log", name), "utf8")
        .trim()
        .split("\n"),
    );
    return lines.map((line) => String(JSON.parse(line).event));
  });
}

describe("while a batch downloads", () => {
  it("every command that writes takes its turn, and both end with all that they captured", async () => {
    const { place, list, child } = await heldBatch("beside");
    const ended = once(child, "exit");
    const { vault, env } = place;
    const sound = join(place.folder, "brought.wav");
    writeSound(sound, 300);
    const archived = await holdfast(
      ["archive", "https://video.example/now.mp4", "--json", "--vault", vault],
      env,
    );
    expect(archived.status, archived.stderr).toBe(0);
    const id = String(archived.lines[0]?.id);
    const other = join(place.folder, "other.txt");
    writeFileSync(other, "https://video.example/other.mp4\n");
    for (const words of [
      ["import", sound],
      ["annotate", id, "case=14/2"],
      ["derive", id],
      ["checkpoint"],
      ["export", id, "--to", join(place.folder, "package")],
      ["verify", "--record"],
      ["batch", other, "--to", join(place.folder, "other-results"), "--delay", "0"],
    ]) {
      const ran = await holdfast([...words, "--vault", vault], env);
      expect(ran.status, `${words[0]}: ${ran.stderr}`).toBe(0);
    }
    // The same list is one batch's work, or each clip would be fetched twice.
    const again = await place.run(list);
    expect([again.status, again.stderr]).toEqual([
      6,
      expect.stringContaining("another holdfast process is at it"),
    ]);
    expect(downloads(vault)).toBe(2);
    rmSync(place.held);
    expect((await ended)[0]).toBe(0);
    expect(place.results().map(({ status }) => status)).toEqual(["captured", "captured", "captured"]);
    await expectSound(vault, "beside");
    expect([...(await capturesByUrl(vault)).values()]).toEqual(Array.from({ length: 6 }, () => 1));
    const seen = await events(vault);
    expect(seen.filter((event) => event === "recovery")).toEqual([]);
    expect(seen).toEqual(expect.arrayContaining(["annotate", "export", "fixity-check"]));
    const left = readdirSync(join(vault, "staging")).filter((name) => name !== "writer.lock");
    expect(left).toEqual([]);
    // The checkpoint at the end of the batch covers what all of them wrote.
    const report = await audit(vault);
    expect(report.findings.map(({ code }) => code)).not.toContain("unsigned-entries");
  });

  it("a kill of it leaves what the others wrote, and the next command says what was interrupted", async () => {
    const { place, list, child } = await heldBatch("killed");
    const ended = once(child, "exit");
    const sound = join(place.folder, "brought.wav");
    writeSound(sound, 300);
    expect(isBeingWritten(vaultLayout(place.vault))).toBe(true);
    child.kill("SIGKILL");
    await ended;
    expect(isBeingWritten(vaultLayout(place.vault))).toBe(false);
    const imported = await holdfast(["import", sound, "--vault", place.vault], place.env);
    expect(imported.status, imported.stderr).toBe(0);
    expect((await events(place.vault)).filter((event) => event === "recovery").length).toBeGreaterThanOrEqual(
      2,
    );
    expect(readdirSync(join(place.vault, "staging"))).toEqual(["writer.lock"]);
    rmSync(place.held);
    expect((await place.run(list)).status).toBe(0);
    expect([...(await capturesByUrl(place.vault)).values()]).toEqual([1, 1, 1, 1]);
    await expectSound(place.vault, "killed");
  });

  it("an address that another command captures meanwhile is kept once, and the later one says so", async () => {
    const place = batchPlace(join(folder.path, "same"));
    writeFileSync(place.held, "");
    const list = join(place.folder, "rows.txt");
    writeFileSync(list, "https://video.example/held-1.mp4\n");
    const child = place.start(list);
    const ended = once(child, "exit");
    await until(() => child.exitCode !== null || downloads(place.vault) === 1);
    const archive = ["archive", "https://video.example/held-1.mp4", "--json", "--vault", place.vault];
    const second = holdfast(archive, place.env);
    await until(() => downloads(place.vault) === 2);
    rmSync(place.held);
    await ended;
    const statuses = [(await second).lines[0]?.status, place.results()[0]?.status];
    expect(statuses.sort()).toEqual(["already-captured", "captured"]);
    await expectSound(place.vault, "same");
  });
});

describe("a command that finds the lock held, as by an older holdfast for the night", () => {
  it("waits for a minute, and not less, before it gives up", async () => {
    const vault = await openTestVault(join(folder.path, "held"));
    const told: string[] = [];
    vi.useFakeTimers({ toFake: ["setTimeout", "performance"] });
    try {
      const onWait = (words: string) => told.push(words);
      const taking = takeVault(vault.layout, { onWait, signal: new AbortController().signal });
      const ended = taking.then(
        () => "taken",
        (error: unknown) => String(error),
      );
      let answer = "";
      void ended.then((words) => {
        answer = words;
      });
      await vi.advanceTimersByTimeAsync(59_000);
      expect([answer, told.length]).toEqual(["", 1]);
      await vi.advanceTimersByTimeAsync(2000);
      expect(await ended).toContain("another holdfast process is writing to this vault");
    } finally {
      vi.useRealTimers();
      closeVault(vault);
    }
  });
});

describe("a command that shares a vault", () => {
  /** A vault that one command shares, as another one sees it; both belong to this machine. */
  async function shared(name: string) {
    const root = join(folder.path, name);
    const vault = await openTestVault(root);
    const { record } = captureText(vault, "first");
    shareVault(vault, "batch", testWorld());
    return { root, vault, record };
  }
  const annotated = (root: string, value: string) =>
    holdfast(["annotate", "--vault", root, "2026", `note=${value}`], { HOLDFAST_OFFLINE: "1" });

  it("goes on behind what another one logged between two of its turns", async () => {
    const { root, vault, record } = await shared("between");
    for (const value of ["one", "two", "three"]) {
      expect((await annotated(root, value)).status).toBe(0);
      await inTurn(vault, () => deriveText(vault, record, value));
    }
    closeVault(vault);
    const report = await audit(root);
    expect(report.findings.filter(({ severity }) => severity === "error")).toEqual([]);
  });

  it("logs nothing out of its turn", async () => {
    const { vault } = await shared("out-of-turn");
    expect(() => logEntry(vault, "annotate", {})).toThrow(/out of turn/);
    expect(() => captureText(vault, "second")).toThrow(/out of turn/);
    closeVault(vault);
  });

  it("takes over the settings that another one has logged", async () => {
    const { root, vault } = await shared("settings");
    const path = join(root, "holdfast.json");
    const settings = JSON.parse(readFileSync(path, "utf8"));
    writeFileSync(path, JSON.stringify({ ...settings, actor: "operator-0123456789" }));
    await annotated(root, "one");
    const entry = await inTurn(vault, () =>
      logEntry(vault, "recovery", { what: "leftovers-removed", capture: null, detail: "removed: nothing" }),
    );
    expect(entry.actor).toBe("operator-0123456789");
    closeVault(vault);
  });

  it("writes nothing more to a log that was set back under it", async () => {
    const { root, vault } = await shared("set-back");
    await annotated(root, "one");
    const { database } = vault;
    const triggers = "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'entry'";
    for (const name of database.prepare<[], string>(triggers).pluck().all())
      database.exec(`DROP TRIGGER "${name}"`);
    database.exec("PRAGMA foreign_keys = OFF; DELETE FROM entry WHERE seq = (SELECT max(seq) FROM entry)");
    await expect(inTurn(vault, () => "written")).rejects.toBeInstanceOf(LogChanged);
    closeVault(vault);
  });

  it("writes nothing more once another vault.db lies in its place, as a restored copy does", async () => {
    const { root, vault } = await shared("exchanged");
    await inTurn(vault, () => undefined);
    copyFileSync(join(root, "vault.db"), join(root, "restored"));
    renameSync(join(root, "restored"), join(root, "vault.db"));
    const turn = inTurn(vault, () => "written");
    await expect(turn).rejects.toThrow(/another vault\.db lies there/);
    closeVault(vault);
  });

  it("is waited for by what needs the whole vault, with a line that names it, until it ends or somebody interrupts", async () => {
    const { root, vault } = await shared("alone");
    goToMachineOf(root);
    const stop = new AbortController();
    const told: string[] = [];
    const world = { ...testWorld(stop.signal), tell: (line: string) => told.push(line) };
    const waiting = openAlone(root, world);
    await until(() => told.length > 0);
    expect(told[0]).toMatch(
      /^waiting for holdfast batch \(since \d{4}-\d\d-\d\d \d\d:\d\d UTC\), which is writing/,
    );
    stop.abort(new Error("interrupted"));
    await expect(waiting).rejects.toThrow("interrupted");
    const next = openAlone(root, { ...testWorld(), tell: () => undefined });
    closeVault(vault);
    closeVault(await next);
  });

  it("keeps no other command waiting for a bare turn that is interrupted", async () => {
    const { root, vault } = await shared("interrupted");
    const stop = new AbortController();
    const told: string[] = [];
    await inTurn(vault, async () => {
      const waiting = openForWriting(root, { ...testWorld(stop.signal), tell: (line) => told.push(line) });
      await until(() => told.length > 0);
      stop.abort(new Error("interrupted"));
      await expect(waiting).rejects.toThrow("interrupted");
    });
    expect(told).toHaveLength(1);
    closeVault(vault);
  });

  it("does not have its unfinished attempts removed by a command that opens the vault", async () => {
    const { root, vault } = await shared("attempts");
    const work = vault.hold.work?.path ?? "";
    writeFileSync(join(work, "scratch"), "");
    const report = await checkpointNow(root, sealing, { ...testWorld(), env: process.env });
    expect(report.problem).toBe(null);
    expect(readdirSync(work)).toEqual(expect.arrayContaining(["scratch"]));
    closeVault(vault);
  });

  it("removes what a kill left of another one's turn, says so in the log, and goes on with that capture", async () => {
    const { root, vault, record } = await shared("cut-turn");
    const other = await openTestVault(root);
    const cut = () => deriveText(other, record, "cut", (step) => stopAt(step === "staged"));
    expect(cut).toThrow("stopped");
    closeVault(other);
    await inTurn(vault, () => deriveText(vault, record, "whole"));
    closeVault(vault);
    expect(readdirSync(join(root, "staging"))).toEqual(["writer.lock"]);
    await checkpointNow(root, sealing, { ...testWorld(), env: process.env });
    expect((await events(root)).filter((event) => event === "recovery" || event === "derive")).toEqual([
      "recovery",
      "derive",
    ]);
    expect((await audit(root)).hashes).toBe("pass");
  });

  it("leaves the lock free where the end of its turn cannot be read", async () => {
    const { vault } = await shared("unread-end");
    const plant = "INSERT INTO intent VALUES ('nobody', 'v1', '', 'capture', '{}', '')";
    await expect(inTurn(vault, () => vault.database.exec(plant))).rejects.toThrow();
    expect(isHeld(vault.layout.writerLock)).toBe(false);
    closeVault(vault);
  });
});

function stopAt(isHere: boolean): void {
  if (isHere) throw new Error("stopped");
}
