/*
 * Digits of five by seven dots, drawn by us: a fresh machine may have no font, and a picture with text would need a
 * reader that hostile input must never reach. `#` is a dot.
 */
const glyphs: Readonly<Record<string, readonly string[]>> = {
  "0": [".###.", "#...#", "#..##", "#.#.#", "##..#", "#...#", ".###."],
  "1": ["..#..", ".##..", "..#..", "..#..", "..#..", "..#..", ".###."],
  "2": [".###.", "#...#", "....#", "...#.", "..#..", ".#...", "#####"],
  "3": ["#####", "...#.", "..#..", "...#.", "....#", "#...#", ".###."],
  "4": ["...#.", "..##.", ".#.#.", "#..#.", "#####", "...#.", "...#."],
  "5": ["#####", "#....", "####.", "....#", "....#", "#...#", ".###."],
  "6": ["..##.", ".#...", "#....", "####.", "#...#", "#...#", ".###."],
  "7": ["#####", "....#", "...#.", "..#..", ".#...", ".#...", ".#..."],
  "8": [".###.", "#...#", "#...#", ".###.", "#...#", "#...#", ".###."],
  "9": [".###.", "#...#", "#...#", ".####", "....#", "...#.", ".##.."],
  ":": [".", "#", ".", ".", ".", "#", "."],
  ".": [".", ".", ".", ".", ".", ".", "#"],
  "-": [".....", ".....", ".....", "#####", ".....", ".....", "....."],
};

const glyphHeight = 7;

/** The dots of a line of digits, colons, points and minus signs; anything else is left out. One column between them. */
export function digitDots(text: string): { readonly width: number; readonly rows: readonly string[] } {
  const shapes = [...text].flatMap((character) => (glyphs[character] ? [glyphs[character]] : []));
  const rows = Array.from({ length: glyphHeight }, (_, row) =>
    shapes.map((shape) => shape[row] ?? "").join("."),
  );
  return { width: rows[0]?.length ?? 0, rows };
}
