import { existsSync } from "node:fs";
import { type Door, isOfTheSystem, type Jail } from "../run/jail.js";
import { doorPort } from "../run/jail-door.js";
import type { Limits, RunRequest } from "../run/run-request.js";

/** How large the window is, in pixels; each is a pixel of the pictures. */
export const viewport = { width: 1280, height: 800 } as const;

/** Bounds of one visit. */
export interface VisitLimits {
  /** For the whole visit, the browser's start included. */
  readonly wallMs: number;
  /** Of all files together. */
  readonly bytes: number;
  /** Of all the browser's processes together, beside what they share with others on the disk. */
  readonly memoryBytes: number;
  /** How long a page may take until its requests rest; a second time after scrolling. */
  readonly settleMs: number;
  /** How long the page may take to answer one question; a picture of a tall part takes seconds on a busy machine. */
  readonly answerMs: number;
  /** How long to scroll for what is loaded only then. */
  readonly scrollMs: number;
  /** The most of a page that is scrolled through and pictured, in pixels. */
  readonly tallest: number;
}

const mib = 1024 * 1024;

export const visitLimits: VisitLimits = {
  wallMs: 90_000,
  bytes: 200 * mib,
  memoryBytes: 1536 * mib,
  settleMs: 10_000,
  answerMs: 20_000,
  scrollMs: 20_000,
  tallest: 160_000,
};

/** Nothing of the browser's own: no updates, no reports, no look-ups, no accounts. */
const silent = [
  "--no-first-run",
  "--no-default-browser-check",
  "--no-pings",
  "--no-service-autorun",
  "--disable-background-networking",
  "--disable-breakpad",
  "--disable-client-side-phishing-detection",
  "--disable-component-extensions-with-background-pages",
  "--disable-component-update",
  "--disable-default-apps",
  "--disable-domain-reliability",
  "--disable-extensions",
  "--disable-field-trial-config",
  "--disable-search-engine-choice-screen",
  "--disable-sync",
  "--metrics-recording-only",
  "--safebrowsing-disable-auto-update",
  // Asks whether it may offer searches of its own, and where push messages come from.
  "--gcm-checkin-url=data:,",
  `--disable-features=${[
    "AimEnabled",
    "AimServerEligibilityEnabled",
    "AimServerRequestOnIdentityChangeEnabled",
    "AimServerRequestOnStartupEnabled",
    "AutofillServerCommunication",
    "CertificateTransparencyComponentUpdater",
    "DialMediaRouteProvider",
    "HttpsFirstBalancedModeAutoEnable",
    "HttpsUpgrades",
    "InterestFeedContentSuggestions",
    "MediaRouter",
    "NavigationPredictor",
    "NetworkTimeServiceQuerying",
    "OptimizationHints",
    "PreconnectToSearch",
    "Prerender2",
    "Translate",
  ].join()}`,
] as const;

/** Its only way out is the door: neither UDP nor a peer goes past it, and no address is looked up by the browser. */
const confined = [
  `--proxy-server=http://127.0.0.1:${doorPort}`,
  "--proxy-bypass-list=<-loopback>",
  "--disable-quic",
  "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
  "--webrtc-ip-handling-policy=disable_non_proxied_udp",
  "--dns-prefetch-disable",
] as const;

/** The same picture on every machine, as far as its fonts allow. */
const plain = [
  "--disable-gpu",
  "--force-color-profile=srgb",
  "--force-device-scale-factor=1",
  "--hide-scrollbars",
  "--mute-audio",
  `--window-size=${viewport.width},${viewport.height}`,
] as const;

/** The browser's own arguments. `ownSandbox` is false only where it cannot lock in its own processes. Pure. */
export function chromiumArgv(userAgent: string | null, ownSandbox: boolean): readonly string[] {
  return [
    "--headless",
    "--no-startup-window",
    "--remote-debugging-pipe",
    "--user-data-dir=/tmp/profile",
    "--disk-cache-dir=/dev/null",
    ...silent,
    ...confined,
    ...plain,
    ...(userAgent === null ? [] : [`--user-agent=${userAgent}`]),
    ...(ownSandbox ? [] : ["--no-sandbox"]),
  ];
}

/**
 * The shell's arguments for starting the browser so that its descriptors 3 and 4, over which it talks, are the shell's
 * input and output: the door of the jail has closed all others.
 */
function overPipes(chromium: string, argv: readonly string[]): readonly string[] {
  return ["-c", 'exec "$@" 3<&0 4>&1 0</dev/null 1>&2', "sh", chromium, ...argv];
}

/**
 * The name under which the browser asks: its own, without the word that says it has no window, for which many sites show
 * a wall instead of the page. Null if the version is no version.
 */
export function userAgentOf(version: string): string | null {
  const major = /^(\d+)\./.exec(version)?.[1];
  if (major === undefined) return null;
  return `Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${major}.0.0.0 Safari/537.36`;
}

/** Fonts and their index; a jail shows nothing else of the system's settings. */
const fontPlaces = ["/etc/fonts", "/var/cache/fontconfig"];

/** Connects the pipes. */
const shell = "/bin/sh";

/**
 * The browser's jail and limits. Its profile is in the jail's memory and goes with it. It writes nothing on the disk: what
 * is kept of a page comes over the pipe.
 */
export function chromiumRun(
  chromium: string,
  argv: readonly string[],
  scratch: string,
  door: Door,
  limits: VisitLimits,
): Pick<RunRequest, "program" | "argv" | "cwd" | "limits" | "jail" | "env"> {
  const jail: Jail = {
    reads: [...fontPlaces.filter((path) => existsSync(path)), ...(isOfTheSystem(chromium) ? [] : [chromium])],
    writes: [],
    door,
    nests: true,
    tmpBytes: limits.bytes,
  };
  // It makes a socket in the folder for temporary files, for which a path of the vault's can be too long.
  const env = { HOME: "/tmp", XDG_CONFIG_HOME: "/tmp", XDG_CACHE_HOME: "/tmp", TMPDIR: "/tmp" };
  return {
    program: shell,
    argv: overPipes(chromium, argv),
    cwd: scratch,
    limits: processLimits(limits),
    jail,
    env,
  };
}

/** Of each process; those of all together are watched. */
function processLimits(limits: VisitLimits): Limits {
  return {
    wallMs: limits.wallMs,
    cpuSeconds: Math.ceil((2 * limits.wallMs) / 1000),
    addressSpaceBytes: 4 * 1024 * mib,
    reservesMemory: true,
    openFiles: 4096,
    fileSizeBytes: Math.max(limits.bytes, 64 * mib),
    // Bodies and pictures come as base64 of which each may be sent more than once.
    stdoutBytes: 8 * limits.bytes,
  };
}
