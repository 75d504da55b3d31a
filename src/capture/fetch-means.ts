import type { FetchMeans } from "../core/capture/rendition-causes.js";
import { installedModules } from "../tools/run/installed-modules.js";
import type { World } from "../world.js";
import type { Resources } from "./resources.js";

/** What a command that fetches has at hand, as far as it decides what a platform gives. */
export function meansOf(
  { downloader, runtime }: Pick<Resources, "downloader" | "runtime">,
  cookies: string | null,
  world: Pick<World, "env">,
): FetchMeans {
  const modules = downloader === null ? [] : installedModules(downloader, world.env);
  return {
    runtime: runtime !== null,
    impersonation: modules.some(
      ({ name, content_sha256 }) => name === "curl-cffi" && content_sha256 !== null,
    ),
    cookies: cookies !== null,
  };
}
