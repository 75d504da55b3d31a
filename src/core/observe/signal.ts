/**
 * By what something was learnt. A look-up asks the platform as the downloader does and reads its structured answer; an
 * address is the post's own, asked without following a redirect; oEmbed, the embeddable form and the thumbnail's host are
 * second channels; words are what a page or a platform says in sentences, and count for nothing by themselves.
 */
export type Channel = "look-up" | "address" | "oembed" | "embed" | "thumbnail" | "words";

/** How much a channel is worth, 1 the most. */
export type Rank = 1 | 2 | 3 | 4;

const ranks: Readonly<Record<Channel, Rank>> = {
  "look-up": 1,
  address: 2,
  oembed: 3,
  embed: 3,
  thumbnail: 3,
  words: 4,
};

export function rankOf(channel: Channel): Rank {
  return ranks[channel];
}

/** What a signal has to say about the post. */
export type Saying =
  | "present"
  | "absent"
  /** What a platform says of a removed post, and of others too. */
  | "doubtful"
  | "restricted"
  | "blocked"
  | "unreachable"
  /** The server answered, which shows that it answers and nothing about the post. */
  | "answered"
  | "unclear";

/** The closed list of what one channel can tell. */
export type SignalCode =
  | "found"
  | "removed"
  | "not-there"
  | "unavailable"
  | "login"
  | "private"
  | "age"
  | "country"
  | "rate"
  | "retry-after"
  | "bot-check"
  | "address-refused"
  | "name"
  | "tls"
  | "time-out"
  | "connection"
  | "private-address"
  | "answered"
  | "redirected"
  | "refused"
  | "site-fault"
  | "empty"
  | "not-understood";

const sayings: Readonly<Record<SignalCode, Saying>> = {
  found: "present",
  removed: "absent",
  "not-there": "absent",
  unavailable: "doubtful",
  login: "restricted",
  private: "restricted",
  age: "restricted",
  country: "restricted",
  rate: "blocked",
  "retry-after": "blocked",
  "bot-check": "blocked",
  "address-refused": "blocked",
  name: "unreachable",
  tls: "unreachable",
  "time-out": "unreachable",
  connection: "unreachable",
  "private-address": "unreachable",
  answered: "answered",
  redirected: "unclear",
  refused: "unclear",
  "site-fault": "unclear",
  empty: "unclear",
  "not-understood": "unclear",
};

/** One thing that was learnt, and by what. */
export interface Signal {
  readonly by: Channel;
  readonly code: SignalCode;
}

/** What a signal says of the post. Words say nothing, whatever they are. */
export function sayingOf({ by, code }: Signal): Saying {
  return rankOf(by) === 4 ? "unclear" : sayings[code];
}
