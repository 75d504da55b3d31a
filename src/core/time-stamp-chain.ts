import {
  hasSigned,
  isSelfIssued,
  mayIssue,
  readPemCertificates,
  type StampCertificate,
  wasValid,
} from "../audit/time-stamp-certificate.js";

/** Certificates from the signer upwards. */
export interface Chain {
  readonly certificates: readonly StampCertificate[];
  /** Whether the last one is one of the roots that were given. */
  readonly trusted: boolean;
}

const maxLength = 8;
/** Whoever made the response decides how many certificates could be each other's issuers. */
const maxChecks = 400;

/**
 * The best chain from `leaf`, over certificates of the response (`pool`) and the roots: one that ends in a root with
 * every certificate valid at `at` before one that ends in a root, and that before the longest there is.
 */
export function buildChain(
  leaf: StampCertificate,
  pool: readonly StampCertificate[],
  roots: readonly string[],
  at: string,
): Chain {
  const anchors = anchorsOf(roots);
  const search: Search = { anchors, pool, checksLeft: maxChecks };
  let best: Chain = { certificates: [leaf], trusted: false };
  for (const chain of chainsFrom([leaf], search)) {
    if (rank(chain, at) > rank(best, at)) best = chain;
    if (chain.trusted && wasValidThroughout(chain, at)) break;
  }
  return best;
}

export function wasValidThroughout({ certificates }: Chain, at: string): boolean {
  return certificates.every((certificate) => wasValid(certificate, at));
}

interface Search {
  readonly anchors: readonly StampCertificate[];
  readonly pool: readonly StampCertificate[];
  checksLeft: number;
}

function rank(chain: Chain, at: string): number {
  if (!chain.trusted) return chain.certificates.length;
  return wasValidThroughout(chain, at) ? 200 : 100;
}

function* chainsFrom(path: readonly StampCertificate[], search: Search): Generator<Chain> {
  const last = path.at(-1);
  if (last === undefined) return;
  if (search.anchors.some(({ der }) => der.equals(last.der))) yield { certificates: path, trusted: true };
  for (const anchor of search.anchors) {
    if (isLink(anchor, path, search)) yield { certificates: [...path, anchor], trusted: true };
  }
  for (const issuer of path.length < maxLength ? search.pool : []) {
    const known = path.some(({ der }) => der.equals(issuer.der));
    if (!known && isLink(issuer, path, search)) yield* chainsFrom([...path, issuer], search);
  }
  yield { certificates: path, trusted: false };
}

/** Whether `issuer` issued the last of `path`; names first, because signatures cost time. */
function isLink(issuer: StampCertificate, path: readonly StampCertificate[], search: Search): boolean {
  const last = path.at(-1);
  if (last === undefined || last.x509.issuer !== issuer.x509.subject || last.der.equals(issuer.der))
    return false;
  // The length of a path is counted without the leaf and without certificates that an authority made for itself.
  const below = path.slice(1).filter((one) => !isSelfIssued(one)).length;
  if (!mayIssue(issuer, below)) return false;
  search.checksLeft -= 1;
  return search.checksLeft >= 0 && hasSigned(issuer, last);
}

const known = new WeakMap<readonly string[], readonly StampCertificate[]>();

/** Reading some hundred roots takes longer than checking a token: a list that was read is remembered. */
function anchorsOf(roots: readonly string[]): readonly StampCertificate[] {
  const anchors = known.get(roots) ?? readPemCertificates(roots);
  known.set(roots, anchors);
  return anchors;
}
