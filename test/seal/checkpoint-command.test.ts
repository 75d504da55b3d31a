import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeSettings, readSettings, type VaultSettings } from "../../src/vault/settings.js";
import { closeVault } from "../../src/vault/vault.js";
import { openAuthority, type TestAuthority } from "../support/authority.js";
import { holdfast } from "../support/cli.js";
import { captureText, copyVault, openTestVault, temporaryFolder, testWorld } from "../support/vaults.js";

const folder = temporaryFolder();
const made = join(folder.path, "made");
const online = { HOLDFAST_OFFLINE: "" };
let authority: TestAuthority;
let copies = 0;

beforeAll(async () => {
  authority = await openAuthority();
  const vault = await openTestVault(made, { ...testWorld(), now: () => new Date() });
  captureText(vault, "first");
  closeVault(vault);
});
afterAll(async () => {
  await authority.close();
  folder.remove();
});

/** A copy of the vault with these settings; its one capture is not signed yet. */
function withSettings(settings: VaultSettings): string {
  copies += 1;
  const root = copyVault(made, join(folder.path, `copy-${copies}`));
  const path = join(root, "holdfast.json");
  writeFileSync(path, encodeSettings({ ...readSettings(path).settings, settings }));
  return root;
}

function askingOne(): VaultSettings {
  return {
    authorities: [{ name: "test", url: authority.url, roots: [authority.rootPem] }],
    anchor_wait_seconds: 120,
  };
}

const checkpoint = (root: string, ...more: readonly string[]) =>
  holdfast(["checkpoint", "--vault", root, ...more], online);

describe("holdfast checkpoint", () => {
  it("signs what is not signed and has it time-stamped; done again it does neither", async () => {
    const root = withSettings(askingOne());
    const first = await checkpoint(root);
    expect(first.status).toBe(0);
    expect(first.stderr).toMatch(
      /^holdfast.json has changed since this machine last wrote to this vault:\n( {2}.* → .*\n)+$/,
    );
    expect(first.stdout).toMatch(/^signed checkpoint 3\n {2}root {2}[0-9a-f]{64}\n {2}key {3}SHA256:/);
    expect(first.stdout).toMatch(/ {2}time {2}time-stamped \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC by test\n/);
    const again = await checkpoint(root, "--json");
    expect(again.lines).toMatchObject([
      { size: 3, created: false, tokens: [{ authority: "test" }], pending: [], problem: null },
    ]);
  });

  it("asks an authority again at once that failed before, whose next try is not due; other commands leave it", async () => {
    const root = withSettings(askingOne());
    await authority.behave("http-500");
    const failed = await checkpoint(root);
    expect(failed.status).toBe(0);
    expect(failed.stdout).toMatch(/pending: test: /);
    await authority.behave("good");
    const asked = authority.requests.length;
    const missing = join(root, "nothing.mp4");
    const waiting = await holdfast(["import", missing, "--vault", root], online);
    expect(waiting.stderr).toMatch(/^checkpoint 4 signed; pending: test: /m);
    expect(authority.requests.length).toBe(asked);
    const listed = await holdfast(["list", "--status", "captured", "--vault", root]);
    expect(listed.stdout).toMatch(/TIME-STAMP \(UTC\)/);
    expect(listed.stdout).toMatch(/pending/);
    expect((await holdfast(["doctor", "--vault", root])).stdout).toMatch(
      /pending: test: .*; asked\s+again\s+not\s+before/,
    );
    const done = await checkpoint(root, "--json");
    expect(done.lines).toMatchObject([
      { size: 4, created: false, tokens: [{ authority: "test" }], pending: [] },
    ]);
  });

  it("makes list and show say by when a capture existed, and never when it was captured", async () => {
    const root = withSettings(askingOne());
    await checkpoint(root);
    const [row] = (await holdfast(["list", "--json", "--vault", root])).lines;
    expect(row).toMatchObject({ anchor: "stamped", stamped_at: expect.stringMatching(/Z$/) });
    const shown = await holdfast(["show", String(row?.id), "--vault", root]);
    expect(shown.stdout).toMatch(/time-stamp +states .*, in the file of test,\s+checkpoint 3/);
    const [object] = (await holdfast(["show", String(row?.id), "--json", "--vault", root])).lines;
    expect(object?.anchor).toMatchObject({
      status: "stamped",
      tokens: [{ authority: "test", checkpoint: 3 }],
    });
  });

  it("fails where it cannot sign, and says what to do", async () => {
    const root = withSettings({});
    const elsewhere = { XDG_CONFIG_HOME: join(folder.path, "no-keys") };
    const { status, stdout, stderr } = await holdfast(["checkpoint", "--vault", root], elsewhere);
    expect(status).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toMatch(/does not have this key\n {2}hint: .*holdfast key rotate --vault \S+/);
  });

  it("makes no vault where there is none", async () => {
    expect((await checkpoint(join(folder.path, "nowhere"))).status).toBe(5);
  });
});

describe("holdfast checkpoint --show", () => {
  it("prints exactly the three lines of the newest checkpoint on stdout, and what to do with them on stderr", async () => {
    const root = withSettings({});
    await checkpoint(root);
    const { status, stdout, stderr } = await checkpoint(root, "--show");
    expect(status).toBe(0);
    expect(stdout).toBe(readFileSync(join(root, "log", "000003.checkpoint"), "utf8"));
    expect(stderr).toMatch(/holdfast verify --vault \S+ --against FILE/);
    expect((await checkpoint(root, "--show", "--quiet")).stderr).toBe("");
    expect((await checkpoint(root, "--show", "--json")).lines).toMatchObject([
      { size: 3, checkpoint: stdout },
    ]);
  });

  it("prints nothing where nothing is signed yet", async () => {
    const { status, stdout, stderr } = await checkpoint(withSettings({}), "--show");
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toContain("hint: make one: holdfast checkpoint");
  });
});

describe("a capture", () => {
  it("stands although its log cannot be signed, and one line says why and what to do", async () => {
    const root = withSettings({});
    const elsewhere = { XDG_CONFIG_HOME: join(folder.path, "no-keys-either") };
    const missing = join(root, "nothing.mp4");
    const { status, stderr } = await holdfast(["import", missing, "--quiet", "--vault", root], elsewhere);
    expect(status).toBe(4);
    expect(stderr).toMatch(
      /^the log was not sealed: .*does not have this key; .*holdfast key rotate --lost$/m,
    );
  });
});
