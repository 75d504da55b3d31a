import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { toolsFolder } from "../../src/tools/run/programs.js";

/**
 * A copy of the tools folder below `folder`, whose yt-dlp asks a site on loopback whatever host it is given: the extractors
 * of the platforms then read pages of ours, whichever of its handlers asks. The host that was meant stands in the Host header. Nothing else is changed,
 * and no name is looked up.
 */
export function mappedTools(folder: string, site: string): string {
  const own = toolsFolder({ ...process.env, HOME: homedir() });
  const from = join(own, "yt-dlp");
  const tools = join(folder, "tools");
  const to = join(tools, "yt-dlp");
  mkdirSync(tools, { recursive: true });
  cpSync(from, to, { recursive: true, verbatimSymlinks: true });
  if (existsSync(join(own, "node"))) symlinkSync(join(own, "node"), join(tools, "node"));
  const script = join(to, "bin", "yt-dlp");
  writeFileSync(script, readFileSync(script, "utf8").replace(/^#!.*\n/, `#!${join(to, "bin", "python3")}\n`));
  const library = join(to, "lib", pythonOf(to), "site-packages/yt_dlp/networking/common.py");
  writeFileSync(library, `${readFileSync(library, "utf8")}\n${mapping(site)}`);
  return tools;
}

function pythonOf(environment: string): string {
  const version = /^version = (\d+\.\d+)/m.exec(readFileSync(join(environment, "pyvenv.cfg"), "utf8"))?.[1];
  if (version === undefined) throw new Error(`${realpathSync(environment)} is no Python environment`);
  return `python${version}`;
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
