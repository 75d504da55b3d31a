import type { VideoPacket } from "../../core/media/keyframe-plan.js";
import { ffprobeLimits } from "../run/limits.js";
import { ffprobeReadingOptions, type MediaRun, mediaUrl, runMedia } from "./input.js";

/** Every packet of one stream, in file order. */
export interface PacketScan {
  readonly packets: readonly VideoPacket[];
  readonly run: MediaRun;
}

const longestLine = 200;

/** The command line of `readPackets`. */
export function packetsArgv(media: string, stream: number): readonly string[] {
  return [
    ...ffprobeReadingOptions,
    "-select_streams",
    String(stream),
    "-show_entries",
    "packet=pts,size,flags",
    "-of",
    "csv=print_section=0",
    mediaUrl(media),
  ];
}

/** Lists the packets of one stream without decoding; if the scan ends early, the list holds what was read until then. */
export async function readPackets(request: {
  readonly ffprobe: string;
  readonly media: string;
  readonly stream: number;
  readonly scratch: string;
  readonly signal: AbortSignal;
}): Promise<PacketScan> {
  const packets: VideoPacket[] = [];
  let rest = "";
  const run = await runMedia({
    program: "ffprobe",
    path: request.ffprobe,
    argv: packetsArgv(request.media, request.stream),
    media: [request.media],
    scratch: request.scratch,
    limits: ffprobeLimits,
    signal: request.signal,
    onStdout: (chunk) => {
      const lines = (rest + chunk.toString("latin1")).split("\n");
      // A packet's line is a few dozen characters long; a line without an end is not a packet.
      rest = (lines.pop() ?? "").slice(0, longestLine);
      for (const line of lines) pushPacket(packets, line);
    },
  });
  return { packets, run };
}

/** Reads one line `pts,size,flags`; skips anything else. */
function pushPacket(packets: VideoPacket[], line: string): void {
  const [pts, size, flags] = line.split(",");
  if (flags === undefined) return;
  packets.push({
    pts: timeStamp(pts),
    key: flags.includes("K"),
    discard: flags.includes("D"),
    bytes: Number(size) || 0,
  });
}

function timeStamp(text: string | undefined): number | null {
  const value = Number(text === undefined || text === "" ? Number.NaN : text);
  return Number.isSafeInteger(value) ? value : null;
}
