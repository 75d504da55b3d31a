import { address, type OpenExchange, openExchange, readHeader, readLength } from "./open-exchange.js";

const request = /^> ([A-Z]{3,10}) (\S+) HTTP\/[\d.]+$/;
const reply = /^< HTTP\/[\d.]+ (\d{3})(?: |$)/;

/**
 * Reads libcurl's words about requests that imitate a browser, line by line: `> ` begins a request, whose other headers
 * follow as they are to an empty line, and `< ` begins each line of the answer's head. `begin` gets each exchange as soon
 * as its request is known; it is completed later. Interim answers and those of a tunnel are followed by the real one.
 */
export function openLibcurlReader(
  originScheme: "http" | "https",
  begin: (exchange: OpenExchange) => void,
): (line: string) => void {
  let open: OpenExchange | null = null;
  let target: string | null = null;
  return (line) => {
    const [, method, asked] = request.exec(line) ?? [];
    if (method !== undefined && asked !== undefined) {
      open = openExchange(method);
      target = asked;
      address(open, originScheme, asked, "");
      begin(open);
      return;
    }
    if (open === null) return;
    if (line === "" || line.startsWith("< ")) target = null;
    if (target === null) readAnswer(open, line);
    else readAsked(open, originScheme, target, line);
  };
}

function readAsked(open: OpenExchange, originScheme: string, target: string, line: string): void {
  const host = /^host: *(\S+)$/i.exec(line)?.[1];
  if (host !== undefined) address(open, originScheme, target, host);
  open.askedFrom ??= readLength(/^range: *bytes=(\d+)-/i.exec(line)?.[1] ?? null);
}

function readAnswer(open: OpenExchange, line: string): void {
  if (!line.startsWith("< ")) return;
  const status = reply.exec(line)?.[1];
  if (status === undefined) {
    readHeader(open, line.slice(2));
    return;
  }
  open.replied = true;
  open.status = Number(status);
  open.headers.clear();
}
