import type { LogFacts, TokenEntry, WitnessEntry } from "./checkpoints.js";
import type { Json, JsonObject } from "./canonical-json.js";
import { originOf } from "./checkpoint.js";
import type { Entry } from "./entry.js";
import { keyHistory } from "./key-history.js";

/** What entries say about checkpoints that bear on them, each for itself. */
export type CollectedFacts = Pick<LogFacts, "origin" | "keys" | "tokens" | "witnesses">;

/**
 * `at` of the last entry that each of some checkpoints covers. Keeps one time for each checkpoint, however long the log
 * is; entries may come in any order and with gaps.
 */
export class CoveredTimes {
  private readonly sizes: readonly number[];
  /** By place in `sizes`: the last entry between the checkpoint before it and this one. */
  private readonly lasts: ({ readonly seq: number; readonly at: string } | null)[];

  constructor(sizes: Iterable<number>) {
    this.sizes = [...new Set(sizes)].sort((a, b) => a - b);
    this.lasts = this.sizes.map(() => null);
  }

  add({ seq, at }: Pick<Entry, "seq" | "at">): void {
    const place = this.firstFrom(seq);
    if (place < this.sizes.length && seq > (this.lasts[place]?.seq ?? 0)) this.lasts[place] = { seq, at };
  }

  /** Null where no such entry is known. */
  lastAt(size: number): string | null {
    const end = this.firstFrom(size + 1);
    return this.lasts.slice(0, end).findLast((last) => last !== null)?.at ?? null;
  }

  /** Place of the smallest size that is not below this number. */
  private firstFrom(number: number): number {
    let [low, high] = [0, this.sizes.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.sizes[middle] ?? 0) < number) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Collects what a log says about its own checkpoints, entry by entry. What is not as the schema has it is passed over. */
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

  /** Everything but the tree, which only whoever has all lines knows, and the times of entries. */
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

function textOf(value: Json | undefined): string | null {
  return typeof value === "string" ? value : null;
}
