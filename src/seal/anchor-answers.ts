import { sha256 } from "../audit/digest.js";
import { FormatError } from "../audit/finding.js";
import type { TimeStamp } from "../audit/time-stamp.js";
import { printable } from "../core/words/printable.js";
import { askAuthority, askCalendar, submitToCalendar } from "../tools/network/authority.js";
import type { SmallAnswer, WayOut } from "../tools/network/guarded-request.js";
import type { Authority, Calendar } from "../vault/settings.js";
import type { TokenFacts } from "../vault/token-files.js";
import { platformRoots } from "../verify/trust.js";
import type { World } from "../world.js";

/** A token that was checked, or why there is none. */
export type Answer =
  | { readonly bytes: Buffer; readonly facts: TokenFacts }
  | { readonly reason: string; readonly retryAfter: string | null };

/**
 * Asks an RFC 3161 authority about the signed checkpoint and checks its answer as FORMAT.md §15 says on receipt: what
 * `checkTimeStamp` checks, nonce, policy, and that the chain ends in a root of the settings, or else of Node.js.
 */
export async function stampByAuthority(
  authority: Authority,
  signed: Buffer,
  world: Pick<World, "now" | "random">,
  way: WayOut,
): Promise<Answer> {
  // Loading ASN.1 takes longer than most commands: only whoever asks pays for it.
  const { encodeTimeStampRequest, nonceText } = await import("./time-stamp-request.js");
  const nonce = world.random(8);
  const digest = Buffer.from(sha256(signed), "hex");
  const asked = encodeTimeStampRequest(digest, nonce, authority.policy ?? null);
  const answer = await askAuthority(authority.url, asked, way);
  if (!("body" in answer)) return refusedAnswer(answer);
  const received = world.now();
  const { checkTimeStamp } = await import("../audit/time-stamp.js");
  const check = await checkTimeStamp(answer.body, signed, authority.roots ?? platformRoots);
  if (!("timeStamp" in check)) return refused(await wordsFor(check, answer.body));
  const wrong = differenceToRequest(check.timeStamp, authority, nonceText(nonce));
  if (wrong !== null) return refused(wrong);
  return { bytes: answer.body, facts: factsOf(check.timeStamp, received) };
}

async function wordsFor(
  check: { readonly code: string; readonly message: string },
  body: Buffer,
): Promise<string> {
  if (check.code === "token-imprint") return "answered for other bytes than it was asked about";
  const { readRefusal } = await import("../audit/time-stamp-reader.js");
  try {
    const refusal = readRefusal(body);
    if (refusal !== null) return `refused: ${printable(refusal, 200)}`;
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
  }
  return `its answer does not hold: ${check.message}`;
}

function differenceToRequest(stamp: TimeStamp, { policy }: Authority, nonce: string): string | null {
  if (stamp.nonce !== nonce) return "answered for another request: the nonce is not the one that was sent";
  if (policy !== undefined && stamp.policy !== policy) {
    return `answered under the policy ${printable(stamp.policy, 100)} instead of the one that was asked for`;
  }
  if (stamp.root.trusted) return null;
  const end = stamp.root.name === null ? "" : `: ${printable(stamp.root.name, 100)}`;
  return `its certificates do not lead to a root that is trusted here${end}`;
}

function factsOf(stamp: TimeStamp, received: Date): TokenFacts {
  return {
    status: "granted",
    gen_time: stamp.genTime,
    accuracy_ms: stamp.accuracyMs,
    policy: stamp.policy,
    serial: stamp.serial,
    signer_sha256: stamp.signerSha256,
    clock_difference_ms: Date.parse(stamp.genTime) - received.getTime(),
    height: null,
  };
}

/** Hands the signed checkpoint's digest to an OpenTimestamps calendar, blinded by a random nonce. */
export async function promiseByCalendar(
  calendar: Calendar,
  signed: Buffer,
  world: Pick<World, "random">,
  way: WayOut,
): Promise<Answer> {
  const proofs = await import("../audit/open-timestamps.js");
  const digest = Buffer.from(sha256(signed), "hex");
  const nonce = world.random(16);
  const answer = await submitToCalendar(calendar.url, proofs.stampCommitment(digest, nonce), way);
  if (!("body" in answer)) return refusedAnswer(answer);
  return orRefused(() => {
    const bytes = proofs.proofFromAnswer(digest, nonce, answer.body);
    return { bytes, facts: factsOfProof(proofs.readProof(bytes, digest).bitcoin[0]?.height ?? null) };
  });
}

/** Promises of one proof that are asked about in one go. */
const promisesAtOnce = 3;

/**
 * Asks the calendars that a pending proof names what has become of their promise. The proof says where to ask: whoever
 * wrote it could name any address, which is why this goes through the guard as everything does. `url` is the one that
 * had the answer.
 */
export async function completeProof(
  file: Buffer,
  signed: Buffer,
  way: WayOut,
): Promise<Answer & { readonly url?: string }> {
  const proofs = await import("../audit/open-timestamps.js");
  const digest = Buffer.from(sha256(signed), "hex");
  let last: Answer = refused("its promise is still open");
  try {
    for (const { url, commitment } of proofs.openPromises(file, digest).slice(0, promisesAtOnce)) {
      const answer = await askCalendar(url, commitment, way);
      if (answer === null) continue;
      if (!("body" in answer)) last = refusedAnswer(answer);
      else {
        const bytes = proofs.upgradeProof(file, digest, commitment, answer.body);
        const height = proofs.readProof(bytes, digest).bitcoin[0]?.height;
        if (height !== undefined) return { bytes, facts: factsOfProof(height), url };
      }
    }
    return last;
  } catch (error) {
    if (error instanceof FormatError) return refused(`its proof does not hold: ${error.message}`);
    throw error;
  }
}

function factsOfProof(height: number | null): TokenFacts {
  return {
    status: height === null ? "pending" : "complete",
    gen_time: null,
    accuracy_ms: null,
    policy: null,
    serial: null,
    signer_sha256: null,
    clock_difference_ms: null,
    height,
  };
}

function orRefused(read: () => Answer): Answer {
  try {
    return read();
  } catch (error) {
    if (error instanceof FormatError) return refused(`its answer does not hold: ${error.message}`);
    throw error;
  }
}

function refusedAnswer({ problem, retryAfter }: Extract<SmallAnswer, { problem: string }>): Answer {
  return { reason: problem, retryAfter };
}

function refused(reason: string): Answer {
  return { reason, retryAfter: null };
}
