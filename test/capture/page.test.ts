import { readdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { holdfast } from "../support/cli.js";
import { type DiskCall, diskError, withWatchedDisk } from "../support/faulty-disk.js";
import { chromium } from "../support/page-visits.js";
import { openSite, type Routes, type Site } from "../support/site.js";
import { makeSiteClips } from "../support/site-clips.js";
import { sendClip } from "../support/site-files.js";
import { audit, copyVault, errorCodes, temporaryFolder } from "../support/vaults.js";

const folder = temporaryFolder();
const vault = join(folder.path, "vault");
const clips = join(folder.path, "clips");
const cookie = "s3cr3tS3ss10nV4lu3";
let site: Site;

const post = (
  visitor: string,
) => `<!doctype html><title>A post for ${cookie}</title><img src="/led?visit=${cookie}"><h1>On the square</h1>
  <p>You come from ${visitor}, session ${cookie}.</p><a href="/next?token=abcdef0123456789">on</a>
  <video src="/clips/clip.mp4" controls width="320"></video><div style="height:3000px">down</div>`;

const routes: Routes = {
  "/post": ({ response, visitorAddress }) =>
    response
      .writeHead(200, { "content-type": "text/html; charset=utf-8", "set-cookie": `sid=${cookie}; Path=/` })
      .end(post(visitorAddress)),
  "/led": ({ response }) => response.writeHead(302, { location: "/post" }).end(),
  "/enter": ({ response }) =>
    response.writeHead(302, { location: `/login/${cookie}`, "set-cookie": `visit=${cookie}; Path=/` }).end(),
  [`/login/${cookie}`]: ({ response }) =>
    response.writeHead(200, { "content-type": "text/html" }).end("<title>Welcome</title><p>Welcome"),
  "/members-only": ({ response }) =>
    response.writeHead(200, { "content-type": "text/html", "set-cookie": "last=/members-only; Path=/" }).end(
      `<title>Log in</title><form action="/login" method="post" style="position:fixed;inset:0;background:#fff">
         <h1>Log in to continue</h1><input name="user"><input type="password" name="password"><button>Log in</button></form>`,
    ),
  "/clips/clip.mp4": (visit) => sendClip(visit, "clip.mp4"),
};

beforeAll(async () => {
  makeSiteClips(clips);
  site = await openSite({ clips, routes });
});
afterAll(async () => {
  await site.close();
  folder.remove();
});

const run = (...argv: readonly string[]) => holdfast([...argv, "--vault", vault], { HOLDFAST_NO_PAGE: "0" });

interface Page {
  readonly status: string;
  readonly id: string;
  readonly version: string;
  readonly wall: string | null;
  readonly coverage: { readonly responses: number; readonly with_body: number; readonly listed: number };
  readonly files: readonly { readonly role: string; readonly path: string }[];
}

const pageOf = (lines: readonly Record<string, unknown>[]) => lines[0] as unknown as Page;

/** Every byte of the files below a folder, those in gzip unpacked. */
function textOf(root: string): string {
  return readdirSync(root, { recursive: true, encoding: "utf8", withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => readFileSync(join(parentPath, name)))
    .map((bytes) => (bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes))
    .map((bytes) => bytes.toString("latin1").replaceAll("=\r\n", ""))
    .join("\n");
}

describe.skipIf(chromium === null)("holdfast page", () => {
  let first: Page;

  it("of an address without a capture is a capture of its own, and asked for again its next version", async () => {
    const made = await run("page", `${site.url}/post`, "--json");
    expect(made.status, made.stderr).toBe(0);
    first = pageOf(made.lines);
    expect(first).toMatchObject({ status: "captured", version: "v1", wall: null });
    expect(first.coverage.listed + first.coverage.with_body).toBe(first.coverage.responses);
    expect(first.files.map(({ role }) => role)).toEqual(
      expect.arrayContaining(["page_view", "page_tile", "page_mhtml", "page_dom", "page_warc"]),
    );
    for (const { path } of first.files) expect(readFileSync(join(vault, path)).length).toBeGreaterThan(0);
    const again = await run("page", `${site.url}/post`, "--json");
    expect(pageOf(again.lines)).toMatchObject({ status: "captured", id: first.id, version: "v2" });
    expect((await audit(vault)).findings.filter(({ severity }) => severity === "error")).toEqual([]);
  });

  it("keeps no cookie, no visitor's address and no token where a package would carry it, and the raw files beside the annex", () => {
    const object = textOf(join(vault, "objects"));
    for (const secret of [cookie, "46.182.111.39", "abcdef0123456789"]) expect(object).not.toContain(secret);
    expect(object).toContain("[cut]");
    const annexes = textOf(join(vault, "private"));
    for (const secret of [cookie, "46.182.111.39", "abcdef0123456789"]) expect(annexes).toContain(secret);
    const record = JSON.parse(
      readFileSync(
        join(vault, first.files[0]!.path.replace(/view\.png$|full-\d+\.png$|[^/]+$/, "page.json")),
        "utf8",
      ),
    );
    expect(record.redactions.map(({ path }: { readonly path: string }) => path)).toEqual(
      expect.arrayContaining(["page/v1/dom.html", "page/v1/page.mhtml", "page/v1/page.warc.gz"]),
    );
  });

  it("alone is reported and handed over without a word on whether a clip is whole", async () => {
    const [report, handed] = [join(folder.path, "page.html"), join(folder.path, "package")];
    expect((await run("report", first.id, "--to", report)).status).toBe(0);
    expect((await run("export", first.id, "--to", handed)).status).toBe(0);
    for (const page of [report, join(handed, "data/index.html")]) {
      const text = readFileSync(page, "utf8");
      expect(text).toContain("A post");
      expect(text).not.toMatch(/NOT JUDGED|contact sheet of this clip/i);
    }
  });

  it("alone has no clip to derive from", async () => {
    const made = await run("derive", first.id);
    expect([made.status, made.stderr.includes("it is a page alone")], made.stderr).toEqual([2, true]);
  });

  it("goes with its capture when that is withdrawn, its annexes too, and comes back in a rebuilt index", async () => {
    const other = copyVault(vault, join(folder.path, "withdrawn"));
    rmSync(join(other, "vault.db"));
    expect((await holdfast(["rebuild", "--vault", other])).status).toBe(0);
    expect(await errorCodes(other)).toEqual([]);
    const gone = ["withdraw", first.id, "--reason", "a minor", "--yes", "--vault", other];
    expect((await holdfast(gone)).status).toBe(0);
    expect(await errorCodes(other)).toEqual([]);
    expect(readdirSync(join(other, "private"))).not.toContain(first.id);
    expect(textOf(join(other, "objects"))).not.toContain("On the square");
  });

  it("of a login page in place of the post is a wall, kept as one, and ends with 4", async () => {
    const made = await run("page", `${site.url}/members-only`, "--json");
    expect(made.status, made.stderr).toBe(4);
    const page = pageOf(made.lines);
    expect(page).toMatchObject({ status: "wall", wall: "login", version: "v1" });
    const listed = await run("list", "--json");
    const row = listed.lines.find(({ id }) => id === page.id);
    expect(row).toMatchObject({ status: "incomplete", bytes: expect.any(Number) });
    expect(Number(row!.bytes)).toBeGreaterThan(1000);
  });

  it("says by which sign a wall was known without the cookie in the address of a login", async () => {
    const made = await run("page", `${site.url}/enter`, "--json");
    expect(pageOf(made.lines)).toMatchObject({ status: "wall", wall: "login" });
    const [statement = ""] = pageOf(made.lines).files.map(({ path }) =>
      join(vault, dirname(path), "page.json"),
    );
    expect(JSON.parse(readFileSync(statement, "utf8")).grounds).toContain(
      "the site led to its login: 127.0.0.1/login/[cut]",
    );
    for (const shown of [made.stdout, made.stderr, textOf(join(vault, "objects"))])
      expect(shown).not.toContain(cookie);
  });

  it("keeps its own address, whatever cookie the site chooses", async () => {
    const made = await run("page", `${site.url}/members-only`, "--json");
    const { files } = pageOf(made.lines);
    const [warc = ""] = files.filter(({ role }) => role === "page_warc").map(({ path }) => join(vault, path));
    expect(gunzipSync(readFileSync(warc)).toString("latin1")).toContain(
      `WARC-Target-URI: ${site.url}/members-only\r\n`,
    );
    const page = JSON.parse(readFileSync(join(dirname(warc), "page.json"), "utf8"));
    expect(page.final_url).toBe(`${site.url}/members-only`);
  });

  it("of a file is none, and nothing is stored", async () => {
    const before = (await run("list", "--json")).lines.length;
    const made = await run("page", `${site.url}/clips/clip.mp4`, "--json");
    expect(pageOf(made.lines)).toMatchObject({ status: "none", id: null, files: [] });
    expect((await run("list", "--json")).lines).toHaveLength(before);
  });

  it("is offered to an outside archive where somebody asks for that, which is said before, and its word is an entry", async () => {
    const asked: string[] = [];
    const archive = await openSite({
      clips,
      routes: {
        "/save": ({ request, response }) => {
          asked.push(String(request.method));
          response.end(JSON.stringify({ status: "error", message: "not today" }));
        },
      },
    });
    const made = await run("page", first.id, "--wayback", archive.url);
    await archive.close();
    expect([made.status, asked], made.stderr).toEqual([0, ["POST"]]);
    const host = archive.url.replace("http://", "");
    const told = made.stderr.indexOf(`asking ${host} to keep a copy: it learns the address ${site.url}/post`);
    expect([told >= 0, told < made.stderr.indexOf(`${host} keeps no copy: it said: not today`)]).toEqual([
      true,
      true,
    ]);
    expect((await run("show", first.id)).stdout).toMatch(/\d+ UTC {2}wayback\b/);
  });

  it("that nobody answers is logged as a failed attempt, and ends with 4", async () => {
    const made = await run("page", "http://127.0.0.1:9/post", "--json");
    expect(made.status).toBe(4);
    expect(pageOf(made.lines)).toMatchObject({ status: "failed", files: [], entry: expect.any(Number) });
  });
});

describe.skipIf(chromium === null)("holdfast archive where Chromium is installed", () => {
  it("tells the clip's result first, then takes the page as a version after it, and its status is that of the clip", async () => {
    const made = await run("archive", `${site.url}/members-only-clip`, `${site.url}/page/video`, "--json");
    const clip = made.lines.find(({ status }) => status === "captured");
    expect(clip, made.stderr).toBeDefined();
    // The line of the clip says nothing of the page, which did not exist yet.
    expect(JSON.stringify(clip)).not.toContain("page_view");
    expect(made.stderr).toMatch(/page taken as v3: \d+ files/);
    const inventory = JSON.parse(readFileSync(join(vault, String(clip!.object), "inventory.json"), "utf8"));
    expect(inventory.head).toBe("v3");
    expect((await audit(vault)).findings.filter(({ severity }) => severity === "error")).toEqual([]);
  });

  it("ends as the clip did where the disk is full while the page is taken", async () => {
    const fill = (call: DiskCall) => {
      if (call.paths.some((path) => path.endsWith("/seen/view.png"))) throw diskError("ENOSPC", call);
    };
    const made = await withWatchedDisk(vault, fill, () =>
      run("archive", `${site.url}/page/video?full=1`, "--json"),
    );
    expect([made.status, made.lines.map(({ status }) => status)], made.stderr).toEqual([0, ["captured"]]);
    expect(made.stderr).toContain("the page could not be taken: storing the evidence: the disk is full");
  });

  it("takes none with --no-page, and none around an address that is the media file itself", async () => {
    const without = await run("archive", `${site.url}/page/video?again=1`, "--no-page");
    expect(without.stderr).not.toContain("page taken");
    const media = await run("archive", `${site.url}/clips/clip.mp4`);
    expect(media.status, media.stderr).toBe(0);
    expect(media.stderr).not.toMatch(/page (?:taken|could)/);
  });
});
