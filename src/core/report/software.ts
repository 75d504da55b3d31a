import type { Software } from "../capture/record.js";
import { digestToHandOn } from "../package/telling-digests.js";
import { type Html, type HtmlValue, html } from "../words/html.js";
import { exact, grid, type Say } from "./markup.js";

/**
 * Programs and versions with their digests, except digests that reveal something about the collector's machine
 * (FORMAT.md §5.5).
 */
export function softwareTable(software: readonly Software[], say: Say): Html {
  const rows = software.map((program) => [
    exact(program.name),
    exact(program.version),
    softwareDigest(program, say),
  ]);
  return grid(
    [
      [say("program"), 18],
      [say("version"), 22],
      [say("digest"), 60],
    ],
    rows,
  );
}

function softwareDigest(program: Software, say: Say): HtmlValue {
  const sha256 = digestToHandOn(program);
  if (sha256 !== null)
    return [
      exact(sha256),
      program.sha256_of === "package-content"
        ? html`<br><span class="small">${say("digestOfContent")}</span>`
        : null,
    ];
  return say(program.sha256 === null ? "unknown" : "digestTells");
}
