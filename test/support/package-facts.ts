import { createHash } from "node:crypto";
import type { CaptureRecord, Claim, DerivationRecord } from "../../src/core/capture/record.js";
import type { CaptureFacts, PackagedFile, PackageFacts } from "../../src/core/package/facts.js";
import * as samples from "./samples.js";

/** A made-up file of a package, whose digests are those of its path. */
const stamp = {
  authority: "Example Time Unit",
  signer_sha256: "5e".repeat(32),
  gen_time: "2026-11-23T18:23:00.000Z",
};

export function packaged(path: string, bytes = 1_234_567): PackagedFile {
  const digest = (name: "sha256" | "sha512") => createHash(name).update(path).digest("hex");
  return { path, bytes, sha256: digest("sha256"), sha512: digest("sha512") };
}

const keyframes = ["0.000000", "3723.500000"].map((pts_time, frame) => ({
  ...samples.derivation.keyframes[0]!,
  pts_time,
  frame,
  path: `derived/keyframes/kf-${frame}.jpg`,
}));

const derivedFiles = [
  ["ffprobe", "derived/ffprobe.json"],
  ["contact_sheet", "derived/contact-sheet.jpg"],
  ["playable", "derived/playable.mp4"],
  ["keyframe", "derived/keyframes/kf-0.jpg"],
  ["keyframe", "derived/keyframes/kf-1.jpg"],
] as const;

/** A derivation with a contact sheet, a playable copy and two keyframes. */
export const derivation: DerivationRecord = {
  ...samples.derivation,
  keyframes,
  files: derivedFiles.map(([kind, path]) => ({ ...packaged(path), kind, path })),
};

/** A capture as a package holds it, with every file that its record and derivation name. */
export function captureFacts(id: string, changes: Partial<CaptureFacts> = {}): CaptureFacts {
  const record: CaptureRecord = { ...(changes.record ?? samples.record), capture: id };
  const made = changes.derivation === undefined ? derivation : changes.derivation;
  const derived = made === null ? [] : ["derived/derivation.json", ...made.files.map(({ path }) => path)];
  const seen = (changes.pages ?? []).flatMap(({ version, files }) => [
    `page/${version}/page.json`,
    ...files.map(({ path }) => path),
  ]);
  const paths = ["record.json", ...record.files.map(({ path }) => path), ...derived, ...seen].sort();
  return {
    id,
    files: paths.map((path) => packaged(`${id}/${path}`)),
    entries: [
      { seq: 2, at: "2026-11-23T18:22:06.000Z", event: "capture", sha256: "a1".repeat(32) },
      { seq: 3, at: "2026-11-23T18:22:09.000Z", event: "derive", sha256: "b2".repeat(32) },
    ],
    pages: [],
    annotations: [],
    tags: { read: true, originals: [] },
    existedBy: [{ ...stamp, checkpoint: 4 }],
    ...changes,
    record,
    derivation: made,
  };
}

export function packageFacts(
  captures: readonly CaptureFacts[],
  changes: Partial<PackageFacts> = {},
): PackageFacts {
  return {
    origin: "holdfast/4f0c2c5e-8d0e-4a52-9f47-1f5f3e6f9f10",
    madeAt: "2026-11-24T09:12:33.000Z",
    tool: "holdfast/0.1.0",
    profile: "redacted",
    captures,
    checkpoints: [
      {
        size: 4,
        root: "cd".repeat(32),
        signedBy: "SHA256:abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ",
        tokens: [
          { file: "example-tsa", kind: "rfc3161", stamp: { ...stamp, trusted: true } },
          { file: "example-calendar", kind: "opentimestamps", stamp: null },
        ],
        witnesses: ["SHA256:witnesswitnesswitnesswitnesswitnesswitness0"],
      },
    ],
    ...changes,
  };
}

/** Texts that a hostile page can put wherever it may write anything. */
export const hostileTexts = [
  '</title></style><script>alert(1)</script><img src="http://evil.example/x" onerror="alert(2)">',
  "\"' onmouseover='alert(3)' x=\"",
  "\u202egnp.exe\u202c \u2066hidden\u2069 \u200b\u0000\u001b[31m",
  `${"Ж".repeat(10_000)}`,
  "</span></bdi></td></table><!--",
  "{{7*7}} &lt;script&gt; &#60;script&#62;",
  "مقطع\nҚала\r\nконец",
  "javascript:alert(4)",
] as const;

/** The record with this text wherever a platform, a server or a person can put one. */
export function hostileRecord(text: string): CaptureRecord {
  const said: Claim<string> = { value: text, basis: "platform_claim", from: text };
  const names = [
    "title",
    "description",
    "uploader",
    "uploader_id",
    "channel",
    "posted_at",
    "location",
  ] as const;
  return {
    ...samples.record,
    requested_url: text,
    final_url: text,
    claimed_url: said,
    parent: { url: text, title: text, index: 1 },
    source: {
      ...samples.record.source,
      ...Object.fromEntries(names.map((name) => [name, said])),
      tags: { ...said, value: [text, text] },
    },
    completeness: { verdict: "whole", grounds: [text] },
    alterations: [text],
    warnings: [text],
    software: [{ name: text, version: text, sha256: null }],
  };
}
