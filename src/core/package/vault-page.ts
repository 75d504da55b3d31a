import { judgeSoundness, soundnessSentence } from "../capture/soundness.js";
import { outcomeOf } from "../report/facts.js";
import { banner, documentText, exact, list, section } from "../report/markup.js";
import { english } from "../report/texts/en.js";
import { folderPlayerPolicy, type Html, type HtmlValue, html } from "../words/html.js";
import { printable } from "../words/printable.js";
import type { CaptureFacts, VaultCaptureFacts, VaultPageFacts } from "./facts.js";
import { shownLimits } from "./page.js";
import { type ClipSetting, clipName, clipSection } from "./page-clip.js";
import { packageStyle, playerStyle, playerUrl, utc } from "./page-markup.js";
import { type DescribedFile, describedFiles, mediaType } from "./roles.js";

/**
 * The page of captures in a vault, for whoever keeps it: the sections of a package's page with a player. It lies beside
 * links to the files, runs nothing and loads only what lies beside it. It leaves out what a package does by default: the
 * private annex, and what people noted.
 */
export function vaultPage(of: VaultPageFacts): string {
  const { captures } = of;
  const [first] = captures;
  const single = captures.length === 1 && first !== undefined;
  return documentText({
    language: "en",
    title: single
      ? `${printable(first.record.source.title?.value ?? first.id, 120)} · holdfast`
      : `${captures.length} clips · holdfast`,
    foot: single ? first.id : "vault",
    policy: folderPlayerPolicy,
    ownStyle: html`${packageStyle}${playerStyle}`,
    top: head(of),
    body: [
      captures.map((clip, at) => clipSection(clip, at + 1, captures.length, settingOf(clip))),
      checkSection(captures),
      section(
        "shows",
        "What this does not show",
        list(shownLimits.map((limit) => english[`limit.${limit}`])),
      ),
    ],
  });
}

function head({ captures, madeAt, tool }: VaultPageFacts): Html {
  const count = captures.length;
  return html`<header>
<p class="kicker">holdfast · what the vault has</p>
<h1>${count === 1 ? "One archived clip" : `${count} archived clips`}</h1>
<p class="lead">Made ${utc(madeAt)} with ${tool} from the record and the log. Nothing on this page has been checked; <a href="#check">a check</a> reads every byte again.</p>
</header>
${count === 1 ? null : contents(captures)}`;
}

function contents(captures: readonly CaptureFacts[]): Html {
  const items = captures.map((clip) => {
    const outcome = outcomeOf(clip.record, clip.derivation);
    const state = outcome === "captured" ? null : html` <strong class="fail">${outcome}</strong>`;
    return html`<li><a href="#clip-${clip.id}">${clipName(clip)}</a> <span class="small">${clip.id}</span>${state}</li>`;
  });
  return html`<nav><ol>${items}</ol></nav>
`;
}

function settingOf(clip: VaultCaptureFacts): ClipSetting {
  return {
    top: [missing(clip), players(clip)],
    existed: stamps(clip),
    sha512: html`${exact("inventory.json")} of its object in the vault`,
  };
}

function missing({ missing: paths }: VaultCaptureFacts): HtmlValue {
  if (paths.length === 0) return null;
  const shown = paths.slice(0, 20).map(exact);
  return [
    banner("bad", "NOT AS RECORDED. Files that the log names are missing, or have another size:"),
    list([...shown, ...(paths.length > shown.length ? ["…"] : [])]),
  ];
}

function stamps({ existedBy }: CaptureFacts): HtmlValue {
  if (existedBy.length === 0)
    return "No time-stamp over this clip is in the vault yet: every time here is the word of whoever wrote the log.";
  return existedBy.map(
    ({ authority, gen_time, checkpoint }) =>
      html`<div><strong>${utc(gen_time)}</strong>, by the file of ${exact(authority)} (checkpoint ${checkpoint}), not checked here</div>`,
  );
}

/**
 * A player for the playable copy, else for each original that a browser may know. It loads nothing before somebody
 * presses play: the clip is a stranger's file.
 */
function players(clip: CaptureFacts): HtmlValue {
  const files = describedFiles(clip);
  const playable = files.find(({ logicalPath }) => logicalPath === clip.derivation?.playable);
  const tracks = playable === undefined ? files.filter(({ role }) => role === "media track") : [playable];
  const heard = clip.derivation && judgeSoundness(clip.derivation, clip.record.method);
  if (heard === "unreadable" || heard === "no-media")
    return html`<p class="small">There is no player: ${soundnessSentence(heard)}.</p>
`;
  const shown = tracks.flatMap((file) => player(file, poster(clip, files)) ?? []);
  if (shown.length === 0) return null;
  return html`${shown}<p class="small">Not every browser plays every clip; the buttons below lead to the files themselves.</p>
`;
}

/** The first keyframe that is there, to be seen in the player before anything plays. */
function poster({ derivation }: CaptureFacts, files: readonly DescribedFile[]): string | null {
  const paths = new Set(derivation?.keyframes.map(({ path }) => path));
  const frame = files.find(({ logicalPath }) => paths.has(logicalPath));
  return frame === undefined ? null : playerUrl(frame);
}

function player(file: DescribedFile, shownFirst: string | null): Html | null {
  const url = playerUrl(file);
  if (url === null) return null;
  const kind = mediaType(file.path).split("/")[0];
  const label = html`${file.logicalPath}`;
  if (kind === "audio")
    return html`<audio controls preload="none" src="${url}" aria-label="${label}"></audio>\n`;
  if (kind !== "video") return null;
  return shownFirst === null
    ? html`<video controls preload="none" src="${url}" aria-label="${label}"></video>\n`
    : html`<video controls preload="none" src="${url}" poster="${shownFirst}" aria-label="${label}"></video>\n`;
}

function checkSection(captures: readonly CaptureFacts[]): Html {
  const ids = captures.map(({ id }) => id).join(" ");
  return section(
    "check",
    "How to check it, and how to hand it over",
    list([
      html`${exact(`holdfast verify ${ids}`)} reads every byte again and says whether it is as it was logged.`,
      html`${exact(`holdfast export ${ids} --to package`)} makes a package that others can check without this vault.`,
      html`${exact(`holdfast show ${captures[0]?.id ?? ""}`)} has everything, the notes of people too. This page is for whoever keeps the vault and is no evidence itself.`,
    ]),
  );
}
