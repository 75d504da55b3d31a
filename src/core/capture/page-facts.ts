import { isJsonObject, type Json, type JsonObject, parseForeignJson } from "../../audit/canonical-json.js";
import { FormatError } from "../../audit/finding.js";
import { wellFormed } from "../words/printable.js";
import type { Claim, SourceFacts } from "./record.js";

/** Pages larger than this are not searched: the text is hostile and the facts are a convenience. */
const largestPage = 4 * 1024 * 1024;
const largestBlock = 500_000;

/**
 * Adds what a page's own JSON-LD `VideoObject` and `<title>` claim to what the downloader read. Extractors for known
 * sites read more than any page states, so their facts stay as they are; the generic extractor omits uploader and date
 * and numbers titles. The second and later videos of a page stay as they are too: nothing says which claim is about
 * which video.
 */
export function addPageFacts(facts: SourceFacts, page: string, pageLabel: string): SourceFacts {
  if (!/^(generic|html5\w*)$/i.test(facts.extractor?.value ?? "")) return facts;
  if (page.length > largestPage || / \((?!1\))\d+\)$/.test(facts.title?.value ?? "")) return facts;
  const claim = (value: Json | undefined, place: string): Claim<string> | null =>
    typeof value === "string" && value.trim() !== ""
      ? { value: clean(value), basis: "platform_claim", from: `${pageLabel}:${place}` }
      : null;
  const video: JsonObject = findVideoObject(page) ?? {};
  const title =
    claim(video.name, "VideoObject.name") ?? unnumbered(facts.title, claim(titleOf(page), "title"));
  return {
    ...facts,
    title: title ?? facts.title,
    description: facts.description ?? claim(video.description, "VideoObject.description"),
    uploader: facts.uploader ?? claim(nameOf(video.author ?? video.creator), "VideoObject.author.name"),
    posted_at: facts.posted_at ?? claim(video.uploadDate ?? video.datePublished, "VideoObject.uploadDate"),
  };
}

/** The page's title, if the extractor only put a number after it. */
function unnumbered(extracted: Claim<string> | null, title: Claim<string> | null): Claim<string> | null {
  return title !== null && extracted?.value === `${title.value} (1)` ? title : null;
}

function titleOf(page: string): string {
  for (const { attributes, content } of elementsIn(page, "title")) {
    if (attributes.length <= 200 && /^[^<]{1,2000}$/.test(content)) return content.trim();
  }
  return "";
}

interface FoundElement {
  readonly attributes: string;
  readonly content: string;
}

/**
 * The elements of this name in a hostile page, each from a tag to the next end tag. Two forward searches look at each
 * position once, whatever the page contains.
 */
function* elementsIn(page: string, name: "script" | "title"): Generator<FoundElement> {
  const begin = new RegExp(`<${name}`, "gi");
  const end = new RegExp(`</${name}`, "gi");
  while (begin.test(page)) {
    const content = page.indexOf(">", begin.lastIndex) + 1;
    end.lastIndex = content;
    const close = content === 0 ? null : end.exec(page);
    if (close === null) return;
    yield {
      attributes: page.slice(begin.lastIndex, content - 1),
      content: page.slice(content, close.index),
    };
    begin.lastIndex = close.index;
  }
}

function clean(text: string): string {
  return wellFormed(text).replaceAll("\0", "\ufffd");
}

function findVideoObject(page: string): JsonObject | null {
  for (const { attributes, content } of elementsIn(page, "script")) {
    if (!/application\/ld\+json/i.test(attributes) || content.length > largestBlock) continue;
    const found = videoObjectIn(readBlock(content), 0);
    if (found) return found;
  }
  return null;
}

function readBlock(text: string): Json {
  try {
    return parseForeignJson(text);
  } catch (error) {
    if (error instanceof FormatError) return null;
    throw error;
  }
}

function videoObjectIn(value: Json, depth: number): JsonObject | null {
  if (depth > 4) return null;
  if (Array.isArray(value)) {
    for (const item of value) {
      const found = videoObjectIn(item, depth + 1);
      if (found) return found;
    }
    return null;
  }
  if (!isJsonObject(value)) return null;
  const types = Array.isArray(value["@type"]) ? value["@type"] : [value["@type"]];
  if (types.includes("VideoObject")) return value;
  return videoObjectIn(value["@graph"] ?? null, depth + 1) ?? videoObjectIn(value.video ?? null, depth + 1);
}

function nameOf(value: Json | undefined): Json | undefined {
  if (Array.isArray(value)) return nameOf(value[0]);
  return isJsonObject(value) ? value.name : value;
}
