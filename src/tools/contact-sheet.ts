import { parseSeconds } from "../core/timing.js";
import { digitDots } from "./digits.js";
import { type RawPicture, readFitted, writeJpeg } from "./picture.js";

/** One picture of the sheet: absolute path of a JPEG made by holdfast, and its presentation time in decimal seconds. */
export interface SheetFrame {
  readonly file: string;
  readonly ptsTime: string;
}

/** Where everything goes on a sheet, in pixels. */
export interface SheetLayout {
  readonly columns: number;
  readonly rows: number;
  readonly tileWidth: number;
  readonly tileHeight: number;
  readonly labelHeight: number;
  /** Side of one dot of a digit. */
  readonly dot: number;
  readonly width: number;
  readonly height: number;
}

const gap = 12;
const background = 0x18;
const ink = 0xf4;
/** A sheet stays below this on both sides, so that any viewer opens it and 250 MB of memory suffice. */
const longestSide = 4400;

/**
 * Draws one JPEG with every frame and, under it, its time in minutes, seconds and milliseconds, large enough to read at
 * arm's length. Throws when a frame's file cannot be read.
 */
export async function renderContactSheet(request: {
  readonly frames: readonly SheetFrame[];
  /** Absolute path of the JPEG to write. */
  readonly out: string;
}): Promise<void> {
  const { frames, out } = request;
  const first = frames[0];
  if (!first) throw new RangeError("a contact sheet needs at least one frame");
  const shape = await readFitted(first.file, 480, 480);
  const layout = sheetLayout(frames.length, shape.width / shape.height);
  const sheet = Buffer.alloc(layout.width * layout.height * 3, background);
  for (const [index, frame] of frames.entries()) {
    const left = gap + (index % layout.columns) * (layout.tileWidth + gap);
    const top = gap + Math.floor(index / layout.columns) * (layout.tileHeight + layout.labelHeight + gap);
    const picture = await readFitted(frame.file, layout.tileWidth, layout.tileHeight);
    paste(sheet, layout.width, picture, left + Math.floor((layout.tileWidth - picture.width) / 2), top);
    const label = digitDots(clockTime(frame.ptsTime));
    const margin = Math.floor((layout.tileWidth - label.width * layout.dot) / 2);
    drawDots(sheet, layout, label.rows, left + Math.max(0, margin), top + layout.tileHeight + layout.dot * 2);
  }
  await writeJpeg({ data: sheet, width: layout.width, height: layout.height }, out);
}

/** Chooses tiles as large as fit: a sheet a little wider than high, never beyond the longest side. `aspect`: w / h. */
export function sheetLayout(frames: number, aspect: number): SheetLayout {
  for (const tileLong of [640, 480, 400, 320, 240, 200]) {
    const layout = layoutFor(frames, aspect, tileLong);
    if (Math.max(layout.width, layout.height) <= longestSide) return layout;
  }
  return layoutFor(frames, aspect, 160);
}

function layoutFor(frames: number, aspect: number, tileLong: number): SheetLayout {
  const tileWidth = Math.max(120, Math.round(aspect >= 1 ? tileLong : tileLong * aspect));
  const tileHeight = Math.max(60, Math.round(aspect >= 1 ? tileLong / aspect : tileLong));
  // The longest label, 0:00:00.000, is 59 dots wide.
  const dot = Math.max(2, Math.min(5, Math.floor(tileWidth / 62)));
  const labelHeight = dot * 11;
  const wide = Math.sqrt((frames * 1.4 * (tileHeight + labelHeight + gap)) / (tileWidth + gap));
  const columns = Math.min(frames, Math.max(1, Math.round(wide)));
  const rows = Math.ceil(frames / columns);
  return {
    columns,
    rows,
    tileWidth,
    tileHeight,
    labelHeight,
    dot,
    width: gap + columns * (tileWidth + gap),
    height: gap + rows * (tileHeight + labelHeight + gap),
  };
}

/** `75.5` → `1:15.500`; hours only where there are some; the sign of a time before zero is kept. */
export function clockTime(ptsTime: string): string {
  const micros = parseSeconds(ptsTime) ?? 0;
  const total = Math.floor(Math.abs(micros) / 1000);
  const pad = (value: number, digits: number) => String(value).padStart(digits, "0");
  const seconds = `${pad(Math.floor(total / 1000) % 60, 2)}.${pad(total % 1000, 3)}`;
  const minutes = Math.floor(total / 60_000);
  const text =
    minutes < 60 ? `${minutes}:${seconds}` : `${Math.floor(minutes / 60)}:${pad(minutes % 60, 2)}:${seconds}`;
  return micros < 0 ? `-${text}` : text;
}

function paste(sheet: Buffer, sheetWidth: number, picture: RawPicture, left: number, top: number): void {
  const line = picture.width * 3;
  for (let row = 0; row < picture.height; row += 1) {
    sheet.set(picture.data.subarray(row * line, (row + 1) * line), ((top + row) * sheetWidth + left) * 3);
  }
}

function drawDots(
  sheet: Buffer,
  { width, dot }: SheetLayout,
  rows: readonly string[],
  left: number,
  top: number,
): void {
  for (const [row, line] of rows.entries()) {
    for (const [column, mark] of [...line].entries()) {
      if (mark !== "#") continue;
      for (let inside = 0; inside < dot; inside += 1) {
        const start = ((top + row * dot + inside) * width + left + column * dot) * 3;
        sheet.fill(ink, start, start + dot * 3);
      }
    }
  }
}
