import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { preserve, type RecordFacts } from "../../src/capture/store-capture.js";
import { annotationBody, fromCommandLine, readAnnotation } from "../../src/core/capture/annotation.js";
import { buildCaptureId } from "../../src/core/capture/capture-id.js";
import { readPlatformFacts } from "../../src/core/capture/info-json.js";
import type { CaptureRecord } from "../../src/core/capture/record.js";
import { wellFormed } from "../../src/core/words/printable.js";
import { digestFile } from "../../src/vault/digest-file.js";
import { beginAttempt } from "../../src/vault/recovery.js";
import { logEntry, type Vault } from "../../src/vault/vault.js";
import * as samples from "./samples.js";

const platformFields = [
  "title",
  "uploader",
  "description",
  "webpage_url",
  "extractor_key",
  "id",
  "uploader_id",
  "uploader_url",
  "channel",
  "channel_id",
  "upload_date",
  "language",
  "location",
  "live_status",
  "availability",
];

/** `record` with these texts wherever a site, a server, a file or a person writes, the first of them as the title. */
export function hostileFacts(texts: readonly string[], facts: CaptureRecord = samples.record): CaptureRecord {
  const at = (index: number) => texts[index % texts.length] ?? "";
  const clean = (index: number) => wellFormed(at(index));
  // As typed it may hold anything behind its host.
  const typed = `https://video.example/watch?x=${clean(1)}`;
  const [exchange] = samples.record.requests;
  return {
    ...facts,
    ...(facts.method === "import"
      ? { claimed_url: { value: clean(3), basis: "person_assertion", from: clean(4) } }
      : { requested_url: typed, final_url: typed, redirects: [typed, clean(2)] }),
    parent: { url: clean(5), title: clean(6), index: 1 },
    source: readPlatformFacts(
      {
        ...Object.fromEntries(platformFields.map((field, index) => [field, at(index)])),
        tags: texts.slice(0, 9),
      },
      "info.json",
    ),
    files: facts.files.map((file) => ({ ...file, received_as: clean(0) })),
    requests: [
      {
        ...exchange!,
        url: clean(7),
        location: clean(8),
        date: clean(9),
        etag: clean(0),
        content_type: clean(1),
        last_modified: clean(2),
      },
    ],
    completeness: { verdict: "whole", grounds: [clean(0)] },
    alterations: [clean(1)],
    software: [{ name: clean(2), version: clean(3), sha256: null }],
    redactions: facts.redactions.map((one) => ({ ...one, cut: [clean(4)] })),
    warnings: [clean(0), clean(5)],
    runs: [{ ...samples.run, program: clean(6), argv: [clean(7)], ended_by: clean(8), sandbox: clean(9) }],
  };
}

/** Commits a capture, or an import, whose record says these texts, and notes them. Returns its id. */
export function captureHostile(
  vault: Vault,
  texts: readonly string[],
  like: CaptureRecord = samples.record,
): string {
  const capture = buildCaptureId(vault.now(), vault.random(5));
  const staging = beginAttempt(vault, capture, wellFormed(texts[0] ?? ""));
  const path = join(staging, "track-1.mp4");
  writeFileSync(path, capture, { mode: 0o444 });
  const { v: _v, files, elements, ...facts } = hostileFacts(texts, like);
  const [file] = files;
  const hashed = {
    path,
    logicalPath: "original/track-1.mp4",
    role: "media_track",
    receivedAs: file?.received_as ?? null,
    asReceived: true,
    digest: digestFile(path),
    hashedAt: vault.now().toISOString(),
  } as const;
  const order: RecordFacts = { ...facts, capture, redactions: [], elements: () => elements };
  preserve(vault, staging, order, [hashed], {
    capture,
    salt: "ab".repeat(16),
    collector: wellFormed(texts[0] ?? ""),
    hostname: "somewhere",
    os: "Linux",
    time_zone: "UTC",
    received_from: wellFormed(texts[1] ?? ""),
    proxy: null,
    cookies_sha256: null,
    places: {},
    connections: [],
    rawFiles: [],
  });
  const pairs = texts.slice(0, 3).map((text, index) => [index === 0 ? "note" : text, text] as const);
  const { values } = readAnnotation(pairs);
  if (Object.keys(values).length > 0)
    logEntry(vault, "annotate", annotationBody(capture, values, fromCommandLine));
  return capture;
}
