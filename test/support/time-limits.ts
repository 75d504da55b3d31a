import type { FetchOutcome, FetchRequest } from "../../src/tools/download/fetch-types.ts";
import { fetchBounds } from "../../src/tools/run/limits.ts";

interface Downloading {
  readonly fetchVideo: (request: FetchRequest) => Promise<FetchOutcome>;
}

/**
 * A downloader that is held to `--max-time` at the addresses that match `slow` alone: a clip that does come takes as long
 * as a busy machine needs for it.
 */
export function limitedAt<Module extends Downloading>(slow: RegExp, module: Module): Module {
  const { wallMs } = fetchBounds;
  const fetchVideo = (request: FetchRequest) =>
    module.fetchVideo(
      slow.test(request.url) ? request : { ...request, bounds: { ...request.bounds, wallMs } },
    );
  return { ...module, fetchVideo };
}
