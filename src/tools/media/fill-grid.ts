import { type Area, type Colour, drawDigits, fillArea, glyphHeight, textWidth } from "./digits.js";
import type { RawPicture } from "./picture.js";

const black: Colour = [0, 0, 0];
const white: Colour = [255, 255, 255];
const yellow: Colour = [255, 224, 0];

/** The distance of two lines of a grid in pixels, from 10 on: about a dozen lines along the longer side. */
export function gridStep({ width, height }: { readonly width: number; readonly height: number }): number {
  const wanted = Math.max(width, height) / 12;
  const steps = [10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000];
  return steps.find((step) => step >= wanted) ?? 10_000;
}

/**
 * Draws into a picture what a copy would fill, darkened and framed, and over it a grid whose numbers are pixels from the
 * upper left corner. The picture keeps its size, so that an image viewer counts the same pixels.
 */
export function drawFillGrid(picture: RawPicture, filled: readonly Area[]): void {
  const scale = Math.max(1, Math.round(Math.min(picture.width, picture.height) / 360));
  for (const area of filled) fillArea(picture, area, black, 0.7);
  const step = gridStep(picture);
  for (let x = step; x < picture.width; x += step)
    line(picture, { x, y: 0, width: 1, height: picture.height });
  for (let y = step; y < picture.height; y += step)
    line(picture, { x: 0, y, width: picture.width, height: 1 });
  for (const area of filled) frame(picture, area, 2 * scale);
  const plate = scale * (glyphHeight + 4);
  for (let x = step; x < picture.width; x += step) label(picture, String(x), { x: x + scale, y: 0 }, scale);
  for (let y = step; y < picture.height; y += step)
    label(picture, String(y), { x: 0, y: Math.min(y + scale, picture.height - plate) }, scale);
}

/** A bright line beside a dark one is seen on any picture. */
function line(picture: RawPicture, { x, y, width, height }: Area): void {
  fillArea(picture, { x: width === 1 ? x + 1 : x, y: height === 1 ? y + 1 : y, width, height }, black, 0.5);
  fillArea(picture, { x, y, width, height }, white, 0.6);
}

function frame(picture: RawPicture, { x, y, width, height }: Area, thick: number): void {
  for (const side of [
    { x, y, width, height: thick },
    { x, y: y + height - thick, width, height: thick },
    { x, y, width: thick, height },
    { x: x + width - thick, y, width: thick, height },
  ])
    fillArea(picture, side, yellow);
}

function label(
  picture: RawPicture,
  text: string,
  { x, y }: { readonly x: number; readonly y: number },
  scale: number,
): void {
  const size = { width: (textWidth(text) + 4) * scale, height: (glyphHeight + 4) * scale };
  fillArea(picture, { x, y, ...size }, black, 0.75);
  drawDigits(picture, text, { left: x + 2 * scale, top: y + 2 * scale, scale, ink: white });
}
