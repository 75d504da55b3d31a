import { SaxesParser } from "saxes";
import { HoldfastError } from "../../core/words/error.js";
import { damaged } from "./zip-parts.js";

/** What is told of an XML document, in its order. Names are without their prefix. */
export interface XmlEvents {
  readonly onOpen: (name: string, attribute: (name: string) => string | undefined) => void;
  readonly onText?: (text: string) => void;
  readonly onClose?: (name: string) => void;
}

const deepest = 100;

/** Decoding and parsing piece by piece keeps a large sheet from being in memory as one text. */
const pieceBytes = 1024 * 1024;

/**
 * Reads an XML document of a spreadsheet in UTF-8 or, with a byte order mark, UTF-16. One that is not well formed, is nested
 * deeper than `deepest` or declares a document type, and so entities of its own, is refused with `usage`.
 */
export function readXml(bytes: Uint8Array, events: XmlEvents): void {
  const parser = new SaxesParser({ xmlns: false, position: false });
  let depth = 0;
  parser.on("error", () => {
    throw damaged("a part of it is not well-formed XML");
  });
  parser.on("doctype", () => {
    throw new HoldfastError(
      "usage",
      "reading the spreadsheet: it declares a document type, which no spreadsheet program writes",
      "open it in a spreadsheet program and save it anew",
    );
  });
  parser.on("opentag", ({ name, attributes }) => {
    depth += 1;
    if (depth > deepest) throw damaged("its parts are nested too deep");
    events.onOpen(localName(name), (wanted) => attributeOf(attributes, wanted));
  });
  parser.on("text", (text) => events.onText?.(text));
  parser.on("cdata", (text) => events.onText?.(text));
  parser.on("closetag", ({ name }) => {
    depth -= 1;
    events.onClose?.(localName(name));
  });
  const decoder = new TextDecoder(encodingOf(bytes), { fatal: true });
  for (let at = 0; at < bytes.length; at += pieceBytes) parser.write(decoded(decoder, bytes, at));
  parser.close();
}

function decoded(decoder: InstanceType<typeof TextDecoder>, bytes: Uint8Array, at: number): string {
  try {
    return decoder.decode(bytes.subarray(at, at + pieceBytes), { stream: at + pieceBytes < bytes.length });
  } catch {
    throw damaged("a part of it is not text");
  }
}

function encodingOf([first, second]: Uint8Array): string {
  if (first === 0xff && second === 0xfe) return "utf-16le";
  return first === 0xfe && second === 0xff ? "utf-16be" : "utf-8";
}

function localName(name: string): string {
  return name.slice(name.indexOf(":") + 1);
}

/** A plain name first: `r:id` is asked for as `id`, and nothing here has both. */
function attributeOf(attributes: Readonly<Record<string, string>>, wanted: string): string | undefined {
  if (Object.hasOwn(attributes, wanted)) return attributes[wanted];
  const prefixed = Object.keys(attributes).find((name) => localName(name) === wanted);
  return prefixed === undefined ? undefined : attributes[prefixed];
}
