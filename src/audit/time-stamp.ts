import type { TSTInfo } from "pkijs";
import { hex } from "./bytes.js";
import { sha256 } from "./digest.js";
import { demand, FormatError } from "./finding.js";
import {
  buildChain,
  type Chain,
  findSignerFault,
  isNamed,
  isSelfIssued,
  nameOf,
  readCertificate,
  type StampCertificate,
  wasValidThroughout,
} from "./time-stamp-certificate.js";
import { integerOf, type ReadToken, readTimeStampResponse } from "./time-stamp-reader.js";
import { checkTokenSignature } from "./time-stamp-signature.js";

/** The checked statements of a time-stamp (FORMAT.md §15). */
export interface TimeStamp {
  /** UTC with milliseconds; finer digits are cut. */
  readonly genTime: string;
  /** OID of the policy it was made under. */
  readonly policy: string;
  /** Decimal text. */
  readonly serial: string;
  /** Null if it states none. Rounded up. */
  readonly accuracyMs: number | null;
  /** Decimal text, to be compared with `nonceText` of the request; null if it has none. */
  readonly nonce: string | null;
  /** SHA-256 of the certificate that signed it. */
  readonly signerSha256: string;
  /** That certificate's name. Foreign text, at most 200 characters. */
  readonly signerName: string;
  /** DER, the signer's first, as far as it is known. */
  readonly chain: readonly Uint8Array[];
  readonly root: {
    /** Whether the chain ends in one of the given roots. */
    readonly trusted: boolean;
    /** Name of the root, trusted or not; null if the chain ends before one. */
    readonly name: string | null;
  };
  /** `cms` if `openssl ts` cannot read it, and `openssl cms` can. */
  readonly form: "pkcs7" | "cms";
}

export type TimeStampCheck =
  | { readonly timeStamp: TimeStamp }
  | {
      readonly code: "token-malformed" | "token-imprint" | "token-signature" | "token-expired";
      readonly message: string;
    };

/**
 * Checks the whole response of a time-stamping authority over `signed` (FORMAT.md §15) as of the time it states, never
 * as of now. `roots` are trusted certificates in PEM, each text one or more. A chain that does not end in one of them is
 * not a failure here: `root.trusted` is false. The response may come from anybody; nothing is thrown for it.
 */
export function checkTimeStamp(
  response: Uint8Array,
  signed: Uint8Array,
  roots: readonly string[],
): TimeStampCheck {
  try {
    return { timeStamp: check(response, signed, roots) };
  } catch (error) {
    const code = error instanceof FormatError ? error.code : "";
    const message = error instanceof FormatError ? error.message : "it is not in the form of RFC 3161";
    const known = code === "token-imprint" || code === "token-signature" || code === "token-expired";
    return { code: known ? code : "token-malformed", message };
  }
}

function check(response: Uint8Array, signed: Uint8Array, roots: readonly string[]): TimeStamp {
  const token = readTimeStampResponse(response);
  const { info, genTime, authority } = token;
  checkImprint(info, signed);
  const pool = token.certificates.map(readCertificate).filter((one) => one !== null);
  const signer = checkTokenSignature(token, pool);
  const fault = findSignerFault(signer);
  if (fault !== null) throw new FormatError("token-signature", fault);
  if (authority !== null && !isNamed(signer, authority)) {
    throw new FormatError("token-signature", "it names another authority than its certificate");
  }
  const chain = buildChain(signer, pool, roots, genTime);
  const wasValid = wasValidThroughout(chain, genTime);
  demand(wasValid, "token-expired", "a certificate of its chain was not valid at the time it states");
  const form = token.isPkcs7 ? "pkcs7" : "cms";
  return { ...statementsOf(token), ...signedBy(signer, chain), form };
}

const sha256Oid = "2.16.840.1.101.3.4.2.1";

function checkImprint(
  { messageImprint: { hashAlgorithm, hashedMessage } }: TSTInfo,
  signed: Uint8Array,
): void {
  const stated = hex(new Uint8Array(hashedMessage.getValue()));
  const isOver = hashAlgorithm.algorithmId === sha256Oid && stated === sha256(signed);
  demand(isOver, "token-imprint", "it is over other bytes than this signed checkpoint");
}

function statementsOf({ info, genTime, accuracyMs }: ReadToken) {
  return {
    genTime,
    policy: info.policy,
    serial: String(integerOf(info.serialNumber)),
    accuracyMs,
    nonce: info.nonce === undefined ? null : String(integerOf(info.nonce)),
  };
}

function signedBy(signer: StampCertificate, { certificates, trusted }: Chain) {
  const last = certificates.at(-1) ?? signer;
  return {
    signerSha256: sha256(signer.der),
    signerName: nameOf(signer),
    chain: certificates.map(({ der }) => der),
    root: { trusted, name: trusted || isSelfIssued(last) ? nameOf(last) : null },
  };
}
