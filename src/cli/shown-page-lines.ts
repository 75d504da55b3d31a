import { type PageTaken, viewOf } from "../core/page/page-taken.js";
import { printable } from "../core/words/printable.js";
import type { ShownCapture } from "../search/show.js";
import { hanging, labelled } from "./text-layout.js";
import { formatTime } from "./units.js";

/** The pages of a capture and the attempts at them: when, what came of each, and where its picture lies. */
export function shownPageLines(
  { pages, objectPath }: Pick<ShownCapture, "pages" | "objectPath">,
  columns: number,
): readonly string[] {
  return pages.flatMap((page) => [
    ...hanging("  ", headLine(page), columns, 4),
    ...labelled(rowsOf(page, objectPath), columns),
  ]);
}

function headLine({ at, status, wall, version, title, reason }: PageTaken): string {
  const what = { captured: "captured", wall: `${wall ?? "a"} wall`, failed: "failed" }[status];
  const told = reason ?? title;
  const named = version === null ? "" : `${printable(version, 20)}  `;
  return `${formatTime(at)}  ${named}${what}${told === null ? "" : `: ${printable(told, 200)}`}`;
}

function rowsOf(page: PageTaken, objectPath: string | null) {
  const { coverage, version, url } = page;
  // Of a withdrawn capture only the log says that there was a picture.
  const view = coverage === null ? null : viewOf(page);
  return [
    ["address", printable(url)],
    ["answers", coverage === null ? null : `${coverage.with_body} of ${coverage.responses} whole`],
    ["picture", view && objectPath && `${objectPath}/${version}/content/${view.path}`],
  ] as const;
}
