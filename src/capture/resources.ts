import { mkdirSync } from "node:fs";
import { homedir, hostname, type as osType, release, userInfo } from "node:os";
import { join } from "node:path";
import type { ClockCheck, Software } from "../core/capture/record.js";
import { webUrl } from "../core/capture/source-url.js";
import { HoldfastError } from "../core/words/error.js";
import { closeAfterWriting, type HeadReport, type SealOptions } from "../seal/checkpoint.js";
import { mayMakeVault, newVaultWords } from "../seal/new-vault.js";
import { openForWriting, openOrMake } from "../seal/open-vault.js";
import type { RunDownloader } from "../tools/download/fetch-types.js";
import { type KeptYtDlp, openKeptYtDlp } from "../tools/download/kept-yt-dlp.js";
import { type YtDlpPlaces, ytDlpJailState } from "../tools/download/yt-dlp-jail.js";
import { type ExifToolSession, openExifTool } from "../tools/media/exiftool.js";
import { openPictures, type Pictures } from "../tools/media/pictures.js";
import { type GuardOptions, readUpstream } from "../tools/network/egress-guard.js";
import { findJsRuntime } from "../tools/run/js-runtime.js";
import { type Program, releaseTime, requirePrograms } from "../tools/run/programs.js";
import { run } from "../tools/run/run.js";
import { tryNiceties } from "../vault/disk-niceties.js";
import { isVault, scratchFolder } from "../vault/layout.js";
import { newestTime } from "../vault/log.js";
import { shareVault } from "../vault/turn.js";
import { closeVault, type Vault } from "../vault/vault.js";
import type { World } from "../world.js";
import { examineClock, tellOfClock } from "./clock-check.js";
import { statedSoftware } from "./stated-software.js";

/** Everything a command holds open while it captures, imports or derives. Opened once, closed once. */
export interface Resources {
  readonly vault: Vault;
  /** Working folder for programs that stay open; removed when the resources are closed. Absolute. */
  readonly scratch: string;
  readonly downloader: Program | null;
  /** The Node.js with which the downloader runs scripts; null if there is none that it accepts. */
  readonly runtime: Program | null;
  /** What the downloader's jail shows; null if it cannot run in a jail. */
  readonly downloaderPlaces: YtDlpPlaces | null;
  /** Starts the downloader; null for commands that fetch nothing. */
  readonly runDownloader: RunDownloader | null;
  readonly ffmpeg: Program;
  readonly ffprobe: Program;
  readonly exiftool: ExifToolSession;
  readonly pictures: Pictures;
  readonly kept: KeptYtDlp | null;
  /** How each fetch opens its own egress guard; null for commands that fetch nothing. */
  readonly egress: GuardOptions | null;
  readonly clock: ClockCheck;
  readonly software: readonly Software[];
  /** How to seal the head of the log at the end. */
  readonly seal: SealOptions;
}

export interface ResourceNeeds {
  readonly vault: string;
  /** Its name, for whoever waits until it is done. */
  readonly command: "archive" | "batch" | "derive" | "import" | "page" | "redact";
  /** Whether the command captures into the vault, and so may make it where somebody has said so (`mayMakeVault`). */
  readonly capturing: boolean;
  /** Set only by commands that fetch. */
  readonly fetching: {
    readonly allowPrivate: boolean;
    readonly allowOldYtDlp: boolean;
    readonly proxy: string | null;
    /** Whether the downloader stays loaded between fetches, which pays off for many of them. */
    readonly kept: boolean;
  } | null;
}

/**
 * Finds the programs, opens the vault for writing, finishes what a killed process left behind, and opens the egress guard.
 * Throws `program-missing`, `no-vault`, `vault-busy` or `usage`.
 */
export async function openResources(needs: ResourceNeeds, world: World): Promise<Resources> {
  const search = { env: world.env, now: world.now(), allowOldYtDlp: needs.fetching?.allowOldYtDlp ?? false };
  const media = await requirePrograms(["ffmpeg", "ffprobe"], search);
  const { downloader, runtime, egress } = needs.fetching
    ? await findFetchTools(needs.fetching, world)
    : noFetchTools;
  // Tried in the background while the vault is opened.
  const jailed = downloader && placesInJail(downloader);
  // Loads in the background while the vault is opened.
  const kept = needs.fetching?.kept && downloader ? openKeptYtDlp(downloader) : null;
  const vault = await openOwn(needs, world).catch(async (error: unknown) => {
    await kept?.close();
    throw error;
  });
  try {
    const now = world.now();
    const clock = await examineClock(now, {
      log: newestTime(vault.database),
      downloader: downloader && releaseTime(downloader),
    });
    tellOfClock(clock.contradicted_by ?? [], now, world);
    tryNiceties(vault.layout).forEach(world.tell);
    const scratch = makeScratch(vault);
    const exiftool = openExifTool(vault.layout.objects, scratch);
    const pictures = openPictures(scratch);
    const derivers = () => [exiftool.version(), pictures.libraries()];
    const found = [...media.values(), ...(downloader ? [downloader] : []), ...(runtime ? [runtime] : [])];
    return {
      vault,
      scratch,
      downloader,
      runtime,
      downloaderPlaces: await jailed,
      runDownloader: downloader && besideDownload(kept?.run ?? run, derivers),
      kept,
      ffmpeg: known(media, "ffmpeg"),
      ffprobe: known(media, "ffprobe"),
      exiftool,
      pictures,
      egress,
      clock,
      software: statedSoftware(world, found),
      seal: sealOptions(needs, world),
    };
  } catch (error) {
    closeVault(vault);
    await kept?.close();
    throw error;
  }
}

/** Opens the vault, or makes it and says once where it is, where its key is, and what to copy. Other commands may share it. */
export async function openOwn(
  { vault: root, command, capturing }: Pick<ResourceNeeds, "vault" | "command" | "capturing">,
  world: World,
): Promise<Vault> {
  const isThere = isVault(root) || !capturing || !mayMakeVault(world.env);
  const vault = await (isThere ? openForWriting : openOrMake)(root, world);
  if (!isThere) newVaultWords(vault, world.env).forEach(world.tell);
  try {
    shareVault(vault, command, world);
    return vault;
  } catch (error) {
    closeVault(vault);
    throw error;
  }
}

/** What a fetch works with, and no vault. */
export type FetchTools = Pick<
  Resources,
  "downloader" | "runtime" | "downloaderPlaces" | "runDownloader" | "egress"
>;

const noFetchTools = { downloader: null, runtime: null, egress: null };

/** Finds the downloader and what it works with; each fetch is a process of its own. Throws `program-missing` or `usage`. */
export async function openFetchTools(fetching: Fetching, world: World): Promise<FetchTools> {
  const { downloader, runtime, egress } = await findFetchTools(fetching, world);
  return {
    downloader,
    runtime,
    downloaderPlaces: await placesInJail(downloader),
    runDownloader: run,
    egress,
  };
}

type Fetching = Omit<NonNullable<ResourceNeeds["fetching"]>, "kept">;

async function findFetchTools(fetching: Fetching, world: World) {
  const search = { env: world.env, now: world.now(), allowOldYtDlp: fetching.allowOldYtDlp };
  const downloader = known(await requirePrograms(["yt-dlp"], search), "yt-dlp");
  const runtime = await findJsRuntime(search);
  return { downloader, runtime, egress: egressOf(fetching) };
}

/** What the downloader's jail shows; null if it cannot run in a jail. */
async function placesInJail({ path }: Program): Promise<YtDlpPlaces | null> {
  const jail = await ytDlpJailState(path, homedir());
  return jail.works ? jail.places : null;
}

/**
 * Runs the downloader, and once the first download has begun starts what every derivation needs, so that nobody waits for it
 * after the download. What cannot start is said by the step that needs it.
 */
function besideDownload(download: RunDownloader, start: () => readonly Promise<unknown>[]): RunDownloader {
  let begun = false;
  const begin = () => {
    if (begun) return;
    begun = true;
    for (const answer of start()) answer.catch(() => undefined);
  };
  return (request) => {
    const running = download(request);
    // By then the downloader's process has been asked for, and nothing can have been closed.
    queueMicrotask(begin);
    return running;
  };
}

/** Seals what was written and reports how that went. Captures are kept even if sealing fails. */
export async function closeResources(resources: Resources, world: World): Promise<HeadReport> {
  const { exiftool, pictures, kept } = resources;
  let head: HeadReport;
  try {
    await Promise.all([exiftool.close(), pictures.close(), kept?.close()]);
  } finally {
    // Whatever a program does at its end, what was written is sealed and the vault let go.
    head = await closeAfterWriting(resources.vault, world, resources.seal);
  }
  return head;
}

/** How the head of the log is sealed by a command that fetches through this proxy. */
export function sealOptions(
  { fetching }: Pick<ResourceNeeds, "fetching">,
  { env }: Pick<World, "env">,
): SealOptions {
  const allowPrivate = fetching?.allowPrivate === true || env.HOLDFAST_ALLOW_PRIVATE === "1";
  return { proxy: fetching?.proxy ?? null, allowPrivate, force: false };
}

/** The collector's identity and machine, for the private annex only. */
export function collectorFacts() {
  return {
    collector: userName(),
    hostname: hostname(),
    os: `${osType()} ${release()}`,
    time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  };
}

/** How a fetch may leave this machine. Throws `usage` for a proxy that cannot be used. */
export function egressOf(
  fetching: Pick<NonNullable<ResourceNeeds["fetching"]>, "allowPrivate" | "proxy">,
): GuardOptions {
  const { allowPrivate, proxy } = fetching;
  const upstream = proxy === null ? null : webUrl(proxy);
  if (proxy !== null && upstream === null) {
    throw new HoldfastError(
      "usage",
      `using the proxy ${proxy}: this is not a proxy address`,
      "for Tor: --proxy socks5://127.0.0.1:9050",
    );
  }
  if (upstream !== null) readUpstream(upstream);
  return { allowPrivate, upstream };
}

function known(programs: ReadonlyMap<string, Program>, name: string): Program {
  const program = programs.get(name);
  if (!program) throw new Error(`${name} was required and is not there`);
  return program;
}

function makeScratch({ layout, hold }: Vault): string {
  const folder = join(hold.work?.path ?? layout.staging, scratchFolder);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return folder;
}

function userName(): string | null {
  try {
    return userInfo().username;
  } catch {
    return null;
  }
}
