import type {
  CaptureRecord,
  Claim,
  DerivationRecord,
  RunRecord,
  Software,
} from "../../src/core/capture/record.js";
import type { PublicationRecord } from "../../src/core/media/publication.js";
import type { PageRecord } from "../../src/core/page/page-record.js";
import type { AnnexFacts } from "../../src/vault/annex.js";
import type { Settings } from "../../src/vault/settings.js";

/*
 * One fully populated value per published format: every field present, nothing null, every list with an item. A field
 * added to a type does not compile until it is here, and then the schema tests ask for it in the schema.
 */

const sha256 = "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef";
const sha512 = `${sha256}${sha256}`;
const at = "2026-11-23T18:22:05.120Z";
const said: Claim<string> = { value: "қалай", basis: "platform_claim", from: "info.json:title" };
const counted: Claim<number> = { value: 12, basis: "platform_claim", from: "info.json:view_count" };

export const run: RunRecord = {
  program: "yt-dlp",
  argv: ["--ignore-config", "--paths", "<staging>", "--", "https://video.example/watch/811"],
  removed: ["<staging>"],
  started_at: at,
  ended_at: at,
  exit_code: 0,
  signal: "SIGTERM",
  ended_by: "exited",
  sandbox: "prlimit",
  forked: true,
};

export const software: Software = {
  name: "yt-dlp",
  version: "2026.08.19",
  sha256,
  sha256_of: "package-content",
};

export const record: CaptureRecord = {
  v: 1,
  capture: "20261123-4T9KX2MB",
  method: "ytdlp",
  status: "captured",
  started_at: at,
  ended_at: at,
  elapsed_ms: 1200,
  clock: {
    source: "timedatectl",
    synchronised: true,
    checked_at: at,
    contradicted_by: [{ by: "site", time: at }],
  },
  requested_url: "https://video.example/watch/811",
  final_url: "https://video.example/watch/811",
  redirects: ["https://video.example/watch/811"],
  claimed_url: null,
  parent: { url: "https://video.example/channel/7", title: "Канал", index: 1 },
  source: {
    canonical_url: said,
    extractor: said,
    platform_item_id: said,
    title: said,
    description: said,
    uploader: said,
    uploader_id: said,
    uploader_url: said,
    channel: said,
    channel_id: said,
    posted_at: said,
    upload_date: said,
    duration: said,
    language: said,
    location: said,
    live_status: said,
    availability: said,
    tags: { value: ["қала"], basis: "platform_claim", from: "info.json:tags" },
    view_count: counted,
    like_count: counted,
    comment_count: counted,
  },
  files: [
    {
      role: "media_track",
      path: "original/track-1.mp4",
      bytes: 1843221,
      sha256,
      sha512,
      hashed_at: at,
      received_as: "811.mp4",
      as_received: true,
    },
  ],
  requests: [
    {
      method: "GET",
      url: "https://video.example/watch/811",
      status: 302,
      location: "https://video.example/watch/812",
      date: "Mon, 23 Nov 2026 18:22:05 GMT",
      last_modified: "Mon, 23 Nov 2026 18:00:00 GMT",
      etag: '"a"',
      content_type: "video/mp4",
      content_length: 1843221,
    },
  ],
  completeness: { verdict: "whole", grounds: ["track-1.mp4: 1843221 bytes received, as announced"] },
  rendition: { grade: "reduced", reasons: ["no-js-runtime"], formats: ["137", "140"] },
  elements: [
    { item: "target_web_address", status: "captured", reason: "in this record", paths: ["record.json"] },
    { item: "source_code", status: "not_present", reason: "no page was read", paths: [] },
    { item: "full_page_capture", status: "not_attempted", reason: "not done", paths: [] },
    {
      item: "embedded_media_files",
      status: "captured",
      reason: "as received",
      paths: ["original/track-1.mp4"],
    },
    { item: "embedded_metadata", status: "captured", reason: "as stated", paths: ["source/info.json"] },
    { item: "contextual_data", status: "not_attempted", reason: "not asked for", paths: [] },
    { item: "collection_data", status: "captured", reason: "in this record and the annex", paths: [] },
    { item: "hash_value", status: "captured", reason: "of every file", paths: [] },
  ],
  alterations: ["the downloader joined the 3 segments of track-1.mp4 in order and changed nothing else"],
  runs: [run],
  software: [software],
  redactions: [{ path: "source/info.json", raw_sha256: null, cut: ["/http_headers dropped"] }],
  warnings: ["the clock is not kept by a time service"],
};

/** The same capture as an import, whose address is a person's word. */
export const importRecord: CaptureRecord = {
  ...record,
  method: "import",
  requested_url: null,
  final_url: null,
  redirects: [],
  rendition: null,
  claimed_url: {
    value: "https://video.example/watch/811",
    basis: "person_assertion",
    from: "--source-url",
  },
};

export const derivation: DerivationRecord = {
  v: 1,
  capture: "20261123-4T9KX2MB",
  version: "v2",
  status: "done",
  started_at: at,
  ended_at: at,
  derived_from: [{ path: "original/track-1.mp4", sha256 }],
  steps: [{ step: "ffprobe", status: "captured", reason: "one video stream and one audio stream" }],
  duration: "12.512000",
  width: 1920,
  height: 1080,
  rotation: 90,
  keyframes: [
    {
      pts_time: "-0.040000",
      pts: -512,
      frame: 0,
      path: "derived/keyframes/000000.jpg",
      sha256,
      frame_sha256: sha256,
      dhash: "00ff00ff00ff00ff",
    },
  ],
  max_gap: "10",
  contact_sheet: "derived/contact-sheet.jpg",
  playable: "derived/playable.mp4",
  stream_hashes: [
    {
      original: "original/track-1.mp4",
      stream: 0,
      type: "video",
      packets_sha256: sha256,
      decoded_sha256: sha256,
    },
  ],
  decode: [{ original: "original/track-1.mp4", verdict: "sound", grounds: ["decoded without a word"] }],
  completeness: { verdict: "whole", grounds: ["as announced"] },
  files: [{ kind: "ffprobe", path: "derived/ffprobe.json", bytes: 2211, sha256, sha512 }],
  runs: [run],
  software: [software],
};

export const publication: PublicationRecord = {
  v: 1,
  capture: "20261123-4T9KX2MB",
  version: "v3",
  started_at: at,
  ended_at: at,
  derived_from: [{ path: "original/track-1.mp4", sha256 }],
  width: 1080,
  height: 1920,
  rotation: 90,
  frames: 250,
  fills: [
    {
      asked: { x: 640, y: 120, width: 200, height: 240 },
      filled: { x: 640, y: 112, width: 208, height: 256 },
      from: "12.500000",
      to: "63.000000",
      first_frame: 12,
      last_frame: 63,
    },
  ],
  sound: "removed",
  timing: { picture: "0.000000", sound: "0.021000", copy: "0.000000" },
  left_out: ["original/track-1.mp4, stream 1: audio (aac)"],
  checks: [{ check: "fills", found: "the region is black in every frame, at most 2 of 255 from black" }],
  files: [{ kind: "publication_copy", path: "publication/v3/copy.mp4", bytes: 900_000, sha256, sha512 }],
  runs: [run],
  software: [software],
};

export const page: PageRecord = {
  v: 1,
  capture: "20261123-4T9KX2MB",
  version: "v4",
  started_at: at,
  viewed_at: at,
  ended_at: at,
  requested_url: "https://video.example/watch/811",
  redirects: [{ from: "https://video.example/watch/811", to: "https://video.example/v/811", status: 301 }],
  final_url: "https://video.example/v/811",
  http_status: 200,
  title: { value: "A post", basis: "platform_claim", from: "dom.html:title" },
  status: "wall",
  wall: "consent",
  grounds: ["a known consent frame covers the window"],
  viewport: { width: 1280, height: 800 },
  page_height: 5371,
  tiles: [{ path: "page/v4/full-01.png", y: 0, width: 1280, height: 5371 }],
  cut: false,
  coverage: { responses: 3, with_body: 2, listed: 1 },
  listed: [{ url: "https://video.example/live", status: 200, reason: "unfinished" }],
  unanswered: [{ url: "https://count.example/", error: "net::ERR_NAME_NOT_RESOLVED" }],
  stops: ["never-settled"],
  held_back: { dialogs: 1, downloads: 0, windows: 2, processes: 0 },
  browser: "Chrome/150.0.7871.100",
  user_agent: "Mozilla/5.0 (X11; Linux x86_64) Chrome/150.0.0.0 Safari/537.36",
  own_sandbox: true,
  files: [
    { kind: "page_view", path: "page/v4/view.png", bytes: 21_391, sha256, sha512, as_received: true },
    { kind: "page_dom", path: "page/v4/dom.html", bytes: 299, sha256, sha512, as_received: false },
  ],
  redactions: [{ path: "page/v4/dom.html", raw_sha256: null, cut: ["1:118 address"] }],
  runs: [run],
  software: [software],
  clock: record.clock,
};

export const config: Settings = {
  v: 1,
  vault_id: "5d0c6a1f9be34c70a6f2d18e4b7c9035",
  created_at: at,
  actor: "operator-7f3a9c01d2",
  settings: {
    authorities: [
      {
        name: "one",
        url: "https://tsa.example/",
        policy: "1.2.3",
        roots: ["-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"],
      },
    ],
    calendars: [{ name: "two", url: "https://calendar.example/" }],
    anchor_wait_seconds: 10,
    proxy: "socks5h://127.0.0.1:9050",
  },
};

const annexFacts: Omit<AnnexFacts, "rawFiles"> = {
  capture: record.capture,
  salt: "00112233445566778899aabbccddeeff",
  collector: "aigerim",
  hostname: "desk",
  os: "Linux 6.1.0",
  time_zone: "Asia/Almaty",
  received_from: "a colleague",
  proxy: "socks5://127.0.0.1:9050",
  cookies_sha256: sha256,
  places: { "<staging>": "/home/aigerim/vault/staging" },
  place_bytes: { "<imported file>": "2f8f" },
  connections: [
    {
      at,
      host: "video.example",
      port: 443,
      address: "192.0.2.7",
      bytes_in: 1843900,
      bytes_out: 1200,
      refused: "a private address",
    },
  ],
};

export const annex = {
  v: 1,
  ...annexFacts,
  egress: { address: "192.0.2.9", how: "as the operator said" },
  files: [{ path: "info.json", bytes: 4120, sha256 }],
};
