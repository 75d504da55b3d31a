import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, describe, expect, it } from "vitest";
import { genesisPrev, lineHash, parseEntry } from "../../src/audit/entry.js";
import { parsePublicKey } from "../../src/audit/ssh-key.js";
import { checkSignature } from "../../src/audit/sshsig.js";
import { encodeEntry } from "../../src/core/capture/new-entry.js";
import { closeAfterWriting } from "../../src/seal/checkpoint.js";
import { configFolder } from "../../src/seal/config-folder.js";
import { keyFolder, storedKeys, storeNote } from "../../src/seal/key-store.js";
import { firstKey, newKey } from "../../src/seal/make-key.js";
import { encodePrivateKey, parsePrivateKey, secretOfSeed } from "../../src/seal/private-key.js";
import { signerFor } from "../../src/seal/signing-key.js";
import { closeVault } from "../../src/vault/vault.js";
import type { World } from "../../src/world.js";
import { holdfast } from "../support/cli.js";
import { armored, keygen, opensshAccepts, softwareDevice } from "../support/ssh.js";
import { captureText, openTestVault, temporaryFolder, testWorld } from "../support/vaults.js";

const folder = temporaryFolder();
const started: ChildProcess[] = [];
afterAll(async () => {
  for (const child of started) {
    child.kill();
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  }
  folder.remove();
});

let places = 0;
/** A fresh place with a configuration folder of its own, and a vault folder that does not exist yet. */
function place(env: Record<string, string> = {}) {
  places += 1;
  const root = join(folder.path, String(places));
  mkdirSync(root);
  const own = {
    XDG_CONFIG_HOME: join(root, "config"),
    SSH_AUTH_SOCK: "",
    SSH_ASKPASS: "",
    DISPLAY: "",
    ...env,
  };
  const world: World = { ...testWorld(), env: { ...process.env, ...own } };
  const vault = join(root, "vault");
  const run = (...argv: readonly string[]) => holdfast([...argv, "--vault", vault], own);
  return { root, env: own, world, vault, run };
}

/** What lies in a folder of keys beside the memory of what was signed. */
function keyFiles(keys: string): readonly string[] {
  return readdirSync(keys).filter((name) => name.startsWith("signing-key-"));
}

function made(root: string, name: string, passphrase = ""): string {
  const path = join(root, name);
  keygen("-q", "-t", "ed25519", "-N", passphrase, "-C", "somebody", "-f", path);
  return path;
}

const lineOf = (pub: string) => parsePublicKey(readFileSync(pub, "utf8")).line;
const modeOf = (path: string) => statSync(path).mode & 0o777;
const namespace = "holdfast-checkpoint@v1";
const message = Buffer.from("a checkpoint\n");

/** Files of a folder, all levels, as absolute paths. */
function filesIn(root: string): readonly string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((item) => item.isFile())
    .map((item) => join(item.parentPath, item.name));
}

/** The newest checkpoint of a vault: its size, bytes and signature. */
function newest(vault: string) {
  const name = readdirSync(join(vault, "log"))
    .filter((file) => file.endsWith(".checkpoint"))
    .sort()
    .at(-1)!;
  const path = join(vault, "log", name);
  return {
    size: Number.parseInt(name, 10),
    body: readFileSync(path),
    signature: readFileSync(`${path}.sig`, "utf8"),
  };
}

function signedBy(vault: string): string {
  const { body, signature } = newest(vault);
  const check = checkSignature(body, signature, namespace);
  return "key" in check ? check.key.line : check.code;
}

/** What a capture and the end of its command do. */
async function captureAndSeal(vault: string, world: World): Promise<void> {
  const opened = await openTestVault(vault, world);
  captureText(opened, "later");
  const { problem } = await closeAfterWriting(opened, world, {
    proxy: null,
    allowPrivate: false,
    force: false,
  });
  expect(problem).toBeNull();
}

/** Makes the log one of an earlier build, which named no key in entry 1. */
function withoutFirstKey(vault: string): void {
  const database = new Database(join(vault, "vault.db"));
  const triggers = database
    .prepare<[], { name: string; sql: string }>("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
    .all();
  for (const { name } of triggers) database.exec(`DROP TRIGGER "${name}"`);
  const lines = database.prepare<[], string>("SELECT line FROM entry ORDER BY seq").pluck().all();
  let prev = genesisPrev;
  for (const [index, line] of lines.entries()) {
    const { public_key: _key, ...body } = parseEntry(line).body;
    const written = encodeEntry({ ...parseEntry(line), prev, body });
    database
      .prepare("UPDATE entry SET line = ?, prev = ?, hash = ? WHERE seq = ?")
      .run(written, prev, lineHash(written), index + 1);
    prev = lineHash(written);
  }
  for (const { sql } of triggers) database.exec(sql);
  database.close();
}

/** An ssh-agent of this test's own, ended with it. */
async function agent(root: string): Promise<string> {
  const socket = join(root, "agent");
  const child = spawn("ssh-agent", ["-D", "-a", socket], { stdio: ["ignore", "pipe", "ignore"] });
  started.push(child);
  await once(child.stdout!, "data");
  return socket;
}

function sshAdd(socket: string, key: string, askpass = ""): void {
  execFileSync("ssh-add", ["-q", key], {
    env: {
      ...process.env,
      SSH_AUTH_SOCK: socket,
      SSH_ASKPASS: askpass,
      SSH_ASKPASS_REQUIRE: askpass ? "force" : "never",
    },
    stdio: "ignore",
  });
}

/** A program that answers every question with this passphrase, as a window of the user's would. */
function askpass(root: string, passphrase: string): string {
  const path = join(root, "askpass");
  writeFileSync(path, `#!/bin/sh\nprintf '%s\\n' '${passphrase}'\n`, { mode: 0o700 });
  return path;
}

describe("the key of a new vault", () => {
  it("is made with the vault, readable by its owner alone, outside the vault, and named by entry 1", async () => {
    const { run, vault, env } = place();
    const init = await run("init", "--json");
    expect(init).toMatchObject({ status: 0, lines: [{ created: true }] });
    const keys = keyFolder(env, String(init.lines[0]!.id));
    expect(keyFiles(keys)).toEqual(["signing-key-1", "signing-key-1.pub"]);
    expect(modeOf(keys)).toBe(0o700);
    expect(modeOf(join(env.XDG_CONFIG_HOME, "holdfast"))).toBe(0o700);
    expect(modeOf(join(keys, "signing-key-1"))).toBe(0o600);
    const shown = await run("key", "show", "--json");
    expect(shown.lines[0]).toMatchObject({
      id: init.lines[0]!.id,
      held: "file",
      place: join(keys, "signing-key-1"),
      key: { fingerprint: init.lines[0]!.key, entry: 1, ended_by: null },
      history: [{ entry: 1 }],
    });
    const line = keygen("-y", "-f", join(keys, "signing-key-1")).split(" ").slice(0, 2).join(" ");
    expect(shown.lines[0]).toMatchObject({ key: { public_key: line } });
    expect(signedBy(vault)).toBe(line);
  });

  it("is in no file of the vault, neither as bytes nor as text", async () => {
    const { run, vault } = place();
    await run("init");
    await run("key", "rotate");
    const { place: path } = (await run("key", "show", "--json")).lines[0]!;
    const { seed } = parsePrivateKey(readFileSync(String(path), "utf8"));
    const forms = [seed, seed.toString("hex"), seed.toString("base64").slice(0, 40), "PRIVATE KEY"];
    const files = filesIn(vault);
    expect(files.length).toBeGreaterThan(8);
    const holding = files.filter((file) => forms.some((form) => readFileSync(file).includes(form)));
    expect(holding).toEqual([]);
  });

  it("is made by the first capture where nobody ran init", async () => {
    const { vault, world, env } = place();
    const opened = await openTestVault(vault, world);
    captureText(opened, "first");
    closeVault(opened);
    expect(storedKeys(env, opened.settings.vault_id)).toHaveLength(1);
  });

  it("that an interrupted making left is taken again, not a second one", async () => {
    const { vault, world, env } = place();
    const first = await firstKey(vault, "ab".repeat(16), newKey, world);
    expect(await firstKey(vault, "ab".repeat(16), newKey, world)).toBe(first);
    expect(storedKeys(env, "ab".repeat(16))).toHaveLength(1);
    expect(await firstKey(vault, "cd".repeat(16), newKey, world)).not.toBe(first);
  });

  it("has its public key beside it as OpenSSH expects; without that file it is still found", async () => {
    const { vault, world, env } = place();
    const id = "ab".repeat(16);
    const line = await firstKey(vault, id, newKey, world);
    const [stored] = storedKeys(env, id);
    expect(keygen("-l", "-f", `${stored!.path}.pub`)).toContain(
      `${stored!.publicKey.fingerprint} holdfast/${id}`,
    );
    rmSync(`${stored!.path}.pub`);
    expect((await signerFor(line, world)).key.line).toBe(line);
    writeFileSync(`${stored!.path}.pub`, secretOfSeed(Buffer.alloc(32, 9)).publicKey.line);
    const misled = await signerFor(secretOfSeed(Buffer.alloc(32, 9)).publicKey.line, world);
    await expect(misled.sign(message, namespace)).rejects.toMatchObject({ code: "key-missing" });
  });

  it("a half-written file beside it is no key, and nothing is written over", async () => {
    const { vault, world, env } = place();
    const id = "ab".repeat(16);
    mkdirSync(keyFolder(env, id), { recursive: true });
    writeFileSync(join(keyFolder(env, id), "signing-key-1"), "-----BEGIN OPENSSH PRIV");
    const line = await firstKey(vault, id, newKey, world);
    expect(storedKeys(env, id).map(({ publicKey }) => publicKey.line)).toEqual([line]);
    expect(readFileSync(join(keyFolder(env, id), "signing-key-1"), "utf8")).toBe("-----BEGIN OPENSSH PRIV");
  });

  it("may not lie in the vault: neither the configuration folder nor --key, nor through a link", async () => {
    const inside = place();
    const config = { XDG_CONFIG_HOME: join(inside.vault, "config") };
    const refused = await holdfast(["init", "--vault", inside.vault], { ...inside.env, ...config });
    expect(refused).toMatchObject({ status: 2, stderr: expect.stringContaining("inside the vault") });
    expect(existsSync(inside.vault)).toBe(false);
    const linked = place();
    symlinkSync(linked.root, join(linked.root, "link"));
    const through = { XDG_CONFIG_HOME: join(linked.root, "link", "vault", "config") };
    expect((await holdfast(["init", "--vault", linked.vault], { ...linked.env, ...through })).status).toBe(2);
    const key = place();
    await key.run("init");
    const path = made(key.vault, "staging/mine");
    expect((await key.run("key", "rotate", "--key", path)).status).toBe(2);
    expect((await key.run("key", "show", "--json")).lines[0]).toMatchObject({ history: [{ entry: 1 }] });
  });

  it("an existing vault keeps its key: init with another one is refused", async () => {
    const { run, root } = place();
    await run("init");
    const before = (await run("key", "show", "--json")).stdout;
    expect((await run("init", "--key", made(root, "mine"))).status).toBe(2);
    expect((await run("init")).status).toBe(0);
    expect((await run("key", "show", "--json")).stdout).toBe(before);
  });
});

describe("a key of one's own", () => {
  it("is used where it lies and is not copied", async () => {
    const { run, root, vault, env } = place();
    const path = made(root, "mine");
    const init = await run("init", "--key", path, "--json");
    expect(init).toMatchObject({ status: 0, lines: [{ place: path }] });
    expect(signedBy(vault)).toBe(lineOf(`${path}.pub`));
    const keys = keyFolder(env, String(init.lines[0]!.id));
    expect(keyFiles(keys)).toEqual(["signing-key-1.json"]);
    expect(modeOf(join(keys, "signing-key-1.json"))).toBe(0o600);
    expect(readFileSync(join(keys, "signing-key-1.json"), "utf8")).not.toContain("PRIVATE");
  });

  it("that was moved away is missing, and the hint says what to do", async () => {
    const { run, root, world } = place();
    const path = made(root, "mine");
    await run("init", "--key", path);
    const line = lineOf(`${path}.pub`);
    rmSync(path);
    const signer = await signerFor(line, world);
    await expect(signer.sign(message, namespace)).rejects.toMatchObject({
      code: "key-missing",
      hint: expect.stringContaining("key rotate --lost"),
    });
    expect((await run("key", "show", "--json")).lines[0]).toMatchObject({ held: "no" });
    writeFileSync(path, encodePrivateKey(secretOfSeed(Buffer.alloc(32, 9)), "", 1), { mode: 0o600 });
    await expect(signer.sign(message, namespace)).rejects.toMatchObject({ code: "key-missing" });
  });

  it.each([
    ["an RSA key", ["-t", "rsa", "-b", "2048"], ""],
    ["an RSA public key", ["-t", "rsa", "-b", "2048"], ".pub"],
    ["an ECDSA key", ["-t", "ecdsa"], ""],
  ])("%s is refused with a hint", async (_what, type, ending) => {
    const { run, root, vault } = place();
    keygen("-q", ...type, "-N", "", "-f", join(root, "other"));
    const refused = await run("init", "--key", `${join(root, "other")}${ending}`);
    expect(refused).toMatchObject({ status: 2, stderr: expect.stringContaining("ssh-keygen -t ed25519") });
    expect(existsSync(join(vault, "vault.db")) && signedBy(vault)).toBe(false);
  });

  it("that is no key, or is not there, is refused", async () => {
    const { run, root } = place();
    writeFileSync(join(root, "text"), "hello\n");
    expect((await run("init", "--key", join(root, "text"))).status).toBe(2);
    expect((await run("init", "--key", join(root, "nothing"))).status).toBe(2);
    expect((await run("init", "--key", made(root, "mine"), "--passphrase")).status).toBe(2);
    expect((await run("init", "--key", join(root, "mine"))).status).toBe(0);
  });
});

describe("a key that is locked", () => {
  it("in an agent signs through it, for a .pub whose private key is nowhere on disk", async () => {
    const at = place();
    const path = made(at.root, "mine");
    const socket = await agent(at.root);
    sshAdd(socket, path);
    rmSync(path);
    const env = { ...at.env, SSH_AUTH_SOCK: socket };
    const init = await holdfast(["init", "--key", `${path}.pub`, "--json", "--vault", at.vault], env);
    expect(init.status).toBe(0);
    expect(signedBy(at.vault)).toBe(lineOf(`${path}.pub`));
    expect((await at.run("key", "show", "--json")).lines[0]).toMatchObject({ held: "agent" });
    const signer = await signerFor(lineOf(`${path}.pub`), at.world);
    await expect(signer.sign(message, namespace)).rejects.toMatchObject({
      code: "key-locked",
      hint: expect.stringContaining("SSH_AUTH_SOCK"),
    });
  });

  it("with a passphrase says how to unlock it, and signs once it is in an agent or an askpass program answers", async () => {
    const at = place();
    const path = made(at.root, "mine", "open sesame");
    const line = lineOf(`${path}.pub`);
    const init = await at.run("init", "--key", path);
    expect(init.status).toBe(0);
    expect(init.stderr).toContain("has a passphrase");
    const signWith = async (env: Record<string, string>) =>
      (await signerFor(line, { ...at.world, env: { ...at.world.env, ...env } })).sign(message, namespace);
    await expect(signWith({})).rejects.toMatchObject({
      code: "key-locked",
      hint: expect.stringContaining(`ssh-add ${path}`),
    });
    const program = askpass(at.root, "open sesame");
    const check = { principal: "me", signers: `me ${line}\n`, namespace, message };
    expect(opensshAccepts(at.root, { ...check, signature: await signWith({ SSH_ASKPASS: program }) })).toBe(
      true,
    );
    const socket = await agent(at.root);
    sshAdd(socket, path, program);
    expect(opensshAccepts(at.root, { ...check, signature: await signWith({ SSH_AUTH_SOCK: socket }) })).toBe(
      true,
    );
    writeFileSync(program, "#!/bin/sh\necho wrong\n");
    await expect(signWith({ SSH_ASKPASS: program })).rejects.toMatchObject({ code: "key-locked" });
  });

  it("and without ssh-keygen on this machine says that", async () => {
    const at = place();
    const path = made(at.root, "mine", "open sesame");
    storeNote("ab".repeat(16), parsePublicKey(readFileSync(`${path}.pub`, "utf8")), path, at.env);
    const signer = await signerFor(lineOf(`${path}.pub`), { ...at.world, env: { ...at.env, PATH: at.root } });
    await expect(signer.sign(message, namespace)).rejects.toMatchObject({
      code: "key-locked",
      message: expect.stringContaining("ssh-keygen is not installed"),
    });
  });

  it("an ssh-keygen that answers with another signature is found out", async () => {
    const at = place();
    const path = made(at.root, "mine", "open sesame");
    const other = made(at.root, "other");
    const answer = execFileSync("ssh-keygen", ["-Y", "sign", "-n", namespace, "-f", other], {
      input: message,
      stdio: ["pipe", "pipe", "ignore"],
    });
    writeFileSync(join(at.root, "answer"), answer);
    mkdirSync(join(at.root, "bin"));
    writeFileSync(join(at.root, "bin/ssh-keygen"), `#!/bin/sh\ncat '${at.root}/answer'\n`, { mode: 0o700 });
    chmodSync(join(at.root, "bin/ssh-keygen"), 0o700);
    storeNote("ab".repeat(16), parsePublicKey(readFileSync(`${path}.pub`, "utf8")), path, at.env);
    const env = { ...at.env, PATH: join(at.root, "bin") };
    const signer = await signerFor(lineOf(`${path}.pub`), { ...at.world, env });
    await expect(signer.sign(message, namespace)).rejects.toMatchObject({
      code: "key-locked",
      message: expect.stringContaining("not a signature by this key"),
    });
  });

  it("in a FIDO device signs through ssh-keygen, and the signature is checked with what the device states", async () => {
    const at = place();
    const device = softwareDevice();
    const pub = join(at.root, "device.pub");
    writeFileSync(pub, `${device.line} the archive's device\n`);
    // No device is at hand in a test: in its place stands a program that answers as one with such a device would.
    const answerWith = (armor: string) => {
      writeFileSync(join(at.root, "answer"), armor);
      mkdirSync(join(at.root, "bin"), { recursive: true });
      const program = `#!/bin/sh\ncat > '${at.root}/asked'\necho "$@" > '${at.root}/argv'\ncat '${at.root}/answer'\n`;
      writeFileSync(join(at.root, "bin/ssh-keygen"), program, { mode: 0o700 });
    };
    const line = await firstKey(at.vault, "ab".repeat(16), { file: pub, passphrase: false }, at.world);
    expect(line).toBe(device.line);
    const PATH = `${join(at.root, "bin")}:/usr/bin:/bin`;
    const said: string[] = [];
    const signer = await signerFor(line, {
      ...at.world,
      env: { ...at.env, PATH },
      progress: ({ detail }) => said.push(detail),
    });
    answerWith(armored(device.parts(message, namespace)));
    const signature = await signer.sign(message, namespace);
    expect(said).toEqual(["touch the device with the signing key when it blinks"]);
    expect(readFileSync(join(at.root, "asked")).equals(message)).toBe(true);
    expect(readFileSync(join(at.root, "argv"), "utf8")).toMatch(
      /^-Y sign -n holdfast-checkpoint@v1 -f \S+key\.pub$/m,
    );
    const check = { signers: `me ${line}\n`, principal: "me", namespace, signature, message };
    expect(opensshAccepts(at.root, check)).toBe(true);
    const parts = device.parts(message, namespace);
    answerWith(
      armored({ ...parts, signature: Buffer.concat([parts.signature.subarray(0, -1), Buffer.from([9])]) }),
    );
    await expect(signer.sign(message, namespace)).rejects.toMatchObject({ code: "key-locked" });
  });

  it("--passphrase lets ssh-keygen ask, and without anybody to ask it is refused before anything is made", async () => {
    const silent = place();
    expect(await silent.run("init", "--passphrase")).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("SSH_ASKPASS"),
    });
    expect(existsSync(silent.vault)).toBe(false);
    const at = place();
    const program = askpass(at.root, "open sesame");
    const env = { ...at.env, SSH_ASKPASS: program };
    const init = await holdfast(["init", "--passphrase", "--json", "--vault", at.vault], env);
    expect(init.status).toBe(0);
    const path = String(init.lines[0]!.place);
    expect(modeOf(path)).toBe(0o600);
    expect(keyFiles(join(path, ".."))).toEqual(["signing-key-1", "signing-key-1.pub"]);
    expect(() => parsePrivateKey(readFileSync(path, "utf8"))).toThrow("passphrase");
    expect(keygen("-y", "-P", "open sesame", "-f", path)).toContain(signedBy(at.vault));
    expect((await at.run("key", "show", "--json")).lines[0]).toMatchObject({ held: "locked-file" });
  });
});

describe("another key", () => {
  it("is endorsed by the old one: the checkpoint that ends with the rotation is signed by it, the next by the new", async () => {
    const { run, vault, world } = place();
    await run("init");
    const before = (await run("key", "show", "--json")).lines[0]!.key as Record<string, unknown>;
    const rotation = await run("key", "rotate", "--json");
    expect(rotation).toMatchObject({
      status: 0,
      lines: [{ endorsed: true, reason: "routine", entry: 2, held: "file" }],
    });
    expect(newest(vault).size).toBe(2);
    expect(signedBy(vault)).toBe(before.public_key);
    const after = (await run("key", "show", "--json")).lines[0]!;
    expect(after).toMatchObject({
      key: rotation.lines[0]!.key,
      history: [{ fingerprint: before.fingerprint, ended_by: 2, reason: "routine" }, { entry: 2 }],
    });
    await captureAndSeal(vault, world);
    expect(newest(vault).size).toBeGreaterThan(2);
    expect(signedBy(vault)).toBe((after.key as Record<string, unknown>).public_key);
  });

  it("can be rotated several times, and the keys lie beside each other", async () => {
    const { run, env } = place();
    const { id } = (await run("init", "--json")).lines[0]!;
    for (const entry of [2, 3, 4]) {
      expect((await run("key", "rotate", "--json")).lines[0]).toMatchObject({ entry, endorsed: true });
    }
    expect(keyFiles(keyFolder(env, String(id)))).toEqual(
      [1, 2, 3, 4].flatMap((n) => [`signing-key-${n}`, `signing-key-${n}.pub`]),
    );
  });

  it("that an interrupted rotation left is taken by the next one", async () => {
    const { run, env, world, vault } = place();
    const id = String((await run("init", "--json")).lines[0]!.id);
    rmSync(join(keyFolder(env, id), "signing-key-1.json"), { force: true });
    const left = await firstKey(
      vault,
      id,
      { file: made(join(vault, ".."), "left"), passphrase: false },
      world,
    );
    expect(storedKeys(env, id)).toHaveLength(2);
    const ours = secretOfSeed(Buffer.alloc(32, 3));
    writeFileSync(join(keyFolder(env, id), "signing-key-3"), encodePrivateKey(ours, "", 1), { mode: 0o600 });
    expect((await run("key", "rotate", "--json")).lines[0]).toMatchObject({
      key: { public_key: ours.publicKey.line },
    });
    expect(left).not.toBe(ours.publicKey.line);
    expect(storedKeys(env, id)).toHaveLength(3);
  });

  it("without the old one needs --lost, and then says that nobody endorsed it", async () => {
    const { run, env, vault, world } = place();
    const id = String((await run("init", "--json")).lines[0]!.id);
    rmSync(keyFolder(env, id), { recursive: true });
    expect(await run("key", "rotate")).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("--lost"),
    });
    expect((await run("key", "show", "--json")).lines[0]).toMatchObject({
      held: "no",
      place: null,
      history: [{}],
    });
    const page = await run("key", "rotate", "--lost");
    expect(page).toMatchObject({ status: 4, stdout: expect.stringContaining("key-not-endorsed") });
    expect(page.stderr).toContain("holdfast checkpoint --accept-tail");
    expect((await run("key", "show", "--json")).lines[0]).toMatchObject({
      held: "file",
      history: [{ reason: "lost" }, { entry: 2 }],
    });
    expect((await run("checkpoint", "--accept-tail")).status).toBe(0);
    await captureAndSeal(vault, world);
    const { key } = (await run("key", "show", "--json")).lines[0]!;
    expect(signedBy(vault)).toBe((key as Record<string, unknown>).public_key);
  });

  it("after a theft is not signed by the stolen key, although it is at hand", async () => {
    const { run, vault, world } = place();
    await run("init");
    const rotation = await run("key", "rotate", "--stolen", "--json");
    expect(rotation.lines[0]).toMatchObject({ endorsed: false, reason: "stolen", problem: null });
    const { key } = rotation.lines[0]!;
    expect(newest(vault).size).toBe(2);
    expect(signedBy(vault)).toBe((key as Record<string, unknown>).public_key);
    expect((await run("key", "rotate", "--stolen", "--lost")).status).toBe(2);
    await captureAndSeal(vault, world);
    const sizes = readdirSync(join(vault, "log")).filter((name) => name.endsWith(".checkpoint"));
    expect(sizes.sort()).toEqual(["000001.checkpoint", "000002.checkpoint", "000003.checkpoint"]);
    expect(signedBy(vault)).toBe((key as Record<string, unknown>).public_key);
  });

  it("with a locked old key changes nothing", async () => {
    const at = place();
    await at.run("init", "--key", made(at.root, "mine", "open sesame"));
    expect(await at.run("key", "rotate")).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("ssh-add"),
    });
    expect((await at.run("key", "show", "--json")).lines[0]).toMatchObject({ history: [{ entry: 1 }] });
  });

  it("that is the same one is refused", async () => {
    const { run, root } = place();
    const path = made(root, "mine");
    await run("init", "--key", path);
    expect((await run("key", "rotate", "--key", path)).status).toBe(2);
  });

  it("is the first one of a vault of an earlier build, which opens, lists and shows without one", async () => {
    const { run, env, vault, world } = place();
    const opened = await openTestVault(vault, world);
    const { capture } = captureText(opened, "first").record;
    closeVault(opened);
    withoutFirstKey(vault);
    // A build that had no keys remembered nothing either.
    rmSync(configFolder(env), { recursive: true });
    expect(await run("list", "--json")).toMatchObject({ status: 0, lines: [{ id: capture }] });
    expect((await run("show", capture)).status).toBe(0);
    expect((await run("key", "show", "--json")).lines[0]).toMatchObject({
      key: null,
      held: "no",
      history: [],
    });
    expect((await run("key", "export")).status).toBe(2);
    expect((await run("key", "rotate", "--json")).lines[0]).toMatchObject({
      entry: 3,
      previous: null,
      endorsed: false,
    });
    expect((await run("key", "show", "--json")).lines[0]).toMatchObject({ key: { entry: 3 }, held: "file" });
  });

  it("needs a vault: none is made", async () => {
    const { run, vault } = place();
    for (const command of ["show", "rotate", "export"]) expect((await run("key", command)).status).toBe(5);
    expect(existsSync(vault)).toBe(false);
  });
});

describe("the line for whoever checks", () => {
  it("lets ssh-keygen accept the checkpoints of the old key and of the new one, each by its own line", async () => {
    const { run, root, vault, world } = place();
    const { id } = (await run("init", "--json")).lines[0]!;
    await run("key", "rotate");
    const old = newest(vault);
    await captureAndSeal(vault, world);
    const exported = await run("key", "export");
    expect(exported.stdout.trim().split("\n")).toHaveLength(2);
    expect(exported.stderr).toContain("separately from the vault");
    const principal = `holdfast/${id}`;
    expect(newest(vault).size).toBeGreaterThan(old.size);
    for (const { body, signature } of [old, newest(vault)]) {
      const check = { signers: exported.stdout, principal, namespace, signature, message: body };
      expect(opensshAccepts(root, check)).toBe(true);
      expect(opensshAccepts(root, { ...check, principal: "holdfast/other" })).toBe(false);
    }
  });

  it("is written to a new file only, and not into the vault", async () => {
    const { run, root, vault } = place();
    await run("init");
    const to = join(root, "allowed_signers");
    expect((await run("key", "export", "--to", to)).status).toBe(0);
    expect(readFileSync(to, "utf8")).toBe((await run("key", "export")).stdout);
    expect((await run("key", "export", "--to", to)).status).toBe(2);
    expect((await run("key", "export", "--to", join(vault, "allowed_signers"))).status).toBe(2);
    expect((await run("key", "export", "--to", join(root, "no/such/folder"))).status).toBe(2);
    expect(existsSync(join(vault, "allowed_signers"))).toBe(false);
  });
});

describe("where keys lie", () => {
  it("is the configuration folder of the user; a relative one is passed over", () => {
    expect(configFolder({ XDG_CONFIG_HOME: "/c" })).toBe("/c/holdfast");
    expect(configFolder({ XDG_CONFIG_HOME: "c", HOME: "/h" })).toBe("/h/.config/holdfast");
    expect(configFolder({ HOME: "/h" })).toBe("/h/.config/holdfast");
  });

  it("a vault that was copied finds the key of the first one", async () => {
    const at = place();
    const line = await firstKey(at.vault, "ab".repeat(16), newKey, at.world);
    expect((await signerFor(line, at.world)).key.line).toBe(line);
    await expect(signerFor(secretOfSeed(Buffer.alloc(32, 9)).publicKey.line, at.world)).rejects.toMatchObject(
      {
        code: "key-missing",
      },
    );
    await expect(signerFor("ssh-rsa AAAA", at.world)).rejects.toMatchObject({ code: "key-missing" });
  });
});
