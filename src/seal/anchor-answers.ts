import { sha256 } from "../audit/digest.js";
import { FormatError } from "../audit/finding.js";
import type { TimeStamp } from "../audit/time-stamp.js";
import { printable } from "../core/words/printable.js";
import { askAuthority, askCalendar, submitToCalendar } from "../tools/network/authority.js";
import type { Egress, SmallAnswer } from "../tools/network/guarded-request.js";
import type { Authority, Calendar } from "../vault/settings.js";
import type { TokenFacts } from "../vault/token-files.js";
import { rootsFor } from "../verify/trust.js";
import type { World } from "../world.js";

/** A checked token, or the reason why there is none. */
export type Answer =
  | { readonly bytes: Buffer; readonly facts: TokenFacts }
  | { readonly reason: string; readonly retryAfter: string | null };

/**
 * Asks an RFC 3161 authority to time-stamp the signed checkpoint and checks the answer on receipt (FORMAT.md §15): what
 * `checkTimeStamp` checks, the nonce, the policy, and that the chain ends in a root from the settings or, if they name
 * none, from Node.js.
 */
export async function stampByAuthority(
  authority: Authority,
  signed: Uint8Array,
  world: Pick<World, "now" | "random">,
  egress: Egress,
): Promise<Answer> {
  // Loading the ASN.1 library takes longer than most commands run, so only a request loads it.
  const { encodeTimeStampRequest, nonceText } = await import("./time-stamp-request.js");
  const nonce = world.random(8);
  const digest = Buffer.from(sha256(signed), "hex");
  const asked = encodeTimeStampRequest(digest, nonce, authority.policy ?? null);
  const answer = await askAuthority(authority.url, asked, egress);
  if (!("body" in answer)) return refusedAnswer(answer);
  const received = world.now();
  const { checkTimeStamp } = await import("../audit/time-stamp.js");
  const check = checkTimeStamp(answer.body, signed, rootsFor(authority.roots));
  if (!("timeStamp" in check)) return refused(await wordsFor(check, answer.body));
  const wrong = differenceToRequest(check.timeStamp, authority, nonceText(nonce));
  if (wrong !== null) return refused(wrong);
  return { bytes: answer.body, facts: factsOf(check.timeStamp, received) };
}

async function wordsFor(
  check: { readonly code: string; readonly message: string },
  body: Buffer,
): Promise<string> {
  if (check.code === "token-imprint") return "its time-stamp is for other bytes than the ones sent";
  const { readRefusal } = await import("./time-stamp-request.js");
  try {
    const refusal = readRefusal(body);
    if (refusal !== null) return `refused: ${printable(refusal, 200)}`;
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
  }
  return `its answer is not valid: ${check.message}`;
}

function differenceToRequest(stamp: TimeStamp, { policy }: Authority, nonce: string): string | null {
  if (stamp.nonce !== nonce) return "answered another request: the nonce is not the one sent";
  if (policy !== undefined && stamp.policy !== policy) {
    return `used the policy ${printable(stamp.policy, 100)} instead of the one requested`;
  }
  if (stamp.root.trusted) return null;
  const end = stamp.root.name === null ? "" : `: ${printable(stamp.root.name, 100)}`;
  return `its certificates do not lead to a trusted root${end}`;
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
    ...(stamp.form === "cms" ? { form: stamp.form } : {}),
  };
}

/** Submits the digest of the signed checkpoint to an OpenTimestamps calendar, blinded by a random nonce. */
export async function promiseByCalendar(
  calendar: Calendar,
  signed: Uint8Array,
  world: Pick<World, "random">,
  egress: Egress,
): Promise<Answer> {
  const proofs = await import("./calendar-proof.js");
  const { readProof } = await import("../audit/open-timestamps.js");
  const digest = Buffer.from(sha256(signed), "hex");
  const nonce = world.random(16);
  const answer = await submitToCalendar(calendar.url, proofs.stampCommitment(digest, nonce), egress);
  if (!("body" in answer)) return refusedAnswer(answer);
  return orRefused(() => {
    const bytes = proofs.proofFromAnswer(digest, nonce, answer.body);
    return { bytes, facts: factsOfProof(readProof(bytes, digest).bitcoin[0]?.height ?? null) };
  });
}

/** The most promises of one proof to ask about at once. */
const promisesAtOnce = 3;

/**
 * Asks the calendars named in a pending proof whether they have kept their promise. Whoever wrote the proof chose these
 * addresses, so the requests go through the egress guard. `url` is the calendar that answered.
 */
export async function completeProof(
  file: Buffer,
  signed: Uint8Array,
  egress: Egress,
): Promise<Answer & { readonly url?: string }> {
  const proofs = await import("./calendar-proof.js");
  const { readProof } = await import("../audit/open-timestamps.js");
  const digest = Buffer.from(sha256(signed), "hex");
  let last: Answer = refused("the calendar has not completed the proof yet");
  try {
    for (const { url, commitment } of proofs.openPromises(file, digest).slice(0, promisesAtOnce)) {
      const answer = await askCalendar(url, commitment, egress);
      if (answer === null) continue;
      if (!("body" in answer)) last = refusedAnswer(answer);
      else {
        const bytes = proofs.upgradeProof(file, digest, commitment, answer.body);
        const height = readProof(bytes, digest).bitcoin[0]?.height;
        if (height !== undefined) return { bytes, facts: factsOfProof(height), url };
      }
    }
    return last;
  } catch (error) {
    if (error instanceof FormatError) return refused(`its proof is not valid: ${error.message}`);
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
    if (error instanceof FormatError) return refused(`its answer is not valid: ${error.message}`);
    throw error;
  }
}

function refusedAnswer({ problem, retryAfter }: Extract<SmallAnswer, { problem: string }>): Answer {
  return { reason: problem, retryAfter };
}

function refused(reason: string): Answer {
  return { reason, retryAfter: null };
}
