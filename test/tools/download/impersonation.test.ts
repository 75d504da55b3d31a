import { readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { keptWords } from "../../../src/core/capture/downloader-words.js";
import type { Downloader, FetchOutcome, RunDownloader } from "../../../src/tools/download/fetch-types.js";
import { type KeptYtDlp, openKeptYtDlp } from "../../../src/tools/download/kept-yt-dlp.js";
import { fetchVideo } from "../../../src/tools/download/yt-dlp.js";
import { ytDlpJailState } from "../../../src/tools/download/yt-dlp-jail.js";
import { openEgressGuard } from "../../../src/tools/network/egress-guard.js";
import { run } from "../../../src/tools/run/run.js";
import { canCopyTools } from "../../support/copied-tools.js";
import { mappedTools } from "../../support/mapped-downloader.js";
import { openSite, type Site } from "../../support/site.js";
import { makeSiteClips } from "../../support/site-clips.js";
import { canImpersonate, requestFor, scratchFolder, testDownloader } from "../../support/yt-dlp.js";

const downloader = await testDownloader();
const imitates = downloader !== null && canImpersonate(downloader);

const secrets = ["of-the-account", "of-the-visitor"];
const cookies = `# Netscape HTTP Cookie File\n127.0.0.1\tFALSE\t/\tFALSE\t2000000000\tsid\t${secrets[0]}\n`;

describe.skipIf(!imitates)("requests that imitate a browser", () => {
  const program = downloader as Downloader;
  const { folder, clean } = scratchFolder();
  let site: Site;
  let kept: KeptYtDlp;

  beforeAll(async () => {
    const clips = join(folder, "clips");
    makeSiteClips(clips);
    kept = openKeptYtDlp(program);
    site = await openSite({
      clips,
      routes: {
        "/moved": ({ response }) => {
          const headers = { Location: "/page", "Set-Cookie": `visit=${secrets[1]}; Path=/` };
          response.writeHead(302, headers).end();
        },
        "/page": ({ response, site: at }) => {
          response.setHeader("content-type", "text/html");
          response.end(`<html><body><video src="${at}/clips/clip.mp4"></video></body></html>`);
        },
        "/elsewhere": ({ response }) => {
          response.setHeader("content-type", "text/html");
          response.end('<html><body><video src="/clips/clip.mp4"></video></body></html>');
        },
      },
    });
  });
  afterAll(async () => {
    await kept.close();
    await site.close();
    clean();
  });

  /** One fetch through the guard, in a jail where there is one, by a yt-dlp that gets one more option. */
  async function fetchAs(option: string, runIt: RunDownloader) {
    const state = await ytDlpJailState(program.path, homedir());
    const guard = await openEgressGuard(
      { allowPrivate: true, upstream: null },
      state.works ? "doors" : "loopback",
    );
    const cookiesFile = join(folder, `${option.slice(2, 10)}.txt`);
    writeFileSync(cookiesFile, cookies);
    const asked = requestFor(program, `${site.url}/moved`, folder, {
      proxy: guard.url,
      jail: state.works ? { ...state.places, receive: guard.receive } : null,
      cookiesFile,
      run: (request) => runIt({ ...request, argv: [option, ...request.argv] }),
    });
    const outcome = await fetchVideo(asked);
    await guard.close();
    return { outcome, password: new URL(guard.url).password };
  }

  const asked = ({ exchanges }: FetchOutcome) =>
    exchanges.map(({ method, url, status, content_length }) => [
      method,
      url.slice(site.url.length),
      status,
      url.endsWith(".mp4") ? content_length : null,
    ]);

  it.each([
    ["one whole run", "--impersonate=chrome", () => run],
    ["the page alone", "--extractor-args=generic:impersonate", () => kept.run],
  ] as const)("stand in the record with what was answered: %s", async (_, option, how) => {
    const { outcome, password } = await fetchAs(option, how());
    expect(outcome.kind, outcome.run.stderr.toString()).toBe("media");
    const length = readFileSync(join(folder, "clips", "clip.mp4")).length;
    expect(asked(outcome)).toEqual(
      expect.arrayContaining([
        ["GET", "/moved", 302, null],
        ["GET", "/page", 200, null],
        ["GET", "/clips/clip.mp4", 200, length],
      ]),
    );
    expect(outcome.transfer.verdict).toBe("whole");
    expect(outcome.redirects).toEqual([`${site.url}/moved`, `${site.url}/page`]);
    expect(outcome.exchanges[0]?.location).toBe("/page");
    const said = outcome.run.stderr.toString();
    const proof = Buffer.from(`holdfast:${password}`).toString("base64");
    for (const secret of [...secrets, proof]) expect(said).toContain(secret);
    const words = Buffer.from(keptWords(outcome.run.stderr, [password])).toString();
    expect(words).toMatch(/^> GET http/m);
    for (const secret of [...secrets, proof, password]) {
      expect(words).not.toContain(secret);
      expect(JSON.stringify(outcome.exchanges)).not.toContain(secret);
    }
  });

  it.skipIf(!canCopyTools)(
    "come to the site of the tests like those of the other handler, whatever host is meant",
    async () => {
      const tools = mappedTools(folder, site.url);
      const mapped = { ...program, path: join(tools, "yt-dlp", "bin", "yt-dlp") };
      const askedBy = async (...options: readonly string[]) => {
        const seen = site.requests.length;
        const outcome = await fetchVideo(
          requestFor(mapped, "http://clips.example/elsewhere", folder, {
            run: (request) => run({ ...request, argv: [...options, ...request.argv] }),
          }),
        );
        expect(outcome.kind, outcome.run.stderr.toString()).toBe("media");
        return site.requests
          .slice(seen)
          .map(({ host, path, headers }) => [host, path, "sec-ch-ua" in headers]);
      };
      const [plain, imitated] = [await askedBy(), await askedBy("--impersonate=chrome")];
      for (const path of ["/elsewhere", "/clips/clip.mp4"]) {
        expect(plain).toContainEqual(["clips.example", path, false]);
        expect(imitated).toContainEqual(["clips.example", path, true]);
      }
    },
  );
});
