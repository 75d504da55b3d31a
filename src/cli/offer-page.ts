import type { Offer, OfferedFormat } from "../core/capture/offered-formats.js";
import type { Rendition } from "../core/capture/record.js";
import { renditionWords } from "../core/capture/rendition.js";
import { counted } from "../core/words/counted.js";
import { printable } from "../core/words/printable.js";
import type { Style } from "./style.js";
import { renderTable } from "./table.js";
import { formatBytes } from "./units.js";

/** The table of `formats`, the worst first, and which of them a capture would take. */
export function offerTable({ formats }: Offer, columns: number, style: Style): readonly string[] {
  const [head = "", ...rows] = renderTable(
    formats,
    [
      { title: "", cell: ({ taken }) => (taken ? "*" : " "), shrinkTo: null, dropOrder: 0 },
      { title: "FORMAT", cell: ({ id }) => printable(id, 40), shrinkTo: null, dropOrder: 0 },
      {
        title: "FILE",
        cell: ({ container }) => printable(container ?? "", 10),
        shrinkTo: null,
        dropOrder: 5,
      },
      { title: "HOLDS", cell: ({ holds }) => holds, shrinkTo: null, dropOrder: 2 },
      { title: "SIZE OF PICTURE", cell: pictureCell, shrinkTo: null, dropOrder: 1 },
      { title: "FPS", cell: ({ fps }) => numberCell(fps), shrinkTo: null, dropOrder: 4, right: true },
      { title: "CODECS", cell: codecCell, shrinkTo: 8, dropOrder: 6 },
      { title: "SIZE", cell: sizeCell, shrinkTo: null, dropOrder: 3, right: true },
      { title: "KBIT/S", cell: ({ kbps }) => numberCell(kbps), shrinkTo: null, dropOrder: 7, right: true },
      { title: "COMES AS", cell: ({ by }) => by, shrinkTo: null, dropOrder: 8 },
      { title: "THE PLATFORM SAYS", cell: noteCell, shrinkTo: 10, dropOrder: 9 },
    ],
    columns,
  );
  return [style.bold(head), ...rows];
}

function pictureCell({ width, height }: OfferedFormat): string {
  if (height === null) return "";
  return width === null ? `? × ${height}` : `${width} × ${height}`;
}

function codecCell({ video_codec, audio_codec }: OfferedFormat): string {
  const codecs = [video_codec, audio_codec].filter((codec) => codec !== null);
  return printable(codecs.join(", "), 60);
}

function sizeCell({ bytes, estimated }: OfferedFormat): string {
  if (bytes === null) return "";
  return `${estimated ? "about " : ""}${formatBytes(bytes)}`;
}

function noteCell({ language, note }: OfferedFormat): string {
  return printable([language, note].filter((part) => part !== null).join(", "), 100);
}

function numberCell(value: number | null): string {
  return value === null ? "" : String(value);
}

/** What the table does not say: what a capture would take, and what was refused and why. */
export function offerNotes(
  { title, place, formats }: Offer,
  { grade, reasons }: Rendition,
): readonly string[] {
  const taken = formats.filter((format) => format.taken).map(({ id }) => printable(id, 40));
  const name = title === null ? "" : `${printable(title, 100)}: `;
  return [
    `${name}${counted(formats.length, "format")}; a capture takes ${taken.length === 0 ? "none of them" : `${taken.join(" + ")} (*)`}`,
    ...(place === null
      ? []
      : [`number ${place.number} of ${place.of} of the post; a capture takes each of them that is a video`]),
    ...(grade === "best" ? ["the platform refused none to this connection"] : []),
    ...(grade === "unknown" && reasons.length === 0
      ? ["nothing shows whether the platform refused any"]
      : []),
    ...reasons.map((reason) => `not all: ${renditionWords[reason]} (${reason})`),
  ];
}
