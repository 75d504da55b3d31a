/** Cell of one character, in font pixels. */
export const glyphWidth = 5;
export const glyphHeight = 7;

// Drawn by us: a fresh machine has no fonts. Each row is five pixels, the leftmost is the highest bit.
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
export interface GlyphPixel {
  readonly x: number;
  readonly y: number;
}

/** The lit font pixels of a text of digits, colon, point and minus; characters follow each other one pixel apart. */
export function litPixels(text: string): readonly GlyphPixel[] {
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

/** Decimal seconds as a clock shows them: `1:05.3`, `1:02:03.4`, a minus sign before the start. Rounded down to 0.1 s. */
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
