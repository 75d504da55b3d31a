import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { copyEnvironment, ownTools, packageOf } from "./copied-tools.js";

/**
 * A copy of the tools folder below `folder`, whose yt-dlp asks a site on loopback whatever host it is given: the extractors
 * of the platforms then read pages of ours, whichever of its handlers asks. The host that was meant stands in the Host
 * header. Nothing else is changed, and no name is looked up.
 */
export function mappedTools(folder: string, site: string): string {
  const tools = join(folder, "tools");
  const environment = join(tools, "yt-dlp");
  mkdirSync(tools, { recursive: true });
  copyEnvironment(environment);
  const runtime = join(ownTools(), "node");
  if (existsSync(runtime)) symlinkSync(runtime, join(tools, "node"));
  const library = join(packageOf(environment, "yt_dlp"), "networking/common.py");
  writeFileSync(library, `${readFileSync(library, "utf8")}\n${mapping(site)}`);
  return tools;
}

const mapping = (site: string) => `
_ask = RequestDirector.send


def _ask_mapped(self, request):
    from urllib.parse import urlsplit
    asked = request.url
    parts = urlsplit(asked)
    if parts.hostname == '127.0.0.1':
        return _ask(self, request)
    request = request.copy()
    request.headers['Host'] = parts.netloc
    request.url = '${site}' + asked[asked.index(parts.netloc) + len(parts.netloc):]
    response = _ask(self, request)
    response.url = asked
    return response


RequestDirector.send = _ask_mapped
`;
