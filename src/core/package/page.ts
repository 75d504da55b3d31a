import { outcomeOf } from "../report/facts.js";
import { banner, documentText, exact, facts, list, note, section, subheading } from "../report/markup.js";
import { english } from "../report/texts/en.js";
import { folderSecurityPolicy, type Html, type HtmlValue, html } from "../words/html.js";
import type { PackageFacts } from "./facts.js";
import { clipName, clipSection } from "./page-clip.js";
import { fullSize, packageStyle, utc } from "./page-markup.js";
import { checkpointsTable } from "./page-tables.js";

/**
 * `data/index.html` of a package (FORMAT.md §17): what it is, the clips, then the proof, for somebody without holdfast.
 * It runs nothing and loads only pictures of the package. All of it is the word of whoever made the package.
 */
export function packagePage(of: PackageFacts): string {
  const [first] = of.captures;
  const single = of.captures.length === 1 && first !== undefined;
  return documentText({
    language: "en",
    title: single ? `${first.id} · package` : `Package of ${of.captures.length} clips`,
    foot: single ? first.id : "package",
    policy: folderSecurityPolicy,
    ownStyle: packageStyle,
    top: head(of),
    body: [
      of.captures.map((clip, at) => clipSection(clip, at + 1, of.captures.length)),
      packageSection(of),
      checkpointsSection(of),
      showsSection(of),
      checkSection(),
    ],
  });
}

function head(of: PackageFacts): Html {
  const count = of.captures.length;
  return html`<header>
<p class="kicker">holdfast · package for checking by others</p>
<h1>${count === 1 ? "One archived video" : `${count} archived videos`}</h1>
<p class="lead">Kept with digests and log entries written on arrival, and with the means to check both. Made ${utc(of.madeAt)} with ${of.tool}.</p>
${privacy(of)}
<p>This page is a guide by whoever made the package; nothing on it has been checked by your browser. <a href="#check">How to check it</a> says what to do before anybody relies on it.</p>
</header>
${contents(of)}`;
}

function privacy({ profile }: PackageFacts): Html | null {
  return profile === "redacted"
    ? null
    : banner(
        "bad",
        "PRIVATE. This package holds the private annex, which names people, machines and addresses. Do not publish it and do not hand it on without need.",
      );
}

function contents(of: PackageFacts): Html {
  const clips = of.captures.map((clip) => {
    const outcome = outcomeOf(clip.record, clip.derivation);
    const state = outcome === "captured" ? null : html` <strong class="fail">${outcome}</strong>`;
    return html`<li><a href="#clip-${clip.id}">${clipName(clip)}</a> <span class="small">${clip.id}</span>${state}</li>`;
  });
  const rest = [
    ["package", "What is in this package"],
    ["checkpoints", "Signatures and outside time"],
    ["shows", "What this shows, and what it does not"],
    ["check", "How to check it"],
  ] as const;
  return html`<nav><ol>${clips}${rest.map(([id, title]) => html`<li><a href="#${id}">${title}</a></li>`)}</ol></nav>
`;
}

function packageSection(of: PackageFacts): Html {
  const files = of.captures.flatMap((clip) => clip.files);
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  return section(
    "package",
    "What is in this package",
    facts([
      ["Origin: the vault it is from", exact(of.origin)],
      ["Made (UTC)", html`${exact(of.madeAt)}, ${exact(of.tool)}`],
      ["Clips", list(of.captures.map(({ id }) => exact(id)))],
      ["Their files", `${files.length} files, ${fullSize(bytes)}`],
      ["Profile", profileWords(of)],
    ]),
    note(
      html`It holds what its maker chose. Other clips of the same vault, and their entries in the log, are not in it; what people may have noted about these clips is in it only where it was asked for. <a href="ro-crate-metadata.json">ro-crate-metadata.json</a> describes the same files for programs.`,
    ),
  );
}

function profileWords({ profile }: PackageFacts): HtmlValue {
  if (profile === "with-annex") {
    return html`<strong>${exact("with-annex")}</strong>: the private annex of each clip is in it: who collected, on which machine, over which connection, and the raw bytes of what was cut from copies.`;
  }
  return html`${exact("redacted")}: <strong>not in it</strong> is the private annex of each clip: who collected, on which machine, over which connection, and the raw bytes of what was cut from copies. Its SHA-256 stands in the log, so that it can be shown later.`;
}

function checkpointsSection({ checkpoints }: PackageFacts): Html {
  const none = note("No checkpoint is in this package: nothing in it is signed.");
  return section(
    "checkpoints",
    "Signatures and outside time",
    note(
      "A checkpoint is one digest (the root) over all entries of the log up to a number, signed with the key of the vault. A time-stamp is the statement of an outside authority over a signed checkpoint. The keys and times below are read from the files; reading them is no check.",
    ),
    checkpoints.length === 0 ? none : checkpointsTable(checkpoints),
  );
}

/** Which of the limits (EVIDENCE §11) a page with pictures of a clip names. */
export const shownLimits = [
  "footage",
  "event",
  "platform",
  "time",
  "complete",
  "operator",
  "original",
  "claimed",
  "person",
  "court",
  "safety",
] as const;

function showsSection(of: PackageFacts): Html {
  const stamped = of.captures.some(({ existedBy }) => existedBy.length > 0);
  return section(
    "shows",
    "What this shows",
    html`<p>If every check passes:</p>`,
    list([
      "The files are byte for byte those that the log names by their SHA-256: unchanged since it was computed, which for files as received was on arrival.",
      "Each log entry in the package is one of the entries under a checkpoint, and a key signed that checkpoint.",
      stamped
        ? "The checkpoint that an authority stamped, with every entry under it, existed not later than the time the authority states."
        : "No outside authority states a time for these clips. Since when they exist is the word of whoever wrote the log.",
    ]),
    subheading("What this does not show"),
    list(shownLimits.map((limit) => english[`limit.${limit}`])),
  );
}

function checkSection(): Html {
  return section(
    "check",
    "How to check it",
    html`<ol>
<li>Read <a href="../VERIFY.md">VERIFY.md</a>. It says which programs to use and what each step shows.</li>
<li>Get the fingerprint of the signing key from the people who signed, by another way than this package, and the root certificates of the time-stamp authorities from these authorities. A package can bring any key it likes.</li>
<li>Follow VERIFY.md with programs of your own. <a href="../verify.sh">verify.sh</a> does the same steps; nobody should run it without having read it, because it came with what it is to check.</li>
<li>If you hold an earlier checkpoint of this vault, compare it: only that shows that the log was not written anew since.</li>
</ol>`,
  );
}
