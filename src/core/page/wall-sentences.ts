import type { Wall } from "./wall-words.js";

/** What a wall is, for a person. */
export const wallSentences: Readonly<Record<Wall, string>> = {
  login: "the site showed a login page in place of what was asked for",
  consent: "the site showed a request for consent over the whole page",
  captcha: "the site asked for proof that a person is watching",
  error: "the site showed an error page",
};
