import type { CaptureRecord, DecodeCheck, TransferCheck } from "./record.js";
import { oneWindow } from "./transfer.js";

/**
 * Combines the verdicts on the transfer and on the strict decode (FORMAT.md §5.3). A clip that ends before the length
 * it announces did not arrive whole, whatever length the server announced: servers announce wrong ones. If the server
 * announced no length, a damaged clip counts as incomplete, and a clip that decodes cleanly to its end counts as whole.
 * A whole clip may still be damaged: it then arrived damaged, and the grounds say so. One window of a broadcast is never
 * whole: decoding shows nothing of what came before it or after.
 */
export function judgeCompleteness(
  transfer: TransferCheck,
  decodes: readonly DecodeCheck[],
  method: CaptureRecord["method"],
): TransferCheck {
  const decoded = decodes.flatMap((decode) =>
    decode.grounds.map((ground) => `${decode.original}: ${ground}`),
  );
  const grounds = [...transfer.grounds, ...decoded];
  const has = (verdict: DecodeCheck["verdict"]) => decodes.some((decode) => decode.verdict === verdict);
  // An imported file is all there is: whatever it lacks was lost before we received it.
  if (method === "import" || transfer.verdict === "incomplete") return { verdict: transfer.verdict, grounds };
  const isWindow = transfer.grounds.includes(oneWindow);
  if (has("short") || (transfer.verdict === "unknown" && !isWindow && has("damaged")))
    return { verdict: "incomplete", grounds };
  const sound = !isWindow && decodes.length > 0 && decodes.every((decode) => decode.verdict === "sound");
  return { verdict: transfer.verdict === "unknown" && sound ? "whole" : transfer.verdict, grounds };
}
