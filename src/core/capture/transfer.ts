import type { Parts } from "./parts.js";
import type { TransferCheck } from "./record.js";

/** The announced and the received size of one piece of media, in bytes. */
export interface PieceTransfer {
  readonly received: number;
  /** What the server announced for it; null if it announced nothing that can be compared. */
  readonly announced: number | null;
}

export interface TrackTransfer extends PieceTransfer {
  /** The logical name, for instance `track-1.mp4`. */
  readonly name: string;
  /** True when the downloader left it unfinished (`.part`). */
  readonly unfinished: boolean;
  /** What shows that several answers carried one file; null if one answer brought it or it is in segments. */
  readonly parts: Exclude<Parts, { readonly kind: "one-answer" }> | null;
  /** For a track in segments: the pieces in order, and how many there should be (null if not announced). */
  readonly segments: { readonly expected: number | null; readonly pieces: readonly PieceTransfer[] } | null;
}

export interface TransferFacts {
  readonly tracks: readonly TrackTransfer[];
  readonly exitCode: number | null;
  /** `exited`, or why holdfast ended the downloader. */
  readonly endedBy: "exited" | keyof typeof endings;
  /** The downloader reported an error. */
  readonly errors: boolean;
  /** A playlist that the downloader followed does not say that the broadcast has ended. */
  readonly unended: boolean;
}

/** Why a downloader was ended before it ended by itself. */
const endings = {
  "not-started": "it could not be started",
  "wall-time": "it took longer than it may",
  "timed-out": "it took longer than it may",
  "output-limit": "it said more than it may",
  aborted: "holdfast was interrupted",
  watchdog: "something went wrong with the transfer",
  "too-large": "the clip is larger than the limit",
  stalled: "the transfer came nearly to a halt",
  "broken-off": "the line dropped, and nothing shows that the rest would be of the same file",
} as const;

/** The ground of a clip that may go on: no length and no decoding shows that such a clip is whole. */
export const oneWindow = "one window of a broadcast: its playlist does not say that the broadcast has ended";

/**
 * Judges from lengths alone whether every track arrived whole. `whole` needs an announced length equal to the
 * received one for every track or every segment, all segments, and a downloader that ended by itself with status 0
 * and no error. Something short makes `incomplete`; nothing announced makes `unknown`. A server can announce any
 * length, so this never says that the media is sound: decoding does, later.
 */
export function judgeTransfer(facts: TransferFacts): TransferCheck {
  const judged = facts.tracks.map(judgeTrack);
  const run = judgeRun(facts);
  const window: TransferCheck = { verdict: "unknown", grounds: [oneWindow] };
  const all = [...judged, run, ...(facts.unended ? [window] : [])];
  if (facts.tracks.length === 0) all.push({ verdict: "incomplete", grounds: ["no media arrived"] });
  const grounds = all.flatMap((one) => one.grounds);
  if (all.some((one) => one.verdict === "incomplete")) return { verdict: "incomplete", grounds };
  if (all.some((one) => one.verdict === "unknown")) return { verdict: "unknown", grounds };
  return { verdict: "whole", grounds };
}

function judgeRun(facts: TransferFacts): TransferCheck {
  if (facts.endedBy !== "exited") {
    return { verdict: "incomplete", grounds: [`the downloader was ended early: ${endings[facts.endedBy]}`] };
  }
  if (facts.exitCode !== 0 || facts.errors) {
    return {
      verdict: "incomplete",
      grounds: [`the downloader reported a failure (exit status ${facts.exitCode})`],
    };
  }
  return { verdict: "whole", grounds: ["the downloader ended with exit status 0 and no error"] };
}

function judgeTrack(track: TrackTransfer): TransferCheck {
  const judged =
    track.segments === null ? withParts(judgePiece(track), track) : judgeSegments(track.name, track.segments);
  if (!track.unfinished) return judged;
  return {
    verdict: "incomplete",
    grounds: [`${track.name}: the downloader left it unfinished`, ...judged.grounds],
  };
}

function judgePiece(track: TrackTransfer): TransferCheck {
  const { name, received, announced } = track;
  if (announced === null) {
    return {
      verdict: "unknown",
      grounds: [`${name}: ${received} bytes received, the server announced no length`],
    };
  }
  if (received === announced) {
    return { verdict: "whole", grounds: [`${name}: ${received} bytes received, as announced`] };
  }
  const verdict = received < announced ? "incomplete" : "unknown";
  return { verdict, grounds: [`${name}: ${received} bytes received, ${announced} announced`] };
}

/** A length says nothing of a file whose parts are not shown to be of one file; the rest of a broken one may be another's. */
function withParts(judged: TransferCheck, { name, parts }: TrackTransfer): TransferCheck {
  if (parts === null) return judged;
  const doubted = parts.resumed ? "incomplete" : "unknown";
  return {
    verdict: parts.kind === "unproven" && judged.verdict === "whole" ? doubted : judged.verdict,
    grounds: [...judged.grounds, `${name}: ${parts.ground}`],
  };
}

function judgeSegments(name: string, segments: NonNullable<TrackTransfer["segments"]>): TransferCheck {
  const { expected, pieces } = segments;
  const short = pieces.filter((piece) => piece.announced !== null && piece.received < piece.announced).length;
  const equal = pieces.filter((piece) => piece.received === piece.announced).length;
  const count = `${name}: ${pieces.length} of ${expected ?? "an unknown number of"} segments received`;
  const lengths = `${name}: ${equal} of ${pieces.length} segments have the length the server announced`;
  const grounds = [count, lengths];
  if (expected !== null && pieces.length < expected) return { verdict: "incomplete", grounds };
  if (short > 0) return { verdict: "incomplete", grounds };
  return { verdict: pieces.length === expected && equal === pieces.length ? "whole" : "unknown", grounds };
}

/**
 * Assigns to each received piece, in order, the answer that announced its length. `offers` are the announced lengths in
 * the order of the answers, which include answers for keys and manifests. A piece that no remaining answer announced
 * gets null: its length is unproven, which does not mean that it is short.
 */
export function matchLengths(received: readonly number[], offers: readonly number[]): (number | null)[] {
  let from = 0;
  return received.map((length) => {
    const at = offers.indexOf(length, from);
    if (at === -1) return null;
    from = at + 1;
    return length;
  });
}
