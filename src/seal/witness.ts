import { checkpointName, checkpointNamespace } from "../audit/checkpoint.js";
import { sha256 } from "../audit/digest.js";
import type { FoundCheckpoint } from "../audit/log-facts.js";
import type { SshPublicKey } from "../audit/ssh-key.js";
import { checkSignature } from "../audit/sshsig.js";
import { HoldfastError } from "../core/words/error.js";
import { witnessesOf } from "../vault/index/tokens.js";
import { keyHistoryOf } from "../vault/log.js";
import { placeInLog, readLogFolder } from "../vault/log-folder.js";
import { refuseMissingVault } from "../vault/reader.js";
import { closeVault, type Vault } from "../vault/vault.js";
import type { World } from "../world.js";
import { type HeadReport, type SealOptions, sealHead } from "./checkpoint.js";
import { logLeftovers, logWitness } from "./log-unlogged.js";
import { openForWriting } from "./open-vault.js";

export interface WitnessReport {
  /** Size of the checkpoint that was signed. */
  readonly checkpoint: number;
  /** Fingerprint of the witness's key. */
  readonly key: string;
  /** Relative to the vault. */
  readonly path: string;
  /** The entry that names it. */
  readonly entry: number;
  /** False where this witness's signature over this checkpoint was there already. */
  readonly added: boolean;
  readonly head: HeadReport;
}

export interface WitnessRequest {
  readonly vault: string;
  /** What somebody sent: an armoured SSHSIG, perhaps with other text around it. */
  readonly text: string;
  readonly seal: SealOptions;
}

/**
 * Keeps somebody else's signature over one of our checkpoints (FORMAT.md §16) and logs it. Throws `usage` for a text
 * without a signature, one over something else, or one of this vault's own keys; `no-vault`, `vault-busy`.
 */
export async function addWitness(request: WitnessRequest, world: World): Promise<WitnessReport> {
  const armored = findArmored(request.text);
  refuseMissingVault(request.vault);
  const vault = await openForWriting(request.vault, world, () => undefined);
  try {
    const { checkpoint, key } = whatWasSigned(vault, armored);
    refuseOwnKey(vault, key);
    await logLeftovers(vault);
    const kept = keepWitness(vault, checkpoint.size, key, armored);
    const head = await sealHead(vault, world, request.seal);
    return { checkpoint: checkpoint.size, key: key.fingerprint, ...kept, head };
  } finally {
    closeVault(vault);
  }
}

/** The one signature in a text: a mail, quoted or indented, with words around it. Throws `usage`. */
export function findArmored(text: string): string {
  const lines = text.split("\n").map((line) => line.replace(/^[\s>]+/, "").trimEnd());
  const found = new Set<string>();
  let from = -1;
  for (const [at, line] of lines.entries()) {
    if (line === "-----BEGIN SSH SIGNATURE-----") from = at;
    if (line !== "-----END SSH SIGNATURE-----" || from < 0) continue;
    found.add(`${lines.slice(from, at + 1).join("\n")}\n`);
    from = -1;
  }
  const [first, ...others] = found;
  if (first !== undefined && others.length === 0) return first;
  throw notUsable(first === undefined ? "there is no signature in it" : "there are several signatures in it");
}

/** Which of our checkpoints the signature is over; the newest are tried first. */
function whatWasSigned(
  vault: Vault,
  armored: string,
): { readonly checkpoint: FoundCheckpoint; readonly key: SshPublicKey } {
  const { checkpoints } = readLogFolder(vault.layout);
  for (const checkpoint of checkpoints.toReversed()) {
    if (checkpoint.body === null) continue;
    const check = checkSignature(checkpoint.body, armored, checkpointNamespace);
    if ("key" in check) return { checkpoint, key: check.key };
    if (check.code === "signature-malformed") throw notUsable(check.message);
  }
  throw notUsable("it is not over a checkpoint of this vault");
}

function refuseOwnKey(vault: Vault, key: SshPublicKey): void {
  if (!keyHistoryOf(vault.database).some((period) => period.key.blob.equals(key.blob))) return;
  throw new HoldfastError(
    "usage",
    `adding a witness: ${key.fingerprint} is a key of this vault itself`,
    "a witness is somebody else, with a key of their own",
  );
}

function keepWitness(
  vault: Vault,
  checkpoint: number,
  key: SshPublicKey,
  armored: string,
): Pick<WitnessReport, "path" | "entry" | "added"> {
  const name = `${checkpointName(checkpoint)}.witness-${sha256(key.blob).slice(0, 16)}.sig`;
  const path = `log/${name}`;
  const known = witnessesOf(vault.database).find((witness) => witness.path === path);
  if (known) return { path, entry: known.entry, added: false };
  placeInLog(vault.layout, name, armored);
  const { seq } = logWitness(vault, checkpoint, { path, bytes: Buffer.from(armored) }, key);
  return { path, entry: seq, added: true };
}

function notUsable(why: string): HoldfastError {
  return new HoldfastError(
    "usage",
    `adding a witness: ${why}`,
    `they sign what 'holdfast checkpoint --show' prints: ssh-keygen -Y sign -n ${checkpointNamespace} -f KEY checkpoint.txt`,
  );
}
