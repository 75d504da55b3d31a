import type { DecodeCheck, TransferCheck } from "./record.js";

/**
 * Puts the judgement of the transfer and of the strict decode together (FORMAT.md §5.3). A clip that ends before its
 * announced length did not arrive whole, whatever length the server announced: servers announce wrong ones. Where no
 * length was announced, a damaged clip counts as incomplete and one that decodes cleanly to its end as whole. A whole
 * clip may still be damaged: then it arrived damaged, and that is said.
 */
export function judgeCompleteness(
  transfer: TransferCheck,
  decodes: readonly DecodeCheck[],
  method: "ytdlp" | "import",
): TransferCheck {
  const decoded = decodes.flatMap((decode) =>
    decode.grounds.map((ground) => `${decode.original}: ${ground}`),
  );
  const grounds = [...transfer.grounds, ...decoded];
  const has = (verdict: DecodeCheck["verdict"]) => decodes.some((decode) => decode.verdict === verdict);
  // An imported file is all there is: what it lacks was lost before anybody gave it to us.
  if (method === "import" || transfer.verdict === "incomplete") return { verdict: transfer.verdict, grounds };
  if (has("short") || (transfer.verdict === "unknown" && has("damaged")))
    return { verdict: "incomplete", grounds };
  const sound = decodes.length > 0 && decodes.every((decode) => decode.verdict === "sound");
  return { verdict: transfer.verdict === "unknown" && sound ? "whole" : transfer.verdict, grounds };
}
