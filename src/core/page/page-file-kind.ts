import type { FileRole } from "../capture/record.js";

/** What a file of a page is: all of them by their roles, `page_record` included. */
export type PageFileRole = Extract<FileRole, `page_${string}`>;

const kinds: Readonly<Record<string, PageFileRole>> = {
  "view.png": "page_view",
  "page.mhtml": "page_mhtml",
  "dom.html": "page_dom",
  "page.warc.gz": "page_warc",
  "page.json": "page_record",
};

/** What a file below `page/<version>/` is, by its name (FORMAT.md §6.2). */
export function pageFileKind(name: string): PageFileRole {
  return (Object.hasOwn(kinds, name) ? kinds[name] : undefined) ?? "page_tile";
}
