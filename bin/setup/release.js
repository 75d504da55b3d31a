import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tryPackage } from "./package-manager.js";
import { onPath, output, say } from "./shell.js";

/** The addresses of yt-dlp's releases, and the fingerprint of the key with which its project signs the checksums. */
const official = {
  files: "https://github.com/yt-dlp/yt-dlp/releases/latest/download",
  key: "https://github.com/yt-dlp/yt-dlp/raw/master/public.key",
  fingerprint: "AC0CBBE6848D6A873464AF4E57CF65933B5A7581",
};

/**
 * Installs yt-dlp's release, one file that any Python runs, into the tools folder. Requires that its checksum matches and
 * that the key above signed the list of checksums. Returns true if it is installed; otherwise prints why not.
 */
export async function installRelease(context, release = official) {
  const { env, tools, filesOf } = context;
  if (onPath("python3", env) === null) return false;
  if (onPath("gpgv", env) === null) tryPackage(context, "gpgv");
  const gpgv = onPath("gpgv", env);
  if (gpgv === null) {
    say("not using yt-dlp's release: gpgv, which checks the signature of its checksums, is missing");
    return false;
  }
  say("downloading yt-dlp's release, its checksums and their signature");
  try {
    const [key, sums, signature] = await Promise.all([
      download(release.key, 60_000),
      download(`${release.files}/SHA2-256SUMS`, 60_000),
      download(`${release.files}/SHA2-256SUMS.sig`, 60_000),
    ]);
    if (!isSigned({ gpgv, env, key, sums, signature, fingerprint: release.fingerprint }))
      throw new Error(`its checksums are not signed by the key ${release.fingerprint}`);
    const expected = /^([0-9a-f]{64}) [ *]yt-dlp$/m.exec(sums.toString("utf8"))?.[1];
    const program = await download(`${release.files}/yt-dlp`, 300_000);
    const sha256 = createHash("sha256").update(program).digest("hex");
    if (sha256 !== expected) throw new Error("its checksum does not match");
    keep(tools, program);
    filesOf.set("yt-dlp", { file: "yt-dlp", file_sha256: sha256, pinned: false });
    return true;
  } catch (error) {
    say(`not using yt-dlp's release: ${error.cause?.code ?? error.message}`);
    return false;
  }
}

function keep(tools, program) {
  const folder = join(tools, "bin");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, ".yt-dlp.new"), program, { mode: 0o755 });
  renameSync(join(folder, ".yt-dlp.new"), join(folder, "yt-dlp"));
}

/**
 * Whether gpgv reports every signature as good and made by the key with this fingerprint. The key file comes over the
 * network, so no other key in it counts. Signatures with SHA-1 are rejected.
 */
function isSigned({ gpgv, env, key, sums, signature, fingerprint }) {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-signature-"));
  try {
    const path = (name, bytes) => {
      writeFileSync(join(folder, name), bytes);
      return join(folder, name);
    };
    const args = ["--homedir", folder, "--weak-digest", "SHA1", "--status-fd", "1"];
    args.push("--keyring", path("key.gpg", withoutArmor(key)));
    args.push(path("sums.sig", signature), path("sums", sums));
    const { ok, text } = output(gpgv, args, env);
    const told = text.split("\n").map((line) => line.split(" "));
    const good = told.filter(([, word]) => word === "GOODSIG");
    // The last field is the fingerprint of the main key, even if one of its subkeys signed.
    const valid = told.filter(([, word]) => word === "VALIDSIG").map((fields) => fields.at(-1));
    return ok && good.length > 0 && valid.length === good.length && valid.every((by) => by === fingerprint);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The key in the binary form that gpgv reads: the base64 between the headers and the checksum line. */
function withoutArmor(key) {
  const body =
    /^-----BEGIN PGP PUBLIC KEY BLOCK-----\r?\n(?:.+\r?\n)*\r?\n([A-Za-z0-9+/=\r\n]+?)\r?\n=/m.exec(
      key.toString("latin1"),
    )?.[1];
  return body === undefined ? key : Buffer.from(body, "base64");
}

async function download(url, patienceMs) {
  const response = await fetch(url, { signal: AbortSignal.timeout(patienceMs) });
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  return Buffer.from(await response.arrayBuffer());
}
