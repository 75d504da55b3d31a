import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { holdfast } from "../support/cli.js";
import { openSite, type Site } from "../support/site.js";
import { makeSiteClips } from "../support/site-clips.js";
import { temporaryFolder } from "../support/vaults.js";

const folder = temporaryFolder();
const vault = join(folder.path, "vault");
const at = (name: string) => join(folder.path, name);
let site: Site;

beforeAll(async () => {
  makeSiteClips(folder.path);
  const clip = readFileSync(at("clip.mp4"));
  const noise = Buffer.from(clip);
  noise.fill(0x5a, clip.length >> 1, (clip.length >> 1) + 6_000);
  writeFileSync(at("noise.mp4"), noise);
  writeFileSync(at("cut.mp4"), clip.subarray(0, clip.length >> 1));
  const late = at("late.mp4");
  execFileSync("ffmpeg", ["-nostdin", "-loglevel", "error", "-i", at("clip.mp4"), "-c", "copy", late]);
  const whole = readFileSync(late);
  writeFileSync(at("no-index.mp4"), whole.subarray(0, whole.indexOf("moov") - 4));
  writeFileSync(at("letter.zip"), Buffer.concat([Buffer.from("PK\x03\x04"), Buffer.alloc(3000, 7)]));
  site = await openSite({
    clips: folder.path,
    routes: {
      "/noise.mp4": ({ response }) => {
        const body = readFileSync(at("noise.mp4"));
        response.writeHead(200, { "Content-Type": "video/mp4", "Content-Length": body.length }).end(body);
      },
    },
  });
});
afterAll(async () => {
  await site.close();
  folder.remove();
});

const playableOf = (object: string) =>
  JSON.parse(readFileSync(join(vault, object, "v2/content/derived/derivation.json"), "utf8")).steps.find(
    ({ step }: { step: string }) => step === "playable",
  );

describe("a clip of which something is lost", () => {
  it.each([
    ["noise.mp4", "damaged", /^damaged: it does not decode cleanly \(/],
    [
      "cut.mp4",
      "short",
      /^short: it ends before the length that it announces \(.* s decoded, 3\.\d+ s announced\)$/,
    ],
    ["no-index.mp4", "unreadable", /^unreadable: no picture and no sound .*its index \(moov\) is missing/],
  ])(
    "%s is captured and called %s at once: by the result, the status and the list",
    async (name, decode, reason) => {
      const { status, lines, stderr } = await holdfast(["import", "--json", "--vault", vault, at(name)]);
      expect([status, lines[0]?.status, lines[0]?.decode]).toEqual([4, "captured", decode]);
      expect(lines[0]?.reason).toMatch(reason);
      expect(stderr).toContain(`${name} is ${decode}`);
      const id = String(lines[0]?.id);
      const again = await holdfast(["import", "--vault", vault, at(name)]);
      expect([again.status, again.stdout]).toEqual([
        4,
        expect.stringContaining(`Already captured, ${decode}  ${id}`),
      ]);
      const listed = await holdfast(["list", "--json", "--status", decode, "--vault", vault]);
      expect(listed.lines.map((line) => [line.id, line.decode])).toEqual([[id, decode]]);
      const table = await holdfast(["list", "--vault", vault]);
      expect(table.stdout).toContain(`captured, ${decode}`);
      const shown = await holdfast(["show", id, "--vault", vault]);
      expect(shown.stdout.split("\n")[0]).toContain(`captured, ${decode}: `);
      const playable = playableOf(String(lines[0]?.object));
      expect(JSON.stringify(playable)).not.toContain("plays as it is");
    },
  );

  it("is not called whole or damaged where it is no media at all", async () => {
    const { status, lines } = await holdfast(["import", "--json", "--vault", vault, at("letter.zip")]);
    expect([status, lines[0]?.status, lines[0]?.decode]).toEqual([0, "captured", "no-media"]);
    expect(lines[0]?.reason).toBe("this is a ZIP archive or an Office document; it is kept as it is");
  });

  it("is not called no media where its name says that it is footage", async () => {
    writeFileSync(at("zeros.mp4"), Buffer.alloc(9000));
    const { status, lines } = await holdfast(["import", "--json", "--vault", vault, at("zeros.mp4")]);
    expect([status, lines[0]?.status, lines[0]?.decode]).toEqual([4, "captured", "unreadable"]);
  });

  it("is called so in the row of a list, in its table and in the status of the batch", async () => {
    writeFileSync(at("list.txt"), `${site.url}/noise.mp4\n${site.url}/clips/part-1.mp4\n`);
    const batch = (...more: readonly string[]) =>
      holdfast(["batch", at("list.txt"), "--to", at("out"), "--vault", vault, ...more]);
    const { status, lines, stderr } = await batch("--json");
    expect(status, stderr).toBe(4);
    expect(lines.flatMap(({ row, decode }) => (row === undefined ? [] : [[row, decode]])).sort()).toEqual([
      [1, "damaged"],
      [2, "sound"],
    ]);
    expect(lines.at(-1)).toMatchObject({ unsound: 1, reduced: 0, counts: { captured: 2 } });
    const [, first, second] = readFileSync(join(at("out"), "results.csv"), "utf8").split("\r\n");
    expect([first, second]).toEqual([
      expect.stringMatching(/,captured,.*,damaged,[\d.]+$/),
      expect.stringMatching(/,captured,.*,sound,[\d.]+$/),
    ]);
    expect(stderr).toMatch(
      /row 1: the clip is damaged or cannot be read: http\S+noise\.mp4: damaged: it does not/,
    );
    expect(stderr).toMatch(/damaged +1 row whose clip is damaged or ends early/);
  });

  it("is called so when it is fetched, and fetching it again is what the command suggests", async () => {
    const fetched = await holdfast(["archive", "--again", "--vault", vault, `${site.url}/noise.mp4`]);
    expect(fetched.status).toBe(4);
    expect(fetched.stdout).toContain("Captured, damaged  ");
    expect(fetched.stderr).toMatch(/noise\.mp4 is damaged: .*\n.*the same command with --again/);
  });
});
