import type { DecodeCheck, TransferCheck } from "./record.js";

/**
 * Puts the judgement of the transfer and of the strict decode together (FORMAT.md §5.3). A length that was announced
 * and received decides; where none was announced, a clip that decodes cleanly to its announced end is whole and one
 * that does not is incomplete. A whole clip may still be damaged: then it arrived damaged.
 */
export function judgeCompleteness(transfer: TransferCheck, decodes: readonly DecodeCheck[]): TransferCheck {
  const grounds = [
    ...transfer.grounds,
    ...decodes.flatMap((decode) => decode.grounds.map((ground) => `${decode.original}: ${ground}`)),
  ];
  if (transfer.verdict !== "unknown") return { verdict: transfer.verdict, grounds };
  if (decodes.some((decode) => decode.verdict === "damaged")) return { verdict: "incomplete", grounds };
  const sound = decodes.length > 0 && decodes.every((decode) => decode.verdict === "sound");
  return { verdict: sound ? "whole" : "unknown", grounds };
}
