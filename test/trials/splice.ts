import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Downloader, FetchedTrack, FetchOutcome } from "../../src/tools/download/fetch-types.js";
import type { KeptYtDlp } from "../../src/tools/download/kept-yt-dlp.js";
import { fetchVideo } from "../../src/tools/download/yt-dlp.js";
import type { Figures, Round } from "../soak/rounds.ts";
import { type FaultySite, type Layout, layouts } from "../support/faulty-site.ts";
import type { PieceFault } from "../support/piece-faults.ts";
import { requestFor } from "../support/yt-dlp.ts";

const fault = "another file after a break";

/**
 * A trial in every layout, by a yt-dlp that stays loaded: a piece breaks off at a place of the round, and from then on
 * another file is there. yt-dlp gets the options `further`. It throws for a splice.
 */
export function splices(
  program: Downloader,
  kept: KeptYtDlp,
  site: FaultySite,
  further: readonly string[] = [],
): (round: Round) => Promise<Figures> {
  const fetchOnce = async (address: string, base: string): Promise<FetchOutcome> =>
    fetchVideo(
      requestFor(program, address, base, {
        run: (request) => kept.run({ ...request, argv: [...further, ...request.argv] }),
      }),
    );
  return async ({ random }) => {
    site.faults.set(fault, breakOff(random));
    let [accepted, files] = [0, 0];
    for (const layout of layouts) {
      const base = mkdtempSync(join(tmpdir(), "holdfast-splice-"));
      const address = site.address(layout, fault);
      for (const attempt of [1, 2]) {
        const outcome = await fetchOnce(address, base);
        const tracks = outcome.kind === "failed" ? outcome.partialTracks : [];
        for (const track of outcome.kind === "media" ? outcome.tracks : tracks) {
          refuseSplice(layout, site.pieces(layout), track);
          files += 1;
        }
        // The first may end whole too: a piece of a stream that broke off is asked for anew from its first byte.
        if (attempt === 2 && outcome.kind === "media") accepted += 1;
      }
      rmSync(base, { recursive: true });
    }
    return { attempts: layouts.length * 2, "files kept": files, accepted };
  };
}

/** The other file: of the same length or longer, and in no place equal. */
const otherThan = (body: Buffer) => Buffer.concat([body.map((byte) => byte ^ 0xff), body.subarray(0, 100)]);

function breakOff(random: () => number): PieceFault {
  return (visit, body) => {
    const { socket } = visit.request;
    const etag = random() < 0.5 ? "" : `ETag: "${random() < 0.5 ? "same" : visit.count}"\r\n`;
    if (visit.count === 1) {
      const sent = body.subarray(0, Math.floor(random() * body.length));
      socket.end(
        Buffer.concat([
          Buffer.from(
            `HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\nAccept-Ranges: bytes\r\n${etag}Content-Length: ${body.length}\r\n\r\n`,
          ),
          sent,
        ]),
      );
      return;
    }
    const other = otherThan(body);
    const from = Number(/^bytes=(\d+)-/.exec(visit.request.headers.range ?? "")?.[1] ?? 0);
    const range = from === 0 ? "" : `Content-Range: bytes ${from}-${other.length - 1}/${other.length}\r\n`;
    const status = from === 0 ? "200 OK" : "206 Partial Content";
    const head = `HTTP/1.1 ${status}\r\nContent-Type: video/mp4\r\nAccept-Ranges: bytes\r\n${etag}${range}Content-Length: ${other.length - from}\r\n\r\n`;
    socket.end(Buffer.concat([Buffer.from(head), other.subarray(from)]));
  };
}

/** Each piece must be one file from its first byte on, as far as it goes. */
function refuseSplice(layout: Layout, pieces: readonly Buffer[], track: FetchedTrack): void {
  if (/audio|\.m4a$/.test(track.name)) return;
  const parts = track.segments ?? [track];
  const known = pieces.flatMap((piece) => [piece, otherThan(piece)]);
  for (const part of parts) {
    const bytes = readFileSync(part.path);
    // A manifest brings a first segment without a frame.
    const begins = (whole: Buffer) => whole.subarray(0, bytes.length).equals(bytes);
    if (layout === "dash" && bytes.subarray(4, 8).toString("latin1") === "ftyp") continue;
    if (!known.some(begins)) throw new Error(`${layout}: ${part.path} is of no one file`);
  }
}
