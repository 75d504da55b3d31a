import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CaptureRecord } from "../../src/core/capture/record.js";
import { closeAfterWriting } from "../../src/seal/checkpoint.js";
import { closeVault, logEntry } from "../../src/vault/vault.js";
import { holdfast } from "../support/cli.js";
import { captureText, openTestVault, pageText, temporaryFolder, testWorld } from "../support/vaults.js";

const folder = temporaryFolder();
const root = join(folder.path, "vault");
/** A capture with a page, with a wall after it and an attempt after that. */
let seen: CaptureRecord;
/** One of which only a wall is kept. */
let walled: CaptureRecord;
/** One whose page could not be taken, and one of which nobody asked for the page. */
let failed: CaptureRecord;
let without: CaptureRecord;

const isCaptured = { status: "captured", wall: null } as const;
const isLogin = { status: "wall", wall: "login" } as const;

beforeAll(async () => {
  const world = testWorld();
  const vault = await openTestVault(root, world);
  const capture = (text: string) => captureText(vault, text).record;
  const fail = ({ capture: id, requested_url }: CaptureRecord) =>
    logEntry(vault, "page-failed", {
      ...{ capture: id, url: requested_url, runs: [] },
      failure: { code: "timed-out", reason: "the site did not answer" },
    });
  seen = capture("a");
  pageText(vault, seen, "the post", undefined, isCaptured);
  pageText(vault, seen, "a login page", undefined, isLogin);
  fail(seen);
  walled = capture("bb");
  pageText(vault, walled, "a login page alone", undefined, isLogin);
  failed = capture("ccc");
  fail(failed);
  without = capture("dddd");
  await closeAfterWriting(vault, world, { proxy: null, allowPrivate: false, force: false });
  closeVault(vault);
});
afterAll(() => folder.remove());

const show = async ({ capture }: CaptureRecord) =>
  (await holdfast(["show", capture, "--vault", root], { COLUMNS: "200" })).stdout;

async function report({ capture }: CaptureRecord, vault = root) {
  const to = join(folder.path, `${capture}-${Math.random()}.html`);
  await holdfast(["report", capture, "--to", to, "--vault", vault]);
  return readFileSync(to, "utf8");
}

const base64 = (text: string) => Buffer.from(text).toString("base64");

describe("show lists the pages of a capture", () => {
  it("each with its time, version, what it is and the path of its picture, and the attempts that failed", async () => {
    const text = await show(seen);
    expect(text).toContain("the page around it");
    expect(text).toMatch(/v2 {2}captured: A post/);
    expect(text).toMatch(/v3 {2}login wall: A post/);
    expect(text).toMatch(/failed: the site did not answer/);
    const path = /picture +(\S+\/v2\/content\/page\/v2\/view\.png)/.exec(text)?.[1];
    expect(readFileSync(join(root, path ?? ""), "utf8")).toBe("the post");
  });

  it("and says nothing of pages where nobody asked for one", async () => {
    expect(await show(without)).not.toContain("the page around it");
  });

  it("for a program, in the order of the log, each with its entry and files", async () => {
    const { lines } = await holdfast(["show", seen.capture, "--json", "--vault", root]);
    const pages = lines[0]!.pages as readonly { status: string; entry: number; files: { kind: string }[] }[];
    expect(pages.map(({ status }) => status)).toEqual(["captured", "wall", "failed"]);
    expect(pages.map(({ entry }) => entry)).toEqual(
      pages.map(({ entry }) => entry).toSorted((a, b) => a - b),
    );
    expect(pages[0]!.files.map(({ kind }) => kind)).toEqual(["page_view", "page_record"]);
    expect(pages[2]!.files).toEqual([]);
  });
});

describe("§155 (c) is answered from the pages that were taken since the record was made", () => {
  it("a page that is no wall answers it, even if a wall came later", async () => {
    expect(await show(seen)).toMatch(
      /\(c\) full-page capture +captured +pictures of the page, seen as version v2/,
    );
    expect(await report(seen)).toContain("pictures of the page, seen as version v2");
  });

  it("a wall is no captured page", async () => {
    expect(await show(walled)).toMatch(/\(c\) full-page capture +failed +the site showed a login page/);
    expect(await report(walled)).toContain("pictures of that are kept as version v2");
  });

  it("an attempt that brought nothing is told with its reason", async () => {
    expect(await show(failed)).toMatch(/\(c\) full-page capture +failed +a browser was sent to the page/);
  });
});

describe("the report shows the picture of the page", () => {
  it("the one of the newest page that is no wall, with its time and files", async () => {
    const text = await report(seen);
    expect(text).toContain(`src="data:image/png;base64,${base64("the post")}"`);
    expect(text).not.toContain(base64("a login page"));
    expect(text).toContain('<section id="pages">');
    expect(text).toContain("page/v3/view.png");
  });

  it("not where its bytes are not those that the log names", async () => {
    const { lines } = await holdfast(["show", walled.capture, "--json", "--vault", root]);
    expect(lines[0]!.status).toBe("captured");
    const text = await show(walled);
    const path = join(root, /picture +(\S+)/.exec(text)?.[1] ?? "");
    expect(await report(walled)).toContain(base64("a login page alone"));
    const before = readFileSync(path);
    writeFileSync(path, "a login page, alone");
    const after = await report(walled);
    writeFileSync(path, before);
    expect(after).not.toContain("data:image/png");
    expect(after).toContain("There is no picture of the page that could be shown here.");
  });

  it("and has no section about pages where nobody asked for one", async () => {
    expect(await report(without)).not.toContain('<section id="pages">');
  });
});

describe("a Russian report tells of pages in Russian", () => {
  it.each([
    ["a page", () => seen, "изображения страницы в том виде"],
    ["a wall", () => walled, "вместо запрошенного сайт показал страницу входа"],
    ["an attempt", () => failed, "браузер обратился к странице и ничего не получил"],
  ] as const)("%s", async (_, of, words) => {
    const to = join(folder.path, `${of().capture}-ru.html`);
    await holdfast(["report", of().capture, "--lang", "ru", "--to", to, "--vault", root]);
    expect(readFileSync(to, "utf8")).toContain(words);
  });
});
