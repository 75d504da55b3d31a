import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  closeSync,
  createReadStream,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { encodeCanonical } from "../../src/audit/canonical-json.js";
import { sha256 } from "../../src/audit/digest.js";
import { lineHash } from "../../src/audit/entry.js";
import {
  allowedSignersOf,
  makeAuthority,
  makePackage,
  type PackageFiles,
  putCheckpoint,
  putEntries,
  rebag,
  writeFolder,
} from "../support/packages.js";
import { program } from "../support/programs-on-path.js";
import { temporaryFolder } from "../support/vaults.js";

/*
 * Starting programs is what verify.sh takes its time for. How many it starts is counted here, since seconds depend on the machine.
 */

const scratch = temporaryFolder();
const authority = makeAuthority("First");
afterAll(() => {
  scratch.remove();
  authority.remove();
});

const script = new URL("../../schemas/package/verify.sh", import.meta.url).pathname;
const shared =
  "awk base64 basenc cat comm cut date head join mkdir mktemp mv nproc paste rm sha256sum sha512sum sort";
const started = `${shared} split tail tr uniq wc openssl ssh-keygen`.split(" ");
const [checkpoints, stamped, captures] = [90, 12, 90];

function folder(name: string): string {
  const path = join(scratch.path, name);
  mkdirSync(path);
  return path;
}

/** A package in which there is much of everything, and its key and roots beside it. */
function largePackage(): string[] {
  const made = makePackage({ stamp: authority.stamp });
  const files: PackageFiles = new Map(made.files);
  const lines = [...made.log.lines];
  const early = [1, 2, 4, 5, 6, 7];
  const add = (event: string, body: object) => {
    const [prev, at] = [lineHash(lines.at(-1) ?? ""), "2026-11-23T18:23:00.000Z"];
    lines.push(
      encodeCanonical({ v: 1, seq: lines.length + 1, prev, at, event, actor: "a", tool: "t/1", body }),
    );
    return lines.length;
  };
  const seal = (seqs: readonly number[], isStamped: boolean) => {
    const proof = `proof/${String(lines.length).padStart(6, "0")}`;
    putCheckpoint(files, { ...made.log, lines }, lines.length, seqs);
    if (isStamped) {
      files.set(
        `${proof}/first.tsr`,
        authority.stamp("first", files.get(`${proof}/signed`) ?? Buffer.alloc(0)),
      );
    }
  };
  for (let count = 2; count < checkpoints - 1; count += 1) {
    add("fixity-check", { scope: "vault", ok: true, findings: 0, checked: { entries: 4 } });
    seal(early, count < stamped);
  }
  const later = Array.from({ length: captures }, (_, at) => {
    const capture = `20261123-${String(at).padStart(8, "0")}`;
    const record = Buffer.from(`{"capture":"${capture}","text":"${"x".repeat(1200)}"}`);
    files.set(`data/${capture}/record.json`, record);
    files.set("bag-info.txt", Buffer.from(`${files.get("bag-info.txt")}External-Identifier: ${capture}\n`));
    const listed = [{ path: "record.json", bytes: record.length, sha256: sha256(record) }];
    const words = "x".repeat(1200);
    return add("capture", { capture, files: listed, record_sha256: sha256(record), version: "v1", words });
  });
  seal([...early, ...later], false);
  putEntries(files, { ...made.log, lines }, [...early, ...later]);
  const info = String(files.get("bag-info.txt")).split(/(?<=\n)/);
  const isId = (line: string) => line.startsWith("External-Identifier");
  const ids = info.filter(isId).sort();
  files.set("bag-info.txt", Buffer.from([...info.filter((line) => !isId(line)), ...ids].join("")));
  rebag(files);
  const [signers, roots] = [join(scratch.path, "signers"), join(scratch.path, "roots.pem")];
  writeFileSync(signers, allowedSignersOf(made.log));
  writeFileSync(roots, authority.root);
  return ["--signers", signers, "--tsa-ca", roots, writeFolder(files, join(scratch.path, "large"))];
}

describe("what verify.sh starts", () => {
  it("is one program for each signature, three for each time-stamp, and none for an entry, a file or a capture", () => {
    const [programs, list] = [folder("programs"), join(scratch.path, "list")];
    for (const name of started) {
      const text = `#!/bin/sh\necho ${name} >> ${list}\nexec ${program(name)} "$@"\n`;
      writeFileSync(join(programs, name), text, { mode: 0o755 });
    }
    const env = { PATH: programs, LC_ALL: "C", TMPDIR: folder("tmp-large") };
    const { status, stdout } = spawnSync("/bin/sh", [script, ...largePackage()], { env, encoding: "utf8" });
    expect([status, stdout.match(/^FAIL.*$/gm)]).toEqual([0, null]);
    const all = readFileSync(list, "utf8").trim().split("\n");
    const counted = (name: string) => all.filter((one) => one === name).length;
    expect(counted("ssh-keygen")).toBeLessThanOrEqual(checkpoints + 3);
    expect(counted("openssl")).toBeLessThanOrEqual(2 * stamped + 3);
    expect(counted("date")).toBeLessThanOrEqual(stamped + 4);
    // Of the rest there are some for each level of the tree, which has eight here.
    const rest = all.length - counted("ssh-keygen") - counted("openssl") - counted("date");
    expect(rest).toBeLessThan(Math.min(3 * checkpoints, 3 * captures));
  });

  it("ends with it at Ctrl-C, and nothing is left of either", async () => {
    const [programs, tmp] = [folder("slow"), folder("tmp-slow")];
    const [ready, gate] = [join(scratch.path, "ready"), join(scratch.path, "gate")];
    execFileSync("mkfifo", [ready, gate]);
    // In place of ssh-keygen, one that does not end before it is let through, but where it is tried at the beginning.
    const tried = `case "$*" in *"-I probe "*) exec ${program("ssh-keygen")} "$@" ;; esac\n`;
    const waits = `#!/bin/sh\n${tried}exec 3> ${ready}\necho here >&3\nread -r line < ${gate}\n`;
    writeFileSync(join(programs, "ssh-keygen"), waits, { mode: 0o755 });
    writeFileSync(join(programs, "nproc"), "#!/bin/sh\necho 1\n", { mode: 0o755 });
    const place = writeFolder(makePackage().files, join(scratch.path, "small"));
    const env = { PATH: `${programs}:${process.env.PATH}`, LC_ALL: "C", TMPDIR: tmp };
    // As at a terminal, the signal goes to a whole group.
    const run = spawn("/bin/sh", [script, place], { env, detached: true, stdio: "ignore" });
    const ended = once(run, "exit");
    const heard = createReadStream(ready);
    await once(heard, "data");
    process.kill(-(run.pid ?? 0), "SIGINT");
    expect([await ended, readdirSync(tmp)]).toEqual([[2, null], []]);
    const gone = once(heard, "close");
    heard.resume();
    const open = openSync(gate, "r+");
    writeSync(open, "\n");
    await gone;
    closeSync(open);
    expect(readdirSync(tmp)).toEqual([]);
  });
});
