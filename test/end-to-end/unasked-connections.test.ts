import { execFileSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { commandNames } from "../../src/cli/program.js";
import { canTrace, type NetworkCalls, networkCallsOf } from "../support/network-calls.ts";
import { openSite, type Site } from "../support/site.ts";
import { makeSiteClips } from "../support/site-clips.ts";
import { temporaryFolder } from "../support/vaults.ts";
import { testDownloader } from "../support/yt-dlp.ts";

const program = await testDownloader();
const folder = temporaryFolder();
const at = (name: string) => join(folder.path, name);
let site: Site;
let authority: Server;
let asked = 0;

interface Line {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Without --json. */
  readonly human?: true;
}

const online = { HOLDFAST_OFFLINE: "", HOLDFAST_ALLOW_PRIVATE: "1" };
const offline = { HOLDFAST_OFFLINE: "1" };

const portOf = (server: Server) => (server.address() as AddressInfo).port;

beforeAll(async () => {
  makeSiteClips(at("clips"));
  site = await openSite({ clips: at("clips") });
  authority = createServer((_, response) => {
    asked += 1;
    response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => authority.listen(0, "127.0.0.1", resolve));
  writeFileSync(at("list.txt"), `${site.url}/clips/part-2.mp4\n`);
});
afterAll(async () => {
  await site.close();
  await new Promise((resolve) => authority.close(resolve));
  folder.remove();
});

/** Commands that nobody has a reason to connect to anybody for: those that write are told to stay offline. */
const quiet: readonly Line[] = [
  { argv: ["init"], env: offline },
  { argv: ["import", at("clips/part-1.mp4")], env: offline },
  { argv: ["derive", "ID"], env: offline },
  { argv: ["redact", "ID", "--no-fill"], env: offline },
  { argv: ["annotate", "ID", "case=7"], env: offline },
  { argv: ["export", "ID", "--to", at("package")], env: offline },
  { argv: ["verify", "--record"], env: offline },
  { argv: ["checkpoint"], env: offline },
  { argv: ["key", "rotate"], env: offline },
  { argv: ["list"], env: online },
  { argv: ["find", "part"], env: online },
  { argv: ["show", "ID"], env: online },
  { argv: ["stats"], env: online },
  { argv: ["open", "ID"], env: online },
  { argv: ["completion", "bash"], env: online, human: true },
  { argv: ["verify"], env: online },
  { argv: ["verify", at("package")], env: online },
  { argv: ["report", "ID", "--to", at("report.html")], env: online },
  { argv: ["key", "show"], env: online },
  { argv: ["checkpoint", "--show"], env: online },
  { argv: ["batch", at("list.txt"), "--dry-run"], env: online },
  { argv: ["withdraw", "ID", "--reason", "an order", "--yes"], env: offline },
];

/** Commands that reach somebody: the site that was named, the authorities of the vault, or the door of their own jail. */
const speaking: readonly (readonly string[])[] = [
  ["archive", "SITE/page/video"],
  ["batch", at("list.txt"), "--to", at("results")],
  ["formats", "SITE/page/video"],
  ["checkpoint"],
  ["witness", "add", at("signature")],
  ["doctor"],
];

/** Runs command lines over one vault, under strace. */
async function run(vault: string, lines: readonly Line[]): Promise<NetworkCalls> {
  const whole = lines.map(({ argv, ...how }) => ({ argv: [...argv, "--vault", at(vault)], ...how }));
  writeFileSync(at("lines.json"), JSON.stringify(whole));
  const driver = join(import.meta.dirname, "../support/commands-in-turn.js");
  const calls = await networkCallsOf([process.execPath, driver, at("lines.json")], {});
  const { statuses, said } = JSON.parse(calls.stdout);
  expect(statuses, said).toEqual(lines.map(() => 0));
  return calls;
}

/** A signature over the newest checkpoint by somebody who has nothing to do with the vault. */
function witness(vault: string): void {
  const checkpoint = execFileSync(
    process.execPath,
    [join(import.meta.dirname, "../../bin/holdfast.js"), "checkpoint", "--show", "--vault", at(vault)],
    { env: { ...process.env, ...offline }, stdio: "pipe" },
  );
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", at("witness")]);
  const signed = ["-Y", "sign", "-n", "holdfast-checkpoint@v1", "-f", at("witness")];
  writeFileSync(at("signature"), execFileSync("ssh-keygen", signed, { input: checkpoint, stdio: "pipe" }));
}

describe.skipIf(!canTrace || !program)("no connection and no look-up that the user did not ask for", () => {
  it("every command is here", () => {
    // A page is asked for from inside a jail, whose network tools/browser/hostile.test.ts counts.
    const elsewhere = [["rebuild"], ["page"]];
    const named = [...quiet.map(({ argv }) => argv), ...speaking, ...elsewhere].map(([name]) => name);
    expect([...new Set(named)].sort()).toEqual([...commandNames].sort());
  });

  it("commands that only read, and those told to stay offline, open no socket of the internet", async () => {
    const { sockets, called } = await run("vault", quiet);
    rmSync(at("vault/vault.db"));
    const rebuilt = await run("vault", [{ argv: ["rebuild"], env: offline }]);
    expect([...called, ...rebuilt.called]).toEqual([]);
    expect([...sockets, ...rebuilt.sockets].filter((socket) => socket.startsWith("AF_INET"))).toEqual([]);
  });

  it("the others call the site that was named and the authorities of the vault, through guards of their own, and nobody else", async () => {
    const settings = JSON.parse(readFileSync(at("vault/holdfast.json"), "utf8"));
    settings.settings.authorities = [{ name: "here", url: `http://127.0.0.1:${portOf(authority)}/` }];
    writeFileSync(at("vault/holdfast.json"), JSON.stringify(settings));
    witness("vault");
    const lines = speaking.map((argv) => ({
      argv: argv.map((word) => word.replace("SITE", site.url)),
      env: online,
    }));
    const { called, ownPorts } = await run("vault", lines);
    const wanted = [new URL(site.url).port, portOf(authority)].map((port) => `127.0.0.1 ${port}`);
    expect(called).toEqual(expect.arrayContaining(wanted));
    const allowed = [...wanted, ...ownPorts.map((port) => `127.0.0.1 ${port}`)];
    expect(called.filter((one) => !allowed.includes(one))).toEqual([]);
    expect(asked).toBeGreaterThan(0);
  });
});
