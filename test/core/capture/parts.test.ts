import { describe, expect, test } from "vitest";
import { judgeParts, mayResume, splicesOf } from "../../../src/core/capture/parts.ts";
import type { TrafficExchange } from "../../../src/core/capture/traffic-log.ts";

const url = "https://cdn.example/clip.mp4";
const whole: TrafficExchange = {
  method: "GET",
  url,
  status: 200,
  location: null,
  date: null,
  last_modified: null,
  etag: '"a"',
  content_type: "video/mp4",
  content_length: 1000,
  range: null,
  asked_from: null,
  encoded: false,
  retry_after: null,
};
const rest = (first: number, change: Partial<TrafficExchange> = {}, last = 999): TrafficExchange => ({
  ...whole,
  status: 206,
  content_length: last + 1 - first,
  range: { first, last, total: 1000 },
  asked_from: first,
  ...change,
});
const log = (...exchanges: TrafficExchange[]) => ({
  exchanges,
  remarks: ["[download] Destination: media.mp4"],
  capped: false,
});
const spliced = (...exchanges: TrafficExchange[]) => splicesOf(log(...exchanges)).length;

describe("parts are of one file only if every answer shows it", () => {
  test("one answer has nothing to show", () => {
    expect(judgeParts([whole])).toEqual({ kind: "one-answer" });
  });

  test("the same ETag and total length in every answer show one file, with the figures in the record", () => {
    expect(judgeParts([whole, rest(400), rest(700)])).toEqual({
      kind: "one-file",
      resumed: true,
      ground:
        'received in 3 parts, which begin at bytes 0, 400, 700; every answer states the ETag "a" and the total length 1000',
    });
  });

  test.each<[string, Partial<TrafficExchange>]>([
    ["another ETag", { etag: '"b"' }],
    ["no ETag", { etag: null }],
    ["a Last-Modified that the first had not", { last_modified: "Tue, 04 Aug 2026 10:00:00 GMT" }],
    ["another length", { range: { first: 400, last: 1199, total: 1200 } }],
    ["an unknown length", { range: { first: 400, last: 999, total: null } }],
  ])("%s in one of the answers shows nothing", (_, change) => {
    expect(judgeParts([whole, rest(400, change)])).toMatchObject({ kind: "unproven", resumed: true });
    expect(spliced(whole, rest(400, change))).toBe(1);
  });

  test("an ETag that the server calls weak shows nothing (RFC 9110 §15.3.7.3)", () => {
    const weak = { etag: 'W/"a"' };
    expect(judgeParts([{ ...whole, ...weak }, rest(400, weak)]).kind).toBe("unproven");
    const dated = { ...weak, last_modified: "Tue, 04 Aug 2026 10:00:00 GMT" };
    expect(judgeParts([{ ...whole, ...dated }, rest(400, dated)]).kind).toBe("one-file");
  });

  test("answers before the last one that begins at the first byte do not count", () => {
    expect(judgeParts([{ ...whole, etag: '"old"' }, whole])).toEqual({ kind: "one-answer" });
    expect(judgeParts([{ ...whole, etag: '"old"' }, whole, rest(400)]).kind).toBe("one-file");
  });

  test("after a refused part nothing is shown, whatever the answer that follows", () => {
    const refused = { ...rest(400), status: 416, range: null };
    expect(judgeParts([whole, refused, whole])).toMatchObject({ kind: "unproven", resumed: true });
    expect(spliced(whole, refused, whole)).toBe(1);
  });

  test("pieces that a downloader plans are no splice, and without a validator they are shown to be nothing more", () => {
    const plain = { etag: null };
    const pieces = [rest(0, plain, 499), rest(500, plain)];
    expect(judgeParts(pieces)).toMatchObject({ kind: "unproven", resumed: false });
    expect(spliced(...pieces)).toBe(0);
    expect(judgeParts([rest(0, {}, 499), rest(500)]).kind).toBe("one-file");
  });

  test("a redirect that leads each request elsewhere does not hide a splice", () => {
    const led = (to: string, from: number | null = null) => [
      { ...whole, status: 302, location: `https://${to}.example/x`, etag: null, asked_from: from },
    ];
    const at = (host: string) => `https://${host}.example/x`;
    const change = { url: at("two"), etag: '"b"' };
    expect(spliced(...led("one"), { ...whole, url: at("one") }, ...led("two", 400), rest(400, change))).toBe(
      1,
    );
  });
});

describe("a broken transfer is continued only where that can be shown to be one file", () => {
  test.each<[string, TrafficExchange[], boolean]>([
    ["one answer with an ETag and a length", [whole], true],
    ["no validator", [{ ...whole, etag: null }], false],
    ["no length", [{ ...whole, content_length: null }], false],
    ["the whole was sent where the rest was asked for", [whole, { ...whole, asked_from: 400 }], false],
    ["the rest is of another file", [whole, rest(400, { etag: '"b"' })], false],
    ["asked three times for the same rest", [whole, rest(400), rest(400), rest(400)], true],
    ["asked four times for the same rest", [whole, rest(400), rest(400), rest(400), rest(400)], false],
    ["a refusal for the moment", [whole, { ...rest(400), status: 503, range: null }], true],
    ["nothing asked yet", [], false],
  ])("%s: %s", (_, exchanges, may) => {
    expect(mayResume(log(...exchanges))).toBe(may);
  });

  test("a file of which nothing has arrived is left to the next attempt", () => {
    expect(mayResume({ ...log(whole), remarks: [] })).toBe(false);
  });

  test("a server that offers no safe TLS is not asked again", () => {
    const broken = (error: string) => [
      ...log().remarks,
      `[download] Got error: ${error}. Retrying (1/40)...`,
    ];
    const unsafe = "[SSL: TLSV1_ALERT_PROTOCOL_VERSION] tlsv1 alert protocol version (_ssl.c:1006)";
    expect(mayResume({ ...log(whole), remarks: broken(unsafe) })).toBe(false);
    const dropped = "[SSL: UNEXPECTED_EOF_WHILE_READING] EOF occurred in violation of protocol (_ssl.c:2580)";
    expect(mayResume({ ...log(whole), remarks: broken(dropped) })).toBe(true);
  });
});
