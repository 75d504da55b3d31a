import type { AllowedSigner } from "./allowed-signers.js";
import { type JsonObject, textOf } from "./canonical-json.js";
import { originOf } from "./checkpoint.js";
import type { Entry } from "./entry.js";
import { countUpTo } from "./inclusion.js";
import { type KeyPeriod, keyHistory } from "./key-history.js";

/** What entries say about the checkpoints that matter to them, each on its own. */
export type CollectedFacts = Pick<LogFacts, "origin" | "keys" | "tokens" | "witnesses">;

/**
 * `at` of the last entry that each of some checkpoints covers. Keeps one time for each checkpoint, however long the log
 * is; entries may come in any order and with gaps.
 */
export class CoveredTimes {
  /** By the size of each checkpoint: the last entry between the checkpoint before it and this one. */
  private readonly places: { readonly seq: number; last: Pick<Entry, "seq" | "at"> | null }[];

  constructor(sizes: Iterable<number>) {
    this.places = [...new Set(sizes)].sort((a, b) => a - b).map((seq) => ({ seq, last: null }));
  }

  add({ seq, at }: Pick<Entry, "seq" | "at">): void {
    const place = this.places[countUpTo(this.places, seq - 1)];
    if (place && seq > (place.last?.seq ?? 0)) place.last = { seq, at };
  }

  /** Null if no such entry is known. */
  lastAt(size: number): string | null {
    const covered = this.places.slice(0, countUpTo(this.places, size));
    return covered.findLast(({ last }) => last !== null)?.last?.at ?? null;
  }
}

/** Collects what a log says about its own checkpoints, entry by entry. Skips what does not follow the schema. */
export class FactCollector {
  private vaultId: string | null = null;
  private readonly ofKeys: Entry[] = [];
  private readonly tokens: TokenEntry[] = [];
  private readonly witnesses: WitnessEntry[] = [];

  add(entry: Entry): void {
    const { seq, event, body } = entry;
    if (event === "vault-created" && seq === 1) this.vaultId = textOf(body.vault_id);
    if (event === "vault-created" || event === "key-rotated") this.ofKeys.push(entry);
    if (event === "token") this.tokens.push(...tokenOf(seq, body));
    if (event === "witness-added") this.witnesses.push(...witnessOf(seq, body));
  }

  /** Everything except the tree, which only a holder of all lines knows, and the times of entries. */
  facts(): CollectedFacts {
    return {
      origin: originOf(this.vaultId ?? ""),
      keys: keyHistory(this.ofKeys),
      tokens: this.tokens,
      witnesses: this.witnesses,
    };
  }
}

interface NamedFile {
  readonly checkpoint: number;
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

function fileOf({ checkpoint, path, bytes, sha256 }: JsonObject): NamedFile | null {
  const fits =
    typeof checkpoint === "number" &&
    checkpoint >= 1 &&
    typeof path === "string" &&
    typeof bytes === "number" &&
    typeof sha256 === "string";
  return fits ? { checkpoint, path, bytes, sha256 } : null;
}

function tokenOf(seq: number, body: JsonObject): readonly TokenEntry[] {
  const file = fileOf(body);
  const authority = textOf(body.authority);
  if (file === null || authority === null) return [];
  const [gen_time, policy, serial] = [body.gen_time, body.policy, body.serial].map(textOf);
  return [
    { seq, ...file, authority, gen_time: gen_time ?? null, policy: policy ?? null, serial: serial ?? null },
  ];
}

function witnessOf(seq: number, body: JsonObject): readonly WitnessEntry[] {
  const file = fileOf(body);
  const public_key = textOf(body.public_key);
  return file === null || public_key === null ? [] : [{ seq, ...file, public_key }];
}

/** A file as it lies there. Nothing in it is trusted. */
export interface FoundFile {
  /** Relative to the vault or package, with forward slashes. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

export interface FoundToken extends FoundFile {
  /** By the file's name: authority or calendar. */
  readonly authority: string;
  /** By the file's name: `.tsr`, or `.ots` and `.complete.ots`. */
  readonly kind: "rfc3161" | "opentimestamps";
}

/** Everything that lies under one checkpoint's number, with or without the checkpoint itself. */
export interface FoundCheckpoint {
  /** The number in the names of the files. */
  readonly size: number;
  /** Path of the checkpoint, even if it is missing. */
  readonly path: string;
  readonly body: Uint8Array | null;
  readonly signature: FoundFile | null;
  /** Packages only: checkpoint and signature, one after the other. */
  readonly signed: FoundFile | null;
  readonly tokens: readonly FoundToken[];
  readonly witnesses: readonly FoundFile[];
}

/** A `token` entry, as far as it is compared. What does not follow `entry.schema.json` is left out. */
export interface TokenEntry {
  readonly seq: number;
  readonly checkpoint: number;
  readonly authority: string;
  /** As in the entry: `log/…`, also in a package. */
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly gen_time: string | null;
  readonly policy: string | null;
  readonly serial: string | null;
}

/** A `witness-added` entry. */
export interface WitnessEntry {
  readonly seq: number;
  readonly checkpoint: number;
  readonly public_key: string;
  /** As in the entry: `log/…`. */
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** What the log says about its checkpoints. */
export interface LogFacts {
  readonly origin: string;
  /** Root over the first `size` lines; null if it cannot be known: a package has proofs instead of lines. */
  readonly rootAt: (size: number) => Uint8Array | null;
  /** Number of lines; null if it cannot be known. */
  readonly entries: number | null;
  /** `at` of the last of the first `size` entries, as far as they are known; null if none of them is. */
  readonly lastAt: (size: number) => string | null;
  readonly keys: readonly KeyPeriod[];
  readonly tokens: readonly TokenEntry[];
  readonly witnesses: readonly WitnessEntry[];
}

/** What the checker brought along from elsewhere. */
export interface Trust {
  /** `--signers`; null if none were named. */
  readonly signers: readonly AllowedSigner[] | null;
  /** Root certificates in PEM. */
  readonly roots: readonly string[];
  /** Whether the checker named `roots` (`--tsa-ca`). */
  readonly rootsNamed: boolean;
}

/** What a result rests on, for the checker to compare with what they got from elsewhere. */
export interface RestsOn {
  /** Keys of good signatures over checkpoints; `from` and `until` are the log's word, null if it has none. */
  readonly keys: readonly {
    readonly fingerprint: string;
    readonly from: string | null;
    readonly until: string | null;
    /** Who says that this key may sign: the log itself, or the signers that the checker named. */
    readonly source: "log" | "signers";
  }[];
  /** Tokens that are good in themselves; `trusted` says whether they lead to a root that the checker named. */
  readonly authorities: readonly {
    readonly authority: string;
    /** Size of the checkpoint. */
    readonly checkpoint: number;
    readonly gen_time: string;
    readonly signer: string;
    readonly signer_sha256: string;
    readonly root: string | null;
    readonly trusted: boolean;
  }[];
  readonly witnesses: readonly { readonly fingerprint: string; readonly checkpoint: number }[];
}

export const restsOnNothing: RestsOn = { keys: [], authorities: [], witnesses: [] };
