import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { gridStep } from "../../src/tools/media/fill-grid.js";
import { holdfast } from "../support/cli.js";
import { tellingClip } from "../support/publication-clips.js";
import { copyVault, temporaryFolder } from "../support/vaults.js";

const folder = temporaryFolder();
const at = (name: string) => join(folder.path, name);
const vault = at("vault");
let id = "";

beforeAll(async () => {
  const imported = await holdfast(["import", tellingClip(folder.path), "--json", "--vault", vault]);
  id = String(imported.lines[0]!.id);
});
afterAll(() => folder.remove());

const redact = (...argv: readonly string[]) => holdfast(["redact", id, ...argv, "--vault", vault]);

interface Seen {
  readonly width: number;
  readonly height: number;
  readonly pixel: (x: number, y: number) => readonly number[];
}

async function seen(path: string): Promise<Seen> {
  const { data, info } = await sharp(path).raw().toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  const pixel = (x: number, y: number) =>
    [0, 1, 2].map((channel) => data[(y * width + x) * channels + channel] ?? -1);
  return { width, height, pixel };
}

async function preview(name: string, ...argv: readonly string[]) {
  const run = await redact(...argv, "--to", at(name), "--json");
  expect(run.status, run.stderr).toBe(0);
  return { facts: run.lines[0]!, picture: await seen(at(name)) };
}

const isYellow = ([red = 0, green = 0, blue = 255]: readonly number[]) =>
  red > 200 && green > 180 && blue < 60;
const brightness = (pixel: readonly number[]) => pixel.reduce((sum, value) => sum + value, 0);

describe("holdfast redact --preview", () => {
  it("shows the clip as a player does, turned, with the region that a copy would fill framed to the pixel", async () => {
    const { facts, picture } = await preview("one.png", "--fill", "40,52,30x20", "--preview", "1.05");
    // 160x120, turned by a quarter.
    expect([picture.width, picture.height]).toEqual([120, 160]);
    expect(facts).toMatchObject({ id, at: "1.000000", width: 120, height: 160, shown: 1 });
    const copy = await redact("--fill", "40,52,30x20", "--json");
    const { filled } = (
      copy.lines[0]!.publication as {
        readonly fills: readonly { readonly filled: Record<"x" | "y" | "width" | "height", number> }[];
      }
    ).fills[0]!;
    expect(filled).toEqual({ x: 32, y: 48, width: 48, height: 32 });
    const { x, y, width, height } = filled;
    const inner = [x + 1, x + width - 2].flatMap((column) =>
      [y + 1, y + height - 2].map((row) => [column, row]),
    );
    for (const [column, row] of inner) expect(isYellow(picture.pixel(column!, row!))).toBe(true);
    for (const [column, row] of [
      [x - 2, y - 2],
      [x + width + 1, y + height + 1],
    ])
      expect(isYellow(picture.pixel(column!, row!))).toBe(false);
  });

  it("draws a line at every step of the grid, in the pixels in which regions are counted", async () => {
    const bare = (await preview("bare.png", "--preview", "0")).picture;
    const step = gridStep(bare);
    expect(step).toBe(20);
    // Beside a label and off the rows of the other lines.
    const row = 150;
    for (let x = step; x < bare.width; x += step) {
      const line = brightness(bare.pixel(x, row));
      expect(line).toBeGreaterThan(brightness(bare.pixel(x + 1, row)));
    }
  });

  it("shows a region only at the times at which it is filled", async () => {
    const fills = ["--fill", "32,48,32x32@0.5-1", "--fill", "64,96,32x32"];
    const middle = (await preview("middle.png", ...fills, "--preview", "0.7")).facts;
    const later = await preview("later.png", ...fills, "--preview", "0:01.5");
    expect([middle.shown, later.facts.shown]).toEqual([2, 1]);
    expect(isYellow(later.picture.pixel(33, 49))).toBe(false);
    expect(isYellow(later.picture.pixel(65, 97))).toBe(true);
  });

  it("shows the last picture up to the end of the clip, and refuses a time behind it", async () => {
    expect((await preview("last.png", "--preview", "2")).facts.at).toBe("1.900000");
    const run = await redact("--preview", "60", "--to", at("never.png"));
    expect(run.status).toBe(2);
    expect(run.stderr).toContain("the clip ends at");
    expect(existsSync(at("never.png"))).toBe(false);
  });

  it("stores and logs nothing, and leaves nothing in the vault", async () => {
    const files = () =>
      readdirSync(vault, { recursive: true, encoding: "utf8" })
        .filter((path) => statSync(join(vault, path)).isFile())
        .map((path) => [path, readFileSync(join(vault, path)).toString("hex")])
        .sort();
    const before = files();
    await preview("nothing.png", "--fill", "0,0,32x32", "--preview", "0.3");
    expect(files()).toEqual(before);
  });

  it("overwrites nothing, writes no other kind of file, and none into a vault", async () => {
    writeFileSync(at("mine.png"), "mine");
    for (const [to, why] of [
      [at("mine.png"), "already exists"],
      [at("copy.mp4"), "the preview is a PNG file"],
      [join(vault, "x.png"), "this is inside the vault"],
    ] as const) {
      const run = await redact("--preview", "1", "--to", to);
      expect([run.status, run.stderr.includes(why)], run.stderr).toEqual([2, true]);
    }
    expect(readFileSync(at("mine.png"), "utf8")).toBe("mine");
  });

  it("shows nothing of a clip that was withdrawn", async () => {
    const other = copyVault(vault, at("withdrawn"));
    await holdfast(["withdraw", id, "--reason", "a minor", "--yes", "--vault", other]);
    const run = await holdfast(["redact", id, "--preview", "1", "--to", at("w.png"), "--vault", other]);
    expect([run.status, run.stderr.includes("it was withdrawn")], run.stderr).toEqual([2, true]);
    expect(existsSync(at("w.png"))).toBe(false);
  });

  it("refuses a region outside the picture and a time that is none", async () => {
    const outside = await redact("--fill", "100,0,100x10", "--preview", "1", "--to", at("o.png"));
    expect(outside.stderr).toContain("it reaches beyond the picture, which is 120x160 as shown");
    expect((await redact("--preview", "soon")).status).toBe(2);
  });
});

describe("a copy that hides nothing of the picture", () => {
  it("is made only where somebody says so", async () => {
    const run = await redact("--to", at("unsaid.mp4"));
    expect(run.status).toBe(2);
    expect(run.stderr).toContain("no region was named");
    expect(run.stderr).toContain("--no-fill");
    expect(existsSync(at("unsaid.mp4"))).toBe(false);
  });

  it.each([
    ["--no-fill", "--fill", "0,0,20x20"],
    ["--fill", "0,0,20x20", "--no-fill"],
  ])("is not made where regions are named too: %s %s %s", async (...argv) => {
    const run = await redact(...argv);
    expect([run.status, run.stderr.includes("leave one of them out")]).toEqual([2, true]);
  });

  it("is called a copy without tags and never redacted", async () => {
    const run = await redact("--no-fill");
    expect(run.stdout).toContain(`Copy without tags of ${id}`);
    expect(run.stdout).toContain("It is not redacted: everybody in the picture can be seen.");
    expect(run.stdout).not.toMatch(/publication copy|hides everyone/i);
    const shown = await holdfast(["show", id, "--vault", vault]);
    expect(shown.stdout).toContain("a copy without tags, the whole picture is visible");
  });
});
