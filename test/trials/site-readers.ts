import fc from "fast-check";
import { isJsonObject, parseForeignJson } from "../../src/audit/canonical-json.js";
import { cookiesForHost } from "../../src/core/capture/cookies.js";
import { dateSpan } from "../../src/core/capture/date-span.js";
import { keptWords } from "../../src/core/capture/downloader-words.js";
import { classifyFailure, readErrorLines, readWarningLines } from "../../src/core/capture/failure.js";
import { foldedText, queryWords } from "../../src/core/capture/folded-text.js";
import { readPlatformFacts } from "../../src/core/capture/info-json.js";
import { addPageFacts } from "../../src/core/capture/page-facts.js";
import { redactInfoJson, redactText, redactTypedUrl } from "../../src/core/capture/redact.js";
import { retryAfterMs } from "../../src/core/capture/retry-after.js";
import { readTelegramPost, restOfPost } from "../../src/core/capture/telegram-post.js";
import { followRedirects, openTrafficReader, requestOrigins } from "../../src/core/capture/traffic-log.js";
import { microseconds, parseRatio, parseSeconds } from "../../src/core/media/timing.js";
import { printable, printableJson } from "../../src/core/words/printable.js";
import { readListEntries } from "../../src/tools/download/fetch-verdict.js";
import { openProgressReader } from "../../src/tools/download/yt-dlp.js";
import { readProgress, readStreamHashes } from "../../src/tools/media/ffmpeg.js";
import { readProbe } from "../../src/tools/media/ffprobe.js";
import { sniff, textKindIn } from "../../src/tools/media/kind.js";
import { parseAuthority } from "../../src/tools/network/egress-destination.js";
import { schemaProblems } from "../../src/vault/json-schemas.js";
import * as samples from "../support/samples.js";
import { telegramPage } from "../support/telegram-pages.js";
import { bytesOf, type ForeignReader, mustBeSame, orRefused } from "./foreign-reader.js";

const info = {
  id: "dQw4w9WgXcQ",
  title: "қалай \u202e",
  extractor_key: "Generic",
  upload_date: "20260105",
  timestamp: 1767600000.5,
  duration: 12.512,
  view_count: 9007199254740991,
  tags: ["a", 1, null],
  webpage_url: "https://example.kz/a?sig=abc",
  http_headers: { Cookie: "x" },
  formats: [{ url: "https://cdn.example/ip/10.1.2.3/v.mp4" }],
};

const leaf = fc.oneof(
  fc.string({ unit: "binary", maxLength: 20 }),
  fc.double(),
  fc.bigInt().map(String),
  fc.constantFrom(null, true, "", "0", "-1", "1e400", "20261399", -0, 1e21, 2 ** 53),
);

/** The fields of `of`, each with its own value, something else, or not there. */
function variedJson(of: Readonly<Record<string, unknown>>): fc.Arbitrary<string> {
  const fields = Object.entries(of).map(([key, value]) =>
    fc
      .oneof(
        fc.constant(value),
        leaf,
        fc.array(leaf, { maxLength: 3 }),
        fc.dictionary(fc.string(), leaf, { maxKeys: 3 }),
      )
      .map((made) => [key, made] as const),
  );
  return fc
    .tuple(
      fc.tuple(...fields),
      fc.array(fc.boolean(), { minLength: fields.length, maxLength: fields.length }),
    )
    .map(([pairs, keeps]) =>
      JSON.stringify(Object.fromEntries(pairs.filter((_, at) => keeps[at] !== false))),
    );
}

const page = `<html><head><title>Клип (1)</title><script type="application/ld+json">
{"@context":"https://schema.org","@graph":[{"@type":"VideoObject","name":"Клип","author":{"name":"А"},"uploadDate":"2026-01-05"}]}
</script></head><body>/ip/10.0.0.1/ ?token=abc&x=1</body></html>`;

const traffic = [
  "send: b'GET /v.mp4 HTTP/1.1\\r\\nHost: example.kz\\r\\n\\r\\n'",
  "reply: 'HTTP/1.1 302 Found\\r\\n'",
  "header: Location: https://cdn.example/v.mp4",
  "header: Content-Range: bytes 0-9/100",
  "[hlsnative] Total fragments: 5",
].join("\n");

const stream = {
  index: 0,
  codec_type: "video",
  codec_name: "h264",
  width: 1920,
  height: 1080,
  time_base: "1/90000",
  nb_frames: "250",
  avg_frame_rate: "25/1",
  duration: "10.000000",
  sample_aspect_ratio: "1:1",
  field_order: "progressive",
  disposition: { attached_pic: 0 },
  tags: { rotate: "90" },
  side_data_list: [{ rotation: -90 }],
};

function json(text: string): ReturnType<typeof parseForeignJson> | null {
  return orRefused(() => parseForeignJson(text));
}

/** As a pipe would give it: in pieces that end anywhere. */
function inPieces(text: string, push: (piece: string) => void): void {
  const size = 97 + Math.floor(text.length / 16);
  for (let at = 0; at < text.length; at += size) push(text.slice(at, at + size));
}

export const siteReaders: readonly ForeignReader[] = [
  {
    name: "info.json",
    samples: [
      JSON.stringify(info),
      JSON.stringify({ ...info, extractor: "youtube", extractor_key: "Youtube" }),
    ],
    made: variedJson(info),
    read: (text) => {
      const value = json(text);
      if (value === null) return;
      const redacted = redactInfoJson(value, ["secret-cookie"]);
      const source = readPlatformFacts(redacted.value, "info.json");
      const problems = schemaProblems("record", {
        ...samples.record,
        source: addPageFacts(source, page, "page"),
      });
      if (problems.length > 0) throw new Error(`no record could hold it: ${problems.join("; ")}`);
    },
  },
  {
    name: "a record with anything in it",
    samples: [JSON.stringify(samples.record), JSON.stringify(samples.importRecord)],
    made: variedJson({ ...samples.record }),
    read: (text) => schemaProblems("record", json(text)),
  },
  {
    name: "a page",
    samples: [page],
    read: (text) => {
      addPageFacts(readPlatformFacts({ extractor_key: "Generic" }, "info.json"), text, "page");
      const { text: kept } = redactText(text, ["secret-cookie"]);
      mustBeSame(redactText(kept, []).text, kept);
      return [sniff(bytesOf(text)), textKindIn(text)];
    },
  },
  {
    name: "an address that was typed, for the log",
    samples: ["https://user:pass@example.kz/a", "user:pass@host/path", "//a:b@c"],
    read: (text) => {
      if (/\/\/[^/@\s]{0,99}:[^/@\s]{0,99}@/.test(redactTypedUrl(text)))
        throw new Error("a password is left");
    },
  },
  {
    name: "what yt-dlp prints of its traffic",
    samples: [traffic],
    read: (text) => {
      const reader = openTrafficReader("https");
      inPieces(text, reader.push);
      const { exchanges } = reader.finish();
      return [followRedirects("https://example.kz/v.mp4", exchanges), requestOrigins(exchanges)];
    },
  },
  {
    name: "what yt-dlp prints of its progress",
    samples: ["[download] 1234 of 5678 at 12.5 ETA 00:07\n[download] 1% of ~ 10 at 5 ETA 3\n"],
    read: (text) => {
      const push = openProgressReader(() => undefined);
      inPieces(text, push);
    },
  },
  {
    name: "what yt-dlp says went wrong",
    samples: [
      "ERROR: [generic] HTTP Error 404: \u001b[2J\nWARNING: x\nERROR: unable to write data: File too large",
    ],
    read: (text) => {
      const errors = readErrorLines(text);
      const facts = { endedBy: "exited", exitCode: 1, watchdog: null, lastStatus: null } as const;
      return classifyFailure({ ...facts, errors, remarks: readWarningLines(text) });
    },
  },
  {
    name: "what yt-dlp lists",
    samples: [
      JSON.stringify({
        _type: "playlist",
        title: "x",
        entries: [{ _type: "url", url: "https://a.kz", upload_date: "20260105" }, null],
      }),
    ],
    read: (text) => {
      const value = json(text);
      return value !== null && isJsonObject(value) ? readListEntries(value, "https://a.kz") : null;
    },
  },
  {
    name: "what ffprobe says",
    samples: [
      JSON.stringify({
        format: { format_name: "mov,mp4", duration: "10.0", start_time: "0" },
        streams: [stream],
      }),
    ],
    made: variedJson(stream).map((one) => `{"format":{"duration":"10"},"streams":[${one}]}`),
    read: (text) => {
      const video = readProbe(text)?.video;
      if (video) return microseconds(90_000, video.timeBase);
      return [parseSeconds(text), parseRatio(text)];
    },
  },
  {
    name: "what ffmpeg says",
    samples: [`0,v,SHA256=${"ab".repeat(32)}\nout_time_us=1000\nprogress=end\n`],
    read: (text) => [readStreamHashes(text), readProgress(text)],
  },
  {
    name: "a file of cookies",
    samples: ["# Netscape HTTP Cookie File\n#HttpOnly_.example.kz\tTRUE\t/\tTRUE\t0\tsid\tsecret\n"],
    read: (text) => {
      const { jar } = cookiesForHost(text, "www.example.kz");
      mustBeSame(cookiesForHost(jar, "www.example.kz").jar, jar);
    },
  },
  {
    name: "the page of a Telegram post",
    samples: [
      telegramPage("channel", [
        { id: 10, kind: "video" },
        { id: 11, kind: "large" },
        { id: 12, kind: "photo" },
      ]),
    ],
    read: (text) => restOfPost(readTelegramPost(text), false),
  },
  {
    name: "what yt-dlp said, as it is kept",
    samples: ["> GET / HTTP/2\n> Cookie: sid=secret\n< set-cookie: sid=new\nERROR: [x] 1: gone\n"],
    read: (text) => keptWords(Buffer.from(text), ["secret"]),
  },
  {
    name: "Retry-After",
    samples: ["120", "Wed, 21 Oct 2026 07:28:00 GMT", "999999999999"],
    made: fc.date({ noInvalidDate: true }).map((date) => date.toUTCString()),
    read: (text) => {
      const ms = retryAfterMs(text, new Date(0));
      if (!Number.isFinite(ms) || ms < 0) throw new Error(`a wait of ${ms} ms`);
    },
  },
  {
    name: "a date",
    samples: [
      "2026",
      "2026-02",
      "2026-02-28",
      "2026-02-28T10:00+05:00",
      "0000-01-01",
      "9999-12-31T23:59:59.999Z",
    ],
    made: fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
    read: (text) => {
      const span = dateSpan(text);
      if (span === null) return;
      if (!(span.from < span.until)) throw new Error("a stretch that ends before it begins");
      mustBeSame(dateSpan(span.from)?.from ?? "", span.from);
    },
  },
  {
    name: "what a client of the guard asks for",
    samples: ["example.kz:443", "[::1]:8443", "user@host:1"],
    read: (text) => parseAuthority(text, 443),
  },
  {
    name: "a text that is searched",
    samples: ["Қарағанды, ёлка", "ﬁ Å e\u0301"],
    read: (text) => [foldedText(text), queryWords(text)],
  },
  {
    name: "a text that is shown",
    samples: ["\u001b[2J", "👨‍👩‍👧", "gpj\u202eexe"],
    read: (text) => {
      mustBeSame(printable(printable(text)), printable(text));
      mustBeSame(JSON.stringify(JSON.parse(printableJson({ text }))), JSON.stringify({ text }));
    },
  },
];
