import { readFile, writeFile } from "node:fs/promises";
import { drawDigits, glyphHeight, textWidth } from "./digits.js";
import type { RawPicture } from "./picture.js";
import type { Pictures } from "./pictures.js";

/** One picture of a contact sheet: a JPEG made by holdfast and its presentation time in decimal seconds. */
export interface SheetFrame {
  readonly file: string;
  readonly ptsTime: string;
}

export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/** The positions and sizes on the sheet, in pixels. */
export interface SheetLayout {
  readonly columns: number;
  readonly rows: number;
  readonly cellWidth: number;
  readonly pictureHeight: number;
  /** Height of the strip with the time above a picture. */
  readonly stripHeight: number;
  /** Pixels per font pixel. */
  readonly scale: number;
}

/** What a screen shows without scaling it down: more of them nobody sees from where a screen is read. */
const sheetWidth = 1440;
const longestSide = 6000;
/** Six pictures in a row fill a sheet. Of a person of half its height one still makes out the face. */
const narrowestCell = 226;
/** Three pictures in a row fill it. */
const widestCell = 464;
const largestScale = 4;
const gap = 12;
const background = 24;
const ink = [255, 255, 255] as const;
const readAtOnce = 4;

/**
 * Chooses the grid for `count` pictures of one size: as wide as a screen, wider for many pictures, never more than
 * 6000 pixels on a side, with the times as large as the longest one (`characters`) allows. Legible pictures are never
 * enlarged: that would show nothing more. Whoever wants to look closely has the keyframes themselves.
 */
export function layOut(count: number, { width, height }: PictureSize, characters: number): SheetLayout {
  const aspect = width / height;
  const usual = Math.ceil(Math.sqrt((count * 0.9) / Math.min(Math.max(aspect, 0.4), 2.5)) * 1.25);
  for (let columns = Math.min(count, Math.max(Math.min(3, count), usual)); ; columns++) {
    const layout = gridOf(count, columns, { width, height }, characters);
    if (sheetHeight(layout) <= longestSide || columns >= count) return layout;
  }
}

function gridOf(
  count: number,
  columns: number,
  { width, height }: PictureSize,
  characters: number,
): SheetLayout {
  const share = (width: number): number => Math.floor((width - gap * (columns + 1)) / columns);
  const cellWidth = Math.min(
    Math.min(widestCell, Math.max(narrowestCell, width)),
    Math.max(share(sheetWidth), Math.min(narrowestCell, share(longestSide))),
  );
  const fontWidth = characters * 6 - 1;
  const scale = Math.max(2, Math.min(largestScale, Math.floor((cellWidth * 0.75) / fontWidth)));
  return {
    columns,
    rows: Math.ceil(count / columns),
    cellWidth,
    pictureHeight: Math.max(1, Math.min(longestSide / 2, Math.round((cellWidth * height) / width))),
    stripHeight: (glyphHeight + 4) * scale,
    scale,
  };
}

function sheetHeight({ rows, pictureHeight, stripHeight }: SheetLayout): number {
  return rows * (pictureHeight + stripHeight + gap) + gap;
}

/**
 * Draws every keyframe with its time above it into one JPEG, in the given order. holdfast draws the digits itself, so the
 * sheet looks the same on every machine. Throws if a picture cannot be read.
 */
export async function renderContactSheet(request: {
  readonly pictures: Pictures;
  readonly frames: readonly SheetFrame[];
  /** Absolute path of the JPEG to write. */
  readonly out: string;
}): Promise<void> {
  const { pictures, frames, out } = request;
  const first = frames[0];
  if (!first) return;
  const size = await pictures.sizeOf(await readFile(first.file));
  const texts = frames.map(({ ptsTime }) => clockText(ptsTime));
  const layout = layOut(frames.length, size, Math.max(...texts.map((text) => text.length)));
  const sheet = blankSheet(layout);
  for (let start = 0; start < frames.length; start += readAtOnce) {
    const group = frames.slice(start, start + readAtOnce);
    const fitted = await Promise.all(
      group.map(async ({ file }) =>
        pictures.fit(await readFile(file), layout.cellWidth, layout.pictureHeight),
      ),
    );
    for (const [at, picture] of fitted.entries()) {
      drawCell(sheet, layout, start + at, picture, texts[start + at] ?? "");
    }
  }
  await writeFile(out, await pictures.encode(sheet));
}

function blankSheet(layout: SheetLayout): RawPicture {
  const width = layout.columns * (layout.cellWidth + gap) + gap;
  const height = sheetHeight(layout);
  return { data: new Uint8Array(width * height * 3).fill(background), width, height };
}

function drawCell(
  sheet: RawPicture,
  layout: SheetLayout,
  place: number,
  picture: RawPicture,
  text: string,
): void {
  const { columns, cellWidth, pictureHeight, stripHeight, scale } = layout;
  const left = gap + (place % columns) * (cellWidth + gap);
  const top = gap + Math.floor(place / columns) * (pictureHeight + stripHeight + gap);
  const textLeft = left + Math.floor((cellWidth - textWidth(text) * scale) / 2);
  drawDigits(sheet, text, { left: textLeft, top: top + 2 * scale, scale, ink });
  const pictureLeft = left + Math.floor((cellWidth - picture.width) / 2);
  paste(sheet, picture, pictureLeft, top + stripHeight);
}

function paste(sheet: RawPicture, picture: RawPicture, left: number, top: number): void {
  for (let y = 0; y < picture.height; y++) {
    const row = picture.data.subarray(y * picture.width * 3, (y + 1) * picture.width * 3);
    sheet.data.set(row, ((top + y) * sheet.width + left) * 3);
  }
}

/** Decimal seconds as clock time: `1:05.3`, `1:02:03.4`, negative before the start. Rounded down to 0.1 s. */
export function clockText(ptsTime: string): string {
  const [whole = "0", fraction = "0"] = ptsTime.replace("-", "").split(".");
  const total = Number(whole);
  const hours = Math.floor(total / 3600);
  const minutes = Math.floor((total % 3600) / 60);
  const seconds = `${String(total % 60).padStart(2, "0")}.${fraction.slice(0, 1)}`;
  const clock =
    hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${seconds}` : `${minutes}:${seconds}`;
  return ptsTime.startsWith("-") ? `-${clock}` : clock;
}
