/** The tallest picture of a part: a browser draws nothing below 16,384 pixels. */
export const tallestTile = 16_000;

/** Where the parts of a page begin and how tall they are: whole, without a gap or a repeat. */
export function planTiles(pageHeight: number): readonly { readonly y: number; readonly height: number }[] {
  const count = Math.ceil(pageHeight / tallestTile);
  return Array.from({ length: count }, (_, n) => {
    const y = n * tallestTile;
    return { y, height: Math.min(tallestTile, pageHeight - y) };
  });
}

/** `full-01.png`, `full-02.png` and so on. */
export function tileName(index: number): string {
  return `full-${String(index + 1).padStart(2, "0")}.png`;
}
