import { execFileSync } from "node:child_process";
import { randomBytes, X509Certificate } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sha256 } from "../../src/audit/digest.js";
import { readProof } from "../../src/audit/open-timestamps.js";
import { importFiles } from "../../src/capture/import.js";
import { stampWords } from "../../src/cli/show-head.js";
import { type AnchorOptions, anchorHead } from "../../src/seal/anchor.js";
import { sealHead } from "../../src/seal/checkpoint.js";
import { stampedUntil } from "../../src/seal/stamp-ends.js";
import { listCaptures, pendingOf } from "../../src/search/show.js";
import { authorityState } from "../../src/vault/index/authorities.js";
import { tokensOf } from "../../src/vault/index/tokens.js";
import { encodeSettings, type VaultSettings } from "../../src/vault/settings.js";
import { shareVault } from "../../src/vault/turn.js";
import { closeVault, logEntry, type Vault } from "../../src/vault/vault.js";
import type { World } from "../../src/world.js";
import { type Behaviour, openAuthority, type TestAuthority } from "../support/authority.ts";
import { longAgo } from "../support/authority-certificates.ts";
import { opensslAccepts } from "../support/authority-stamps.ts";
import { openCalendar } from "../support/calendar.ts";
import { holdfast } from "../support/cli.js";
import { machineEnv } from "../support/machines.js";
import { openProxy } from "../support/proxies.ts";
import {
  audit,
  captureText,
  everything,
  openTestVault,
  temporaryFolder,
  testWorld,
} from "../support/vaults.ts";

const folder = temporaryFolder();
let tsa: TestAuthority;
let count = 0;

beforeAll(async () => {
  tsa = await openAuthority({});
});

afterAll(async () => {
  await tsa.close();
  folder.remove();
});

const options: AnchorOptions = { proxy: null, allowPrivate: true, force: false };

interface Sealed {
  readonly root: string;
  readonly vault: Vault;
  readonly world: World;
  readonly head: { readonly size: number; readonly signed: Buffer };
}

/** A vault with one capture and a signed checkpoint that nobody was asked about yet. */
async function sealedVault(settings: VaultSettings, world = onlineWorld()): Promise<Sealed> {
  const root = join(folder.path, `vault-${count++}`);
  const made = await openTestVault(root, { ...testWorld(), now: world.now });
  closeVault(made);
  writeFileSync(join(root, "holdfast.json"), encodeSettings({ ...made.settings, settings }));
  const vault = await openTestVault(root, { ...testWorld(), now: world.now });
  captureText(vault, "a film");
  const { size } = await sealHead(vault, { ...world, env: { ...world.env, HOLDFAST_OFFLINE: "1" } }, options);
  return { root, vault, world, head: { size: size ?? 0, signed: signedOf(root, size ?? 0) } };
}

function signedOf(root: string, size: number): Buffer {
  const name = join(root, "log", `${String(size).padStart(6, "0")}.checkpoint`);
  return Buffer.concat([readFileSync(name), readFileSync(`${name}.sig`)]);
}

/** The clock is the machine's, as the authority's is, unless a test sets another. */
function onlineWorld(changes: Partial<World> = {}): World {
  const env = machineEnv({ HOLDFAST_OFFLINE: "" });
  return { ...testWorld(), now: () => new Date(), env, ...changes };
}

function byAuthority(
  authority: Partial<NonNullable<VaultSettings["authorities"]>[number]> = {},
): VaultSettings {
  return {
    authorities: [{ name: "test", url: tsa.url, roots: [tsa.rootPem], ...authority }],
    anchor_wait_seconds: 120,
  };
}

function tokenFiles({ root }: Sealed): readonly string[] {
  return readdirSync(join(root, "log")).filter((name) => /\.(tsr|ots)$/.test(name));
}

async function failing(behaviour: Behaviour, settings = byAuthority()) {
  const sealed = await sealedVault(settings);
  await tsa.behave(behaviour);
  const report = await anchorHead(sealed.vault, sealed.world, sealed.head, options);
  await tsa.behave("good");
  const logged = tokensOf(sealed.vault.database, sealed.head.size);
  closeVault(sealed.vault);
  return { report, logged, files: tokenFiles(sealed), size: sealed.head.size };
}

describe("an authority outside states when the checkpoint existed", () => {
  it("renewed, the log has one more checkpoint over the old time-stamps, with new ones over it, and all of it holds", async () => {
    const sealed = await sealedVault(byAuthority());
    const { vault, world, head, root } = sealed;
    await anchorHead(vault, world, head, options);
    const until = stampedUntil(vault);
    const signer = new X509Certificate(readFileSync(tsa.certificates.signer("rsa").certificate));
    expect(until).toBe(new Date(signer.validTo).toISOString());
    expect(await sealHead(vault, world, options)).toMatchObject({ size: head.size, created: false });
    const renewed = await sealHead(vault, world, { ...options, renew: true });
    expect(renewed).toMatchObject({
      size: head.size + 1,
      created: true,
      tokens: [{ authority: "test" }],
      pending: [],
    });
    const first = readFileSync(join(root, "log", `00000${head.size}.test.tsr`));
    const covering = readFileSync(
      join(root, "log", `00000${head.size + 1}-00000${head.size + 1}.jsonl`),
      "utf8",
    );
    expect(JSON.parse(covering).body).toMatchObject({ checkpoint: head.size, sha256: sha256(first) });
    closeVault(vault);
    const { findings } = await audit(root);
    expect(findings.filter(({ severity }) => severity === "error")).toEqual([]);
  });

  it("renewed in time, the oldest time-stamp still counts when the root of its authority has expired", async () => {
    let clock = new Date("2018-06-01T12:00:00.000Z");
    const now = () => clock;
    const old = await openAuthority({ name: "Old", era: { valid: longAgo, now } });
    const until2040 = ["-startdate", "20180101000000Z", "-enddate", "20400101000000Z"];
    const next = await openAuthority({ name: "Next", era: { valid: until2040, now } });
    await next.behave("down");
    const authorities = [old, next].map(({ url, rootPem }, at) => {
      return { name: at === 0 ? "old" : "next", url, roots: [rootPem] };
    });
    const world = onlineWorld({ now });
    const { vault, head, root } = await sealedVault({ authorities, anchor_wait_seconds: 120 }, world);
    expect((await anchorHead(vault, world, head, options)).tokens).toMatchObject([{ authority: "old" }]);
    clock = new Date("2019-11-01T12:00:00.000Z");
    expect(stampedUntil(vault)).toBe("2020-01-01T00:00:00.000Z");
    await old.behave("down");
    await next.behave("good");
    const renewed = await sealHead(vault, world, { ...options, renew: true });
    expect(renewed).toMatchObject({ size: head.size + 1, tokens: [{ authority: "next" }] });
    expect(stampedUntil(vault)).toBe("2040-01-01T00:00:00.000Z");
    closeVault(vault);
    const roots = join(folder.path, "both-roots.pem");
    writeFileSync(roots, `${old.rootPem}\n${next.rootPem}`);
    const run = await holdfast(["verify", "--vault", root, "--tsa-ca", roots, "--json"], {});
    expect(run.status).toBe(0);
    expect(run.lines).toMatchObject([{ ok: true, tokens: "pass" }]);
    expect(JSON.stringify(run.lines)).toContain("2018-06-01T12:00:00.000Z");
    await Promise.all([old.close(), next.close()]);
  });

  it("a time-stamp that openssl ts cannot read is kept, its entry notes that, and the answer says it", async () => {
    const sealed = await sealedVault(byAuthority());
    const { vault, world, head, root } = sealed;
    await tsa.behave("ocsp-inside");
    const { tokens, pending } = await anchorHead(vault, world, head, options);
    expect([tokens, pending]).toMatchObject([[{ authority: "test", form: "cms" }], []]);
    const words = stampWords({ tokens, proven: [], pending });
    expect(words[0]).toContain("openssl ts cannot read it, openssl cms can");
    const line = vault.database.prepare("SELECT line FROM entry ORDER BY seq DESC").pluck().get();
    expect(JSON.parse(String(line)).body).toMatchObject({ kind: "rfc3161", form: "cms" });
    await tsa.behave("good");
    closeVault(vault);
    const { findings } = await audit(root);
    expect(findings.filter(({ severity }) => severity === "error")).toEqual([]);
  });

  it("a granted time-stamp is kept whole, is an entry of the log, and OpenSSL accepts it over checkpoint and signature", async () => {
    const sealed = await sealedVault(byAuthority());
    const { vault, world, head, root } = sealed;
    const report = await anchorHead(vault, world, head, options);
    expect(report.pending).toEqual([]);
    expect(report.tokens).toMatchObject([{ authority: "test" }]);
    const [token] = tokensOf(vault.database, head.size);
    const path = `log/${String(head.size).padStart(6, "0")}.test.tsr`;
    expect(token).toMatchObject({
      path,
      kind: "rfc3161",
      status: "granted",
      policy: "1.2.3.4.1",
      url: tsa.url,
    });
    const response = readFileSync(join(root, path));
    expect(sha256(response)).toBe(token?.sha256);
    const given = { response, signed: head.signed, rootFile: tsa.rootFile, genTime: token?.gen_time ?? "" };
    expect(await opensslAccepts(tsa.folder, given)).toBe(true);
    closeVault(vault);
    expect((await audit(root)).findings.filter(({ severity }) => severity === "error")).toEqual([]);
  });

  it("the difference between the authority's clock and the own one is in the entry", async () => {
    const hour = 3_600_000;
    const sealed = await sealedVault(byAuthority(), onlineWorld({ now: () => new Date(Date.now() - hour) }));
    await anchorHead(sealed.vault, sealed.world, sealed.head, options);
    const line = sealed.vault.database.prepare("SELECT line FROM entry ORDER BY seq DESC").pluck().get();
    const { clock_difference_ms: difference } = JSON.parse(String(line)).body;
    expect(Math.round(difference / hour)).toBe(1);
    closeVault(sealed.vault);
  });

  it("an authority that has stamped a checkpoint is not asked about it again", async () => {
    const { vault, world, head } = await sealedVault(byAuthority());
    await anchorHead(vault, world, head, options);
    const asked = tsa.requests.length;
    expect(await anchorHead(vault, world, head, { ...options, force: true })).toEqual({
      tokens: [],
      pending: [],
    });
    expect(tsa.requests.length).toBe(asked);
    closeVault(vault);
  });

  it("two commands that ask about one checkpoint at the same time keep one time-stamp, and both are content", async () => {
    const { root, vault, world, head } = await sealedVault(byAuthority());
    shareVault(vault, "batch", world);
    const other = await openTestVault(root, { ...testWorld(), now: world.now });
    shareVault(other, "archive", world);
    const asked = tsa.requests.length;
    const reports = await Promise.all([vault, other].map((one) => anchorHead(one, world, head, options)));
    expect(tsa.requests.length).toBe(asked + 2);
    expect(reports.map(({ pending }) => pending)).toEqual([[], []]);
    expect(tokensOf(vault.database, head.size)).toHaveLength(1);
    closeVault(other);
    closeVault(vault);
    expect((await audit(root)).findings.filter(({ severity }) => severity === "error")).toEqual([]);
  });

  it("the policy that a person set is asked for", async () => {
    const { vault, world, head } = await sealedVault(byAuthority({ policy: "1.2.3.4.5" }));
    expect((await anchorHead(vault, world, head, options)).pending).toEqual([]);
    expect(tsa.requests.at(-1)?.policy).toBe("1.2.3.4.5");
    expect(tokensOf(vault.database, head.size)[0]?.policy).toBe("1.2.3.4.5");
    closeVault(vault);
  });

  it("the request tells nothing about this machine", async () => {
    const { vault, world, head } = await sealedVault(byAuthority());
    await anchorHead(vault, world, head, options);
    const { headers = {} } = tsa.requests.at(-1) ?? {};
    expect(Object.keys(headers).sort()).toEqual(
      ["accept", "connection", "content-length", "content-type", "host", "user-agent"].sort(),
    );
    expect(headers["user-agent"]).toBe("holdfast");
    closeVault(vault);
  });
});

describe("an authority that does not do its part leaves the checkpoint pending, with a reason that a person understands", () => {
  it.each<[string, Behaviour, string]>([
    ["is down", "down", "cannot be reached: nothing listens at its address"],
    ["answers with an error", "http-500", "answered with HTTP status 500"],
    [
      "sends elsewhere",
      "redirect",
      "redirected to http://elsewhere.example/, and holdfast does not follow redirects",
    ],
    ["asks to come back later", "retry-later", "answered with HTTP status 503"],
    ["answers for another request", "wrong-nonce", "answered another request: the nonce is not the one sent"],
    ["answers for other bytes", "wrong-digest", "its time-stamp is for other bytes than the ones sent"],
    ["refuses", "rejects", "refused: Requested policy is not supported."],
    [
      "sends a bare token",
      "bare-token",
      "its answer is not valid: it is a bare token, without the response around it",
    ],
    [
      "signs with an expired certificate",
      "expired-certificate",
      "its answer is not valid: a certificate of its chain was not valid at the time it states",
    ],
    [
      "signs with a certificate for something else",
      "wrong-usage",
      "its answer is not valid: the certificate is not for time-stamps alone",
    ],
    [
      "signs with a certificate whose usage is not critical",
      "usage-not-critical",
      "its answer is not valid: the certificate does not say critically that it is for time-stamps",
    ],
    [
      "leads to a root that nobody trusts",
      "unknown-root",
      "its certificates do not lead to a trusted root: Holdfast Stranger Root",
    ],
    [
      "sends what is no time-stamp",
      "garbage",
      "its answer is not valid: it is not ASN.1, or too deep or long",
    ],
    ["sends a web page", "web-page", "answered with a web page instead of a time-stamp"],
    ["sends without end", "endless", "its answer is larger than 1 MiB"],
  ])("one that %s", async (_, behaviour, reason) => {
    const { report, logged, files } = await failing(behaviour);
    expect(report).toMatchObject({ tokens: [], pending: [{ authority: "test", reason }] });
    expect(report.pending[0]?.next_at).toMatch(/^\d{4}-.*Z$/);
    expect({ logged, files }).toEqual({ logged: [], files: [] });
  });

  it("one that answers under another policy than the one that was asked for", async () => {
    const { report, files } = await failing("other-policy", byAuthority({ policy: "1.2.3.4.1" }));
    const reason = "used the policy 1.2.3.4.5 instead of the one requested";
    expect(report).toMatchObject({ tokens: [], pending: [{ reason }] });
    expect(files).toEqual([]);
  });

  it("one that replays an earlier answer, over another checkpoint or over this one", async () => {
    const own = await openAuthority({});
    const settings = { ...byAuthority({ url: own.url, roots: [own.rootPem] }) };
    const first = await sealedVault(settings);
    await anchorHead(first.vault, first.world, first.head, options);
    await own.behave("replay");
    const other = await sealedVault(settings);
    expect((await anchorHead(other.vault, other.world, other.head, options)).pending).toMatchObject([
      { reason: "its time-stamp is for other bytes than the ones sent" },
    ]);
    const again = { ...first.vault, settings: { ...first.vault.settings, settings: rename(settings) } };
    expect((await anchorHead(again, first.world, first.head, options)).pending).toMatchObject([
      { reason: "answered another request: the nonce is not the one sent" },
    ]);
    for (const { vault } of [first, other]) closeVault(vault);
    await own.close();
  });

  it("one that is slow is not waited for beyond the bound, and does not keep another's time-stamp back", async () => {
    const slow = await openAuthority({ name: "Slow" });
    await slow.behave("slow");
    const { authorities = [] } = byAuthority();
    const both = [...authorities, { name: "slow", url: slow.url, roots: [slow.rootPem] }];
    const { vault, world, head } = await sealedVault({ authorities: both, anchor_wait_seconds: 1 });
    // The slow one never answers: that this line is passed shows the bound.
    const report = await anchorHead(vault, world, head, options);
    expect(slow.requests.length).toBe(1);
    expect(report.tokens).toMatchObject([{ authority: "test" }]);
    expect(report.pending).toMatchObject([{ authority: "slow", reason: "did not answer in time" }]);
    closeVault(vault);
    await slow.close();
  });

  it("one that is slow does not keep an import back: the capture is reported before it is asked, and then the rest", async () => {
    const slow = await openAuthority({ name: "Slow" });
    await slow.behave("slow");
    const settings = {
      authorities: [{ name: "slow", url: slow.url, roots: [slow.rootPem] }],
      anchor_wait_seconds: 1,
    };
    const { vault, root, world } = await sealedVault(settings);
    closeVault(vault);
    const clip = join(folder.path, "clip.mp4");
    execFileSync("ffmpeg", ["-loglevel", "error", "-f", "lavfi", "-i", "testsrc2=s=64x64:r=5:d=1", clip]);
    const events: string[] = [];
    const env = { ...world.env, HOLDFAST_ALLOW_PRIVATE: "1" };
    const allowed = { ...world, env, random: (length: number) => randomBytes(length) };
    const request = {
      vault: root,
      files: [clip],
      sourceUrl: null,
      receivedFrom: null,
      keepName: false,
      again: false,
      deep: false,
    };
    await importFiles(request, allowed, {
      onResult: ({ status }) => events.push(`${status}, ${slow.requests.length} asked`),
      onHead: ({ created, pending }) =>
        events.push(`sealed ${created}, ${pending[0]?.reason}, ${slow.requests.length} asked`),
    });
    // It never answers: that this line is passed shows that nobody waited for it beyond the bound.
    expect(events).toEqual(["captured, 0 asked", "sealed true, did not answer in time, 1 asked"]);
    await slow.close();
  });

  it("an address inside this network is refused, unless it was allowed", async () => {
    const { vault, world, head } = await sealedVault(byAuthority());
    const asked = tsa.requests.length;
    const report = await anchorHead(vault, world, head, { ...options, allowPrivate: false });
    expect(report.pending[0]?.reason).toMatch(
      /^cannot be reached: (port \d+ is not a web port|private address)$/,
    );
    expect(tsa.requests.length).toBe(asked);
    closeVault(vault);
  });
});

/** The same kind of key with other 32 bytes at its end. */
function otherKey(line: string): string {
  const blob = Buffer.from(line.split(" ")[1] ?? "", "base64");
  return Buffer.concat([blob.subarray(0, -32), Buffer.alloc(32, 7)]).toString("base64");
}

function rename(settings: VaultSettings): VaultSettings {
  return { ...settings, authorities: (settings.authorities ?? []).map((one) => ({ ...one, name: "again" })) };
}

describe("a pending authority is asked again, and not too often", () => {
  it("not before its time, which is a minute after the first failure and twice as long each time", async () => {
    let clock = new Date("2026-11-23T12:00:00.000Z");
    const { vault, world, head } = await sealedVault(byAuthority(), onlineWorld({ now: () => clock }));
    await tsa.behave("http-500");
    const ask = (force = false) => anchorHead(vault, world, head, { ...options, force });
    expect((await ask()).pending[0]?.next_at).toBe("2026-11-23T12:01:00.000Z");
    const asked = tsa.requests.length;
    clock = new Date("2026-11-23T12:00:59.000Z");
    expect((await ask()).pending).toMatchObject([{ reason: "answered with HTTP status 500" }]);
    expect(tsa.requests.length).toBe(asked);
    clock = new Date("2026-11-23T12:01:00.000Z");
    expect((await ask()).pending[0]?.next_at).toBe("2026-11-23T12:03:00.000Z");
    expect((await ask(true)).pending[0]?.next_at).toBe("2026-11-23T12:05:00.000Z");
    expect(tsa.requests.length).toBe(asked + 2);
    for (let failure = 0; failure < 12; failure++) await ask(true);
    expect((await ask(true)).pending[0]?.next_at).toBe("2026-11-23T18:01:00.000Z");
    await tsa.behave("good");
    expect((await ask(true)).pending).toEqual([]);
    expect(authorityState(vault.database, "test")).toMatchObject({
      failures: 0,
      reason: null,
      next_at: null,
    });
    closeVault(vault);
  });

  it("not before the time that it asked for itself", async () => {
    const clock = new Date("2026-11-23T12:00:00.000Z");
    const { vault, world, head } = await sealedVault(byAuthority(), onlineWorld({ now: () => clock }));
    await tsa.behave("retry-later");
    const report = await anchorHead(vault, world, head, options);
    expect(report.pending[0]?.next_at).toBe("2026-11-24T13:00:00.000Z");
    await tsa.behave("good");
    closeVault(vault);
  });

  it("a clock that was once far ahead does not keep it from being asked", async () => {
    let clock = new Date("2090-01-01T00:00:00.000Z");
    const { vault, world, head } = await sealedVault(byAuthority(), onlineWorld({ now: () => clock }));
    await tsa.behave("http-500");
    await anchorHead(vault, world, head, options);
    await tsa.behave("good");
    clock = new Date("2026-11-23T12:00:00.000Z");
    expect((await anchorHead(vault, world, head, options)).pending).toEqual([]);
    closeVault(vault);
  });

  it("nobody is asked with HOLDFAST_OFFLINE=1, and it says so", async () => {
    const { vault, world, head } = await sealedVault(byAuthority());
    const asked = tsa.requests.length;
    const offline = { ...world, env: { ...world.env, HOLDFAST_OFFLINE: "1" } };
    const report = await anchorHead(vault, offline, head, { ...options, force: true });
    expect(report).toEqual({
      tokens: [],
      pending: [{ authority: "test", reason: "offline", next_at: null }],
    });
    expect(tsa.requests.length).toBe(asked);
    closeVault(vault);
  });

  it("nobody is asked about a checkpoint whose key was retired more than a day ago", async () => {
    let clock = new Date("2026-11-23T12:00:00.000Z");
    const { vault, world, head } = await sealedVault(byAuthority(), onlineWorld({ now: () => clock }));
    const first = JSON.parse(String(vault.database.prepare("SELECT line FROM entry").pluck().get())).body
      .public_key;
    const other = `ssh-ed25519 ${otherKey(first)}`;
    logEntry(vault, "key-rotated", { previous: first, public_key: other, reason: "stolen" });
    clock = new Date("2026-11-24T12:00:01.000Z");
    const asked = tsa.requests.length;
    const report = await anchorHead(vault, world, head, { ...options, force: true });
    expect(report.pending[0]?.reason).toBe("the checkpoint's signing key was retired more than a day ago");
    clock = new Date("2026-11-24T11:59:00.000Z");
    expect((await anchorHead(vault, world, head, options)).pending).toEqual([]);
    expect(tsa.requests.length).toBe(asked + 1);
    closeVault(vault);
  });

  it("an interrupt ends the waiting at once and says nothing about the authority", async () => {
    const controller = new AbortController();
    const world = onlineWorld({ signal: controller.signal });
    const { vault, head } = await sealedVault({ ...byAuthority(), anchor_wait_seconds: 120 });
    await tsa.behave("slow");
    const asked = tsa.asked();
    const report = anchorHead(vault, world, head, options);
    await asked;
    controller.abort();
    expect((await report).pending).toMatchObject([{ authority: "test", next_at: null }]);
    expect(authorityState(vault.database, "test")).toBeUndefined();
    await tsa.behave("good");
    closeVault(vault);
  });

  it("a file under the token's name that no entry names and that is no token is replaced", async () => {
    const sealed = await sealedVault(byAuthority());
    const { vault, world, head, root } = sealed;
    const path = join(root, "log", `${String(head.size).padStart(6, "0")}.test.tsr`);
    writeFileSync(path, "not a time-stamp");
    expect((await anchorHead(vault, world, head, options)).pending).toEqual([]);
    expect(sha256(readFileSync(path))).toBe(tokensOf(vault.database, head.size)[0]?.sha256);
    closeVault(vault);
  });
});

describe("everything goes through the proxy that was set", () => {
  it.each(["http", "socks5"] as const)("an authority whose name only the %s proxy knows", async (kind) => {
    const proxy = await openProxy(kind, Number(new URL(tsa.url).port));
    const settings = byAuthority({ url: "http://authority.invalid/stamp" });
    const { vault, world, head } = await sealedVault({ ...settings, proxy: proxy.url });
    expect((await anchorHead(vault, world, head, { ...options, allowPrivate: false })).pending).toEqual([]);
    expect(proxy.targets).toEqual(["authority.invalid:80"]);
    closeVault(vault);
    await proxy.close();
  });

  it("a proxy that is down is not gone around", async () => {
    const proxy = await openProxy("http", Number(new URL(tsa.url).port));
    await proxy.close();
    const { vault, world, head } = await sealedVault(byAuthority());
    const asked = tsa.requests.length;
    const report = await anchorHead(vault, world, head, { ...options, proxy: proxy.url });
    expect(report.pending).toMatchObject([{ reason: "cannot be reached: nothing listens at its address" }]);
    expect(tsa.requests.length).toBe(asked);
    closeVault(vault);
  });
});

describe("an OpenTimestamps calendar promises, and the promise is kept later", () => {
  it("a promise is kept and logged, and the digest itself is never sent", async () => {
    const calendar = await openCalendar();
    const sealed = await sealedVault({
      calendars: [{ name: "cal", url: calendar.url }],
      anchor_wait_seconds: 120,
    });
    const { vault, world, head, root } = sealed;
    const promised = { authority: "cal", reason: "promised a proof, which takes some hours", next_at: null };
    expect(await anchorHead(vault, world, head, options)).toEqual({ tokens: [], pending: [promised] });
    expect(pendingOf(root)).toEqual([promised]);
    const offline = onlineWorld({ env: { ...world.env, HOLDFAST_OFFLINE: "1" } });
    expect((await anchorHead(vault, offline, head, options)).pending).toEqual([promised]);
    const digest = Buffer.from(sha256(head.signed), "hex");
    expect(calendar.commitments.map((one) => one.equals(digest))).toEqual([false]);
    const [token] = tokensOf(vault.database, head.size);
    expect(token).toMatchObject({ kind: "opentimestamps", status: "pending", gen_time: null, height: null });
    const proof = readProof(readFileSync(join(root, token?.path ?? "")), digest);
    expect(proof).toEqual({ pending: [calendar.url], bitcoin: [] });
    closeVault(vault);
    await calendar.close();
  });

  it("a promise of an older checkpoint is completed by a later command, and both proofs stay", async () => {
    const calendar = await openCalendar();
    let clock = new Date("2026-11-23T12:00:00.000Z");
    const world = onlineWorld({ now: () => clock });
    const settings = { calendars: [{ name: "cal", url: calendar.url }], anchor_wait_seconds: 120 };
    const { vault, head, root } = await sealedVault(settings, world);
    await anchorHead(vault, world, head, options);
    captureText(vault, "another film");
    await sealHead(vault, world, options);
    calendar.mine(870_000);
    const states = () => listCaptures(root, everything).map(({ anchor, stamped_at }) => [anchor, stamped_at]);
    expect(states()).toEqual([
      ["pending", null],
      ["pending", null],
    ]);
    clock = new Date("2026-11-23T20:00:00.000Z");
    const sealed = await sealHead(vault, world, options);
    expect(sealed).toMatchObject({ proven: ["cal"], pending: [] });
    expect(stampWords(sealed)).toEqual(["a complete OpenTimestamps proof by cal"]);
    expect(states()).toEqual([
      ["stamped", null],
      ["stamped", null],
    ]);
    const [promise, complete] = tokensOf(vault.database, head.size);
    expect(promise).toMatchObject({ status: "pending" });
    expect(complete).toMatchObject({ status: "complete", height: 870_000, url: `${calendar.url}/` });
    const digest = Buffer.from(sha256(head.signed), "hex");
    expect(existsSync(join(root, promise?.path ?? ""))).toBe(true);
    const proof = readProof(readFileSync(join(root, complete?.path ?? "")), digest);
    expect(proof.bitcoin).toEqual([
      { height: 870_000, merkleRoot: calendar.blockRoot(calendar.commitments[0] ?? Buffer.alloc(0)) },
    ]);
    const asked = calendar.requests.length;
    clock = new Date("2026-11-24T20:00:00.000Z");
    await sealHead(vault, world, options);
    expect(calendar.requests.length).toBe(asked);
    closeVault(vault);
    expect((await audit(root)).findings.filter(({ severity }) => severity === "error")).toEqual([]);
    await calendar.close();
  });

  it("many open promises are asked about a few at a time", async () => {
    const calendar = await openCalendar();
    const world = onlineWorld();
    const settings = { calendars: [{ name: "cal", url: calendar.url }], anchor_wait_seconds: 120 };
    const { vault, head } = await sealedVault(settings, world);
    await anchorHead(vault, world, head, options);
    for (let film = 0; film < 12; film++) {
      captureText(vault, `film ${film}`);
      await sealHead(vault, world, options);
    }
    const before = calendar.requests.length;
    await sealHead(vault, world, { ...options, force: true });
    expect(calendar.requests.slice(before).filter((path) => path.startsWith("/timestamp/")).length).toBe(8);
    closeVault(vault);
    await calendar.close();
  });

  it.each([
    ["garbage", "its answer is not valid: "],
    ["empty", "its answer is not valid: "],
    ["http-500", "answered with HTTP status 500"],
  ] as const)("a calendar that answers with %s leaves the checkpoint pending", async (behaviour, reason) => {
    const calendar = await openCalendar();
    calendar.behave(behaviour);
    const sealed = await sealedVault({
      calendars: [{ name: "cal", url: calendar.url }],
      anchor_wait_seconds: 120,
    });
    const report = await anchorHead(sealed.vault, sealed.world, sealed.head, options);
    expect(report.pending[0]?.reason.startsWith(reason)).toBe(true);
    expect(tokenFiles(sealed)).toEqual([]);
    closeVault(sealed.vault);
    await calendar.close();
  });
});
