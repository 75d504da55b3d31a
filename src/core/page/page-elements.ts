import { pageComesLater } from "../capture/elements.js";
import type { CaptureRecord, Element } from "../capture/record.js";
import { type PageTaken, pageInForce } from "./page-taken.js";
import { wallSentences } from "./wall-sentences.js";

/**
 * The eight items of §155 as they stand by now. A record is written before the page of its capture is taken, so what it
 * says of the page is answered from the pages that the log states since.
 */
export function elementsWithPages(
  { elements, method }: Pick<CaptureRecord, "elements" | "method">,
  pages: readonly PageTaken[],
): readonly Element[] {
  const later = pages.filter(({ version }) => version !== "v1");
  return elements.map((element) => {
    if (element.item === "full_page_capture") return pictures(element, later);
    return element.item === "source_code" ? source(element, method, later) : element;
  });
}

function pictures(element: Element, pages: readonly PageTaken[]): Element {
  const page = pageInForce(pages);
  const failed = pages.at(-1);
  if (page?.version && (page.status === "captured" || element.status !== "captured")) {
    const paths = pathsOf(page, "page_view", "page_tile");
    return page.status === "captured"
      ? {
          ...element,
          status: "captured",
          reason: `pictures of the page, seen as version ${page.version}`,
          paths,
        }
      : {
          ...element,
          status: "failed",
          reason: `${wallSentences[page.wall ?? "error"]}; pictures of that are kept as version ${page.version}`,
          paths,
        };
  }
  if (element.status !== "not_attempted") return element;
  if (failed === undefined)
    return element.reason === pageComesLater
      ? { ...element, reason: "no picture of the page was taken" }
      : element;
  return {
    ...element,
    status: "failed",
    reason: `a browser was sent to the page and brought nothing: ${failed.reason ?? ""}`,
  };
}

function source(element: Element, method: CaptureRecord["method"], pages: readonly PageTaken[]): Element {
  const page = pageInForce(pages);
  const isAnswered = element.status === "captured" && method !== "page";
  const paths = page === null ? [] : pathsOf(page, "page_warc", "page_dom");
  if (isAnswered || page?.status !== "captured" || paths.length === 0) return element;
  return {
    ...element,
    status: "captured",
    reason: `answers as the browser received them, in version ${page.version ?? ""}`,
    paths,
  };
}

function pathsOf({ files }: PageTaken, ...kinds: readonly string[]): readonly string[] {
  return files.filter(({ kind }) => kinds.includes(kind)).map(({ path }) => path);
}
