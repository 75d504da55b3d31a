/** The ways in which a text may stand in bytes. */
export function spellings(text: string): readonly Buffer[] {
  const bytes = Buffer.from(text);
  const base64 = [0, 1, 2].map((shift) => {
    const whole = Buffer.concat([Buffer.alloc(shift), bytes]).toString("base64");
    return whole.slice(shift === 0 ? 0 : 4, -4);
  });
  const words = [
    text,
    ...base64,
    bytes.toString("hex"),
    encodeURIComponent(text),
    text.replaceAll("/", "\\/"),
  ];
  return [...words.map((word) => Buffer.from(word)), Buffer.from(text, "utf16le")];
}
