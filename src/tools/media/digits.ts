import type { RawPicture } from "./picture.js";

/** Red, green and blue. */
export type Colour = readonly [number, number, number];

/** A rectangle of whole pixels. */
export interface Area {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Fills a rectangle, as far as it lies in the picture; of `strength` 1 it hides everything, of less it lets it through. */
export function fillArea(
  { data, width, height }: RawPicture,
  area: Area,
  colour: Colour,
  strength = 1,
): void {
  const [left, right] = [Math.max(0, area.x), Math.min(width, area.x + area.width)];
  for (let y = Math.max(0, area.y); y < Math.min(height, area.y + area.height); y++) {
    for (let at = (y * width + left) * 3; at < (y * width + right) * 3; at++) {
      data[at] = Math.round((data[at] ?? 0) * (1 - strength) + (colour[at % 3] ?? 0) * strength);
    }
  }
}

/** Where and how a text is drawn: `scale` is the number of pixels per font pixel. */
export interface DigitsPlace {
  readonly left: number;
  readonly top: number;
  readonly scale: number;
  readonly ink: Colour;
}

/** Draws a text of digits, colon, point and minus. */
export function drawDigits(picture: RawPicture, text: string, { left, top, scale, ink }: DigitsPlace): void {
  for (const { x, y } of litPixels(text))
    fillArea(picture, { x: left + x * scale, y: top + y * scale, width: scale, height: scale }, ink);
}

/** Cell of one character, in font pixels. */
const glyphWidth = 5;
export const glyphHeight = 7;

// Built in, because a fresh machine has no fonts. Each row is five pixels; the leftmost is the highest bit.
const glyphs: Readonly<Record<string, readonly number[]>> = {
  "0": [0b01110, 0b10001, 0b10011, 0b10101, 0b11001, 0b10001, 0b01110],
  "1": [0b00100, 0b01100, 0b00100, 0b00100, 0b00100, 0b00100, 0b01110],
  "2": [0b01110, 0b10001, 0b00001, 0b00110, 0b01000, 0b10000, 0b11111],
  "3": [0b01110, 0b10001, 0b00001, 0b00110, 0b00001, 0b10001, 0b01110],
  "4": [0b00010, 0b00110, 0b01010, 0b10010, 0b11111, 0b00010, 0b00010],
  "5": [0b11111, 0b10000, 0b11110, 0b00001, 0b00001, 0b10001, 0b01110],
  "6": [0b00110, 0b01000, 0b10000, 0b11110, 0b10001, 0b10001, 0b01110],
  "7": [0b11111, 0b00001, 0b00010, 0b00100, 0b01000, 0b01000, 0b01000],
  "8": [0b01110, 0b10001, 0b10001, 0b01110, 0b10001, 0b10001, 0b01110],
  "9": [0b01110, 0b10001, 0b10001, 0b01111, 0b00001, 0b00010, 0b01100],
  ":": [0b00000, 0b00100, 0b00100, 0b00000, 0b00100, 0b00100, 0b00000],
  ".": [0b00000, 0b00000, 0b00000, 0b00000, 0b00000, 0b00110, 0b00110],
  "-": [0b00000, 0b00000, 0b00000, 0b01110, 0b00000, 0b00000, 0b00000],
};

/** A rectangle of pixels that is part of a character. */
interface GlyphPixel {
  readonly x: number;
  readonly y: number;
}

/** The lit font pixels of a text of digits, colon, point and minus, with one pixel between characters. */
function litPixels(text: string): readonly GlyphPixel[] {
  return [...text].flatMap((character, place) => {
    const rows = glyphs[character] ?? [];
    return rows.flatMap((row, y) =>
      Array.from({ length: glyphWidth }, (_, column) => column)
        .filter((column) => (row >> (glyphWidth - 1 - column)) & 1)
        .map((column) => ({ x: place * (glyphWidth + 1) + column, y })),
    );
  });
}

/** Width of a text in font pixels. */
export function textWidth(text: string): number {
  return text.length === 0 ? 0 : text.length * (glyphWidth + 1) - 1;
}
