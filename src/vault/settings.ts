import { X509Certificate } from "node:crypto";
import { exactText } from "../audit/bytes.js";
import { webUrl } from "../core/capture/source-url.js";
import { HoldfastError } from "../core/words/error.js";
import { shippedRootsOf } from "./authority-roots.js";
import { schemaProblems } from "./json-schemas.js";
import { readNamedQuietly } from "./named-file.js";

/** `holdfast.json`: what a vault is called and how it is run. Schema `config.schema.json`. */
export interface Settings {
  readonly v: 1;
  readonly vault_id: string;
  readonly created_at: string;
  /** Pseudonymous name of whoever acts; never a person's name, which belongs in the private annex. */
  readonly actor: string;
  readonly settings: VaultSettings;
}

/** What a person may set (`config.schema.json`). What is missing is off, or has the default that the schema states. */
export interface VaultSettings {
  readonly authorities?: readonly Authority[];
  readonly calendars?: readonly Calendar[];
  readonly anchor_wait_seconds?: number;
  readonly proxy?: string;
}

/** An RFC 3161 time-stamping authority that is asked about every checkpoint. */
export interface Authority {
  readonly name: string;
  readonly url: string;
  /** An OID; an answer under another policy is refused. */
  readonly policy?: string;
  /** PEM; without it, the roots that come with this program and with Node.js. */
  readonly roots?: readonly string[];
}

/** An OpenTimestamps calendar. */
export interface Calendar {
  readonly name: string;
  readonly url: string;
}

/**
 * The authorities that are asked if nobody chose any: two operators that have nothing to do with each other, need no
 * account, and whose roots are known (EVIDENCE.md §3.3). A person replaces them in holdfast.json.
 */
export const defaultAuthorities: readonly Authority[] = [
  { name: "digicert", url: "http://timestamp.digicert.com", roots: shippedRootsOf("digicert") },
  { name: "sectigo", url: "http://timestamp.sectigo.com", roots: shippedRootsOf("sectigo") },
];

/** A new vault's settings, from the day it is made and random bytes (16 for the vault, 5 for the actor). */
export function newSettings(at: string, vaultRandom: Uint8Array, actorRandom: Uint8Array): Settings {
  return {
    v: 1,
    vault_id: Buffer.from(vaultRandom).toString("hex"),
    created_at: at,
    actor: `operator-${Buffer.from(actorRandom).toString("hex")}`,
    settings: { authorities: defaultAuthorities, calendars: [], anchor_wait_seconds: 10 },
  };
}

export function encodeSettings(settings: Settings): string {
  return `${JSON.stringify(settings, null, 2)}\n`;
}

/** Reads and validates `holdfast.json`; a person may have edited it. */
export function readSettings(path: string): { readonly settings: Settings; readonly text: string } {
  const text = exactText(readNamedQuietly(path));
  if (text === null) throw unknownSettings(path, "it is not UTF-8");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw unknownSettings(path, "it is not JSON");
  }
  const problems = schemaProblems("config", value);
  if (problems.length > 0 || !isSettings(value)) throw unknownSettings(path, problems.join("; "));
  const problem = findProblem(value.settings);
  if (problem !== null) throw unknownSettings(path, problem);
  return { settings: value, text };
}

/** What a schema cannot say: found when the settings are read, not when an authority is asked. */
function findProblem({ authorities = [], calendars = [], proxy }: VaultSettings): string | null {
  const names = [...authorities, ...calendars].map(({ name }) => name);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) return `settings: two authorities or calendars are called ${twice}`;
  for (const { name, url, policy, roots = [] } of [...authorities, ...calendars.map(asAuthority)]) {
    const address = webUrl(url);
    if (address === null) return `settings: the url of ${name} is not an address`;
    const { username, password } = address;
    if (username !== "" || password !== "")
      return `settings: the url of ${name} has a user name or password in it`;
    if (policy !== undefined && !/^([01]\.[0-3]?\d|2\.\d+)(\.\d+)*$/.test(policy)) {
      return `settings: the policy of ${name} is not an object identifier`;
    }
    const bad = roots.findIndex((root) => !isCertificate(root));
    if (bad >= 0) return `settings: root ${bad + 1} of ${name} is not a certificate in PEM`;
  }
  if (proxy === undefined || isProxy(proxy)) return null;
  return "settings: proxy is neither http:// nor socks5:// with a host, such as socks5://127.0.0.1:9050";
}

function asAuthority({ name, url }: Calendar): Authority {
  return { name, url };
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
}

function isProxy(text: string): boolean {
  const url = webUrl(text);
  return url !== null && /^(http|socks5h?):$/.test(url.protocol) && url.hostname !== "";
}

function unknownSettings(path: string, why: string): HoldfastError {
  return new HoldfastError(
    "no-vault",
    `reading ${path}: these are not vault settings that this version knows: ${why}`,
    "compare it with schemas/config.schema.json, or run 'holdfast verify'",
  );
}

function isSettings(value: unknown): value is Settings {
  return (
    typeof value === "object" &&
    value !== null &&
    "vault_id" in value &&
    "actor" in value &&
    "settings" in value
  );
}
