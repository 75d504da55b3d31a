import type { TrafficLog } from "../../core/capture/traffic-log.js";
import type { RunResult } from "../run/run-request.js";
import type { Received } from "./received-files.js";
import type { WatchReason } from "./watch.js";

/** Everything a finished run left behind. */
export interface FetchFacts {
  readonly run: RunResult;
  /** What the watchdog saw, if it ended the run. */
  readonly watchdog: WatchReason | null;
  readonly argv: readonly string[];
  readonly received: Received;
  readonly log: TrafficLog;
}
