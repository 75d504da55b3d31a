import { checkpointName, checkpointNamespace } from "../audit/checkpoint.js";
import { sha256 } from "../audit/digest.js";
import type { FoundCheckpoint } from "../audit/log-facts.js";
import { type SshPublicKey, sameKey } from "../audit/ssh-key.js";
import { checkSignature } from "../audit/sshsig.js";
import { HoldfastError } from "../core/words/error.js";
import { witnessesOf } from "../vault/index/tokens.js";
import { keyHistoryOf } from "../vault/log.js";
import { readLogFolder } from "../vault/log-folder.js";
import { placeInLog } from "../vault/log-placing.js";
import { refuseMissingVault } from "../vault/reader.js";
import { closeVault, type Vault } from "../vault/vault.js";
import type { World } from "../world.js";
import { type HeadReport, type SealOptions, sealHead } from "./checkpoint.js";
import { logLeftovers, logWitness } from "./log-unlogged.js";
import { openForWriting } from "./open-vault.js";

export interface WitnessReport {
  /** Size of the checkpoint that the witness signed. */
  readonly checkpoint: number;
  /** Fingerprint of the witness's key. */
  readonly key: string;
  /** Path relative to the vault. */
  readonly path: string;
  /** The entry that names it. */
  readonly entry: number;
  /** False if the vault already had this witness's signature over this checkpoint. */
  readonly added: boolean;
  readonly head: HeadReport;
}

export interface WitnessRequest {
  readonly vault: string;
  /** The text that the witness sent: an armoured SSHSIG, perhaps with other text around it. */
  readonly text: string;
  readonly seal: SealOptions;
}

/**
 * Stores a witness's signature over one of this vault's checkpoints (FORMAT.md §16) and logs it. Throws `usage` for a
 * text without a signature, a signature over anything else, or one by the vault's own key; `no-vault`, `vault-busy`.
 */
export async function addWitness(request: WitnessRequest, world: World): Promise<WitnessReport> {
  const armored = findArmored(request.text);
  refuseMissingVault(request.vault);
  const vault = await openForWriting(request.vault, world);
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

/** The only signature in a text, which may be a mail, quoted or indented. Throws `usage`. */
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
  throw notUsable(
    first === undefined ? "the text contains no signature" : "the text contains several signatures",
  );
}

/** Finds the checkpoint that the signature covers, trying the newest first. */
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
  throw notUsable("the signature does not match any checkpoint of this vault");
}

function refuseOwnKey(vault: Vault, key: SshPublicKey): void {
  if (!keyHistoryOf(vault.database).some((period) => sameKey(period.key, key))) return;
  throw new HoldfastError(
    "usage",
    `adding a witness: ${key.fingerprint} is one of this vault's own keys`,
    "a witness must be somebody else, with their own key",
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
    `the witness signs the output of 'holdfast checkpoint --show': ssh-keygen -Y sign -n ${checkpointNamespace} -f KEY checkpoint.txt`,
  );
}
