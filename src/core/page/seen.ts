import type { Json } from "../../audit/canonical-json.js";
import { listAt, memberAt, numberAt, textAt } from "./foreign-fields.js";

/** What was seen of a page: facts that walls are recognised by. All text is the page's own and hostile. */
export interface SeenPage {
  readonly title: string;
  /** The first characters of the visible text. */
  readonly text: string;
  readonly textLength: number;
  /** Fields for passwords that can be seen. */
  readonly passwords: number;
  /** Names of `pageMarks` of which an element can be seen, or for scripts and settings is there. */
  readonly marks: readonly string[];
  /** Addresses of frames that can be seen. */
  readonly frames: readonly string[];
  /** What lies over the largest part of the window; null if nothing does. */
  readonly cover: Cover | null;
}

/** An element that stays over the page while it is scrolled: a dialog with its backdrop, a banner, a bar. */
export interface Cover {
  /** Of the window, from 0 to 1. */
  readonly share: number;
  /** Whether the page itself calls it a dialog. */
  readonly modal: boolean;
  readonly text: string;
  readonly passwords: number;
  readonly marks: readonly string[];
}

/** The longest text that is looked at. */
export const mostText = 6000;

/** Reads what the script in the page answered. Nothing in it is believed to have its form. */
export function seenPage(value: Json | undefined): SeenPage {
  const cover = memberAt(value, "cover");
  return {
    title: cut(textAt(value, "title")),
    text: cut(textAt(value, "text")),
    textLength: numberAt(value, "textLength") ?? 0,
    passwords: numberAt(value, "passwords") ?? 0,
    marks: textsIn(listAt(value, "marks")),
    frames: textsIn(listAt(value, "frames")),
    cover: cover === undefined || cover === null ? null : coverIn(cover),
  };
}

function coverIn(value: Json): Cover {
  return {
    share: Math.min(1, Math.max(0, numberAt(value, "share") ?? 0)),
    modal: memberAt(value, "modal") === true,
    text: cut(textAt(value, "text")),
    passwords: numberAt(value, "passwords") ?? 0,
    marks: textsIn(listAt(value, "marks")),
  };
}

function textsIn(values: readonly Json[]): readonly string[] {
  return values.slice(0, 200).flatMap((value) => (typeof value === "string" ? [value.slice(0, 2048)] : []));
}

function cut(text: string | null): string {
  return (text ?? "").slice(0, mostText);
}
