import { hex, utf8 } from "../../audit/bytes.js";
import { encodeCanonical, type Json } from "../../audit/canonical-json.js";
import { sha256 } from "../../audit/digest.js";
import { inclusionProof, leafHash, merkleRoot } from "../package/merkle-proofs.js";
import type { AnswerFault } from "./answers.js";
import type { FactChange, PostFacts } from "./changes.js";
import type { Channel } from "./signal.js";
import type { Ground, Verdict } from "./verdict.js";

/** One request beside the look-up and what is kept of its answer. */
export interface KeptRequest {
  readonly by: Exclude<Channel, "look-up" | "words">;
  readonly url: string;
  readonly at: string;
  readonly status: number | null;
  readonly fault: AnswerFault | null;
  /** Chosen fields; secrets are cut. */
  readonly headers: Readonly<Record<string, string>>;
  /** Of the body as it is kept, which is cut off at 256 KiB; null where none is. */
  readonly body_sha256: string | null;
}

/** What the downloader said of one post, in its own words where it found no video. */
export interface KeptLookUp {
  readonly found: boolean;
  readonly errors: readonly string[];
  readonly exit_code: number | null;
}

/** One line of `results.jsonl`: one capture in one run. */
export interface Result {
  readonly v: 1;
  readonly capture: string;
  readonly url: string;
  readonly at: string;
  readonly verdict: Verdict;
  readonly confirmed: boolean;
  readonly basis: readonly Ground[];
  readonly changed: readonly FactChange[];
  /** What the post said of itself; null where nothing was found. */
  readonly facts: PostFacts | null;
  readonly look_up: KeptLookUp;
  readonly requests: readonly KeptRequest[];
}

/** What a run comes to: the bytes of `results.jsonl` as text, and what the entry of the run states of them. */
export interface RunResults {
  readonly text: string;
  readonly sha256: string;
  readonly bytes: number;
  /** Of the tree of RFC 6962 over the lines, each with its line feed; 64 hex digits. */
  readonly root: string;
  readonly captures: number;
  /** How many lines have each verdict; those that none has are left out. */
  readonly verdicts: Readonly<Partial<Record<Verdict, number>>>;
}

/** The results of a run in the order given. Throws FormatError for a value that has no canonical form. */
export function resultsOf(results: readonly Result[]): RunResults {
  const lines = results.map(resultLine);
  const text = lines.map((line) => `${line}\n`).join("");
  const verdicts: Partial<Record<Verdict, number>> = {};
  for (const { verdict } of results) verdicts[verdict] = (verdicts[verdict] ?? 0) + 1;
  const bytes = utf8(text);
  return {
    text,
    sha256: sha256(bytes),
    bytes: bytes.length,
    root: hex(merkleRoot(lines.map(leafHash))),
    captures: results.length,
    verdicts,
  };
}

/** The hashes that lead from line `index` (from 0) to the root of the run, so that it can be shown without the others. */
export function resultProof(lines: readonly string[], index: number): readonly string[] {
  return inclusionProof(lines.map(leafHash), index).map(hex);
}

/** A length in seconds may have a fraction, which nothing that is hashed contains: it stands as text. */
function resultLine({ facts, ...rest }: Result): string {
  const kept: Json = facts === null ? null : { ...facts, seconds: decimalOf(facts.seconds) };
  return encodeCanonical({ ...rest, facts: kept });
}

function decimalOf(seconds: number | null): string | null {
  return seconds === null ? null : seconds.toFixed(3);
}
