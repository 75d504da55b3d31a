import { EventEmitter } from "node:events";
import { createRequire } from "node:module";
import type { Progress, YTDlpEventEmitter } from "yt-dlp-wrap";
import type { FetchProgress } from "./download/fetch-types.js";

// The package is CommonJS with a default export, which loaders hand to an import in two different shapes.
const { default: YTDlpWrap }: typeof import("yt-dlp-wrap") = createRequire(import.meta.url)("yt-dlp-wrap");

// A server's text can stand on any other line; the package's pattern is slow on long ones.
const longestLine = 200;

/**
 * Reads yt-dlp's progress lines (written as `yt-dlp-args.ts` asks) out of its stdout, piece by piece, through the
 * parser of the yt-dlp-wrap package. Starting and stopping yt-dlp is not that package's business here.
 */
export function openProgressReader(onProgress: (progress: FetchProgress) => void): (text: string) => void {
  const emitter = new EventEmitter() as YTDlpEventEmitter;
  emitter.on("progress", (progress) => onProgress(readProgress(progress)));
  let rest = "";
  return (text) => {
    const lines = (rest + text).split("\n");
    rest = (lines.pop() ?? "").slice(0, longestLine + 1);
    for (const line of lines) {
      if (line.startsWith("[download] ") && line.length <= longestLine) {
        YTDlpWrap.emitYoutubeDlEvents(line, emitter);
      }
    }
  };
}

function readProgress(progress: Progress): FetchProgress {
  return {
    // Bytes, as `yt-dlp-args.ts` asks; the package calls whatever stands there a percentage.
    done: known(progress.percent) ?? 0,
    total: known(Number(progress.totalSize)),
    speed: known(Number(progress.currentSpeed)),
    etaSeconds: known(Number(progress.eta)),
  };
}

function known(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) && value >= 0 ? Math.round(value) : null;
}
