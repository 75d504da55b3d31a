import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { checkpointNamespace } from "../../src/audit/checkpoint.js";
import { buildCaptureId } from "../../src/core/capture/capture-id.js";
import { toJson } from "../../src/core/capture/new-entry.js";
import { newestSigned, sealHead } from "../../src/seal/checkpoint.js";
import { exportSigners, rotateKey } from "../../src/seal/key.js";
import { newKey } from "../../src/seal/make-key.js";
import { signMessage } from "../../src/seal/private-key.js";
import { addWitness } from "../../src/seal/witness.js";
import { writeAnnex } from "../../src/vault/annex.js";
import { commitFailure } from "../../src/vault/commit.js";
import { beginAttempt } from "../../src/vault/recovery.js";
import { closeVault, type Vault } from "../../src/vault/vault.js";
import type { World } from "../../src/world.js";
import { openAuthority } from "./authority.js";
import { openCalendar } from "./calendar.js";
import { goToMachineOf, machineEnv } from "./machines.js";
import { secretOf } from "./packages.js";
import * as samples from "./samples.js";
import { captureText, deriveText, openTestVault, testWorld } from "./vaults.js";

/** A vault in which everything is that FORMAT.md §13 to §16 know, and what a checker would have from elsewhere. */
export interface SealedVault {
  readonly root: string;
  /** What a scenario may say in braces: folders and ids of the two captures. */
  readonly names: Readonly<Record<string, string>>;
  /** PEM of the authorities' roots. */
  readonly roots: string;
  readonly signers: string;
  /** The newest checkpoint before the key was rotated: an outsider kept it. */
  readonly held: string;
}

/** What makes it another history of the same vault: what the first capture holds, and which keys sign. */
export interface History {
  readonly text?: string;
  readonly keys?: number;
  /** Names of the authorities that are asked. */
  readonly authorities?: readonly string[];
}

const seal = { proxy: null, allowPrivate: true, force: true };

/**
 * Makes a vault with two captures (the first derived twice), a failed capture, an authority and a calendar on loopback,
 * a rotation and a witness, and closes it. Vault id, capture ids, entry numbers and keys are the same each time; tokens are not.
 */
export function makeSealedVault(root: string, history: History = {}): Promise<SealedVault> {
  return withSealedVault(root, history, async (vault) => vault);
}

/** The same, and what is done with it while its keys are at hand and its authorities answer. */
export async function withSealedVault<T>(
  root: string,
  history: History,
  use: (vault: SealedVault, world: World) => Promise<T>,
): Promise<T> {
  goToMachineOf(root);
  const plain = testWorld();
  const world: World = {
    ...plain,
    // 32 bytes are drawn for a key and for nothing else.
    random: (length) =>
      plain.random(length).map((byte) => (length === 32 ? byte ^ (history.keys ?? 0) : byte)),
    env: machineEnv({ HOLDFAST_OFFLINE: "", HOLDFAST_ALLOW_PRIVATE: "1" }),
  };
  const asked = history.authorities ?? ["first"];
  const authorities = await Promise.all(asked.map((name) => openAuthority({ name, signer: "p256" })));
  const calendar = await openCalendar();
  try {
    await initialise(root, world, {
      anchor_wait_seconds: 60,
      authorities: authorities.map(({ url, rootPem }, index) => ({
        name: asked[index],
        url,
        roots: [rootPem],
      })),
      calendars: [{ name: "calendar", url: calendar.url }],
    });
    const first = await filled(root, world, (vault) => {
      const { record } = captureText(vault, history.text ?? "first");
      deriveText(vault, record, "one");
      deriveText(vault, record, "two");
      return record.capture;
    });
    const held = newestSigned(root).text;
    const { entry: rotation } = await rotateKey(
      { vault: root, choice: newKey, reason: "routine", seal },
      world,
    );
    const [failed, second] = await filled(root, world, (vault) => [
      logFailure(vault),
      captureText(vault, "second, longer").record.capture,
    ]);
    const text = signMessage(Buffer.from(newestSigned(root).text), checkpointNamespace, secretOf(3));
    await addWitness({ vault: root, text, seal }, world);
    const sealed = {
      root,
      names: {
        "failed-id": failed,
        ...named("first", first, root),
        ...named("second", second, root),
        ...numbers(root, rotation),
      },
      roots: authorities.map(({ rootPem }) => rootPem).join(""),
      signers: exportSigners(root, null, world).allowed_signers,
      held,
    };
    return await use(sealed, world);
  } finally {
    await Promise.all([...authorities.map((one) => one.close()), calendar.close()]);
  }
}

/** Makes the vault and its settings as a person would edit them. */
async function initialise(root: string, world: World, settings: object): Promise<void> {
  await filled(root, world, () => undefined, { ...seal, force: false });
  const path = join(root, "holdfast.json");
  const config = JSON.parse(readFileSync(path, "utf8"));
  writeFileSync(path, `${JSON.stringify({ ...config, settings }, null, 2)}\n`);
}

/** Opens the vault, has it filled, seals its log and closes it, as every command does. */
async function filled<T>(root: string, world: World, fill: (vault: Vault) => T, options = seal): Promise<T> {
  const vault = await openTestVault(root, world);
  try {
    const result = fill(vault);
    await sealHead(vault, world, options);
    return result;
  } finally {
    closeVault(vault);
  }
}

/** A capture that came to nothing, with its annex. */
function logFailure(vault: Vault): string {
  const capture = buildCaptureId(vault.now(), vault.random(5));
  const annex = join(beginAttempt(vault, capture, "https://video.example/gone"), "annex");
  const digest = writeAnnex(annex, {
    capture,
    salt: Buffer.from(vault.random(16)).toString("hex"),
    collector: "somebody",
    hostname: "somewhere",
    os: "Linux",
    time_zone: "UTC",
    received_from: null,
    proxy: null,
    cookies_sha256: null,
    places: {},
    connections: [],
    rawFiles: [],
  });
  const body = {
    capture,
    method: "ytdlp",
    url: "https://video.example/gone",
    failure: { code: "gone", reason: "the site says that it was removed" },
    runs: toJson([samples.run]),
    software: toJson([samples.software]),
    attempts: 1,
    annex_sha256: digest,
    clock: toJson(samples.record.clock),
  };
  commitFailure(vault, { capture, annex, body });
  return capture;
}

function named(name: string, capture: string, root: string): Record<string, string> {
  const folder = readdirSync(join(root, "objects"), { recursive: true, encoding: "utf8" });
  const object = folder.find((path) => path.endsWith(`/${capture}`)) ?? "";
  return {
    [name]: `objects/${object}`,
    [`${name}-tail`]: object,
    [`${name}-annex`]: `private/${capture}`,
    [`${name}-id`]: capture,
  };
}

/** Names in `log/`: the newest checkpoint, that of the rotation, the witness's file and what it is over. */
function numbers(root: string, rotation: number): Record<string, string> {
  const inLog = readdirSync(join(root, "log")).sort();
  const witness = inLog.find((name) => name.includes("witness")) ?? "";
  return {
    newest:
      inLog
        .filter((name) => name.endsWith(".checkpoint"))
        .at(-1)
        ?.slice(0, -".checkpoint".length) ?? "",
    rotation: String(rotation).padStart(6, "0"),
    witness,
    witnessed: witness.split(".")[0] ?? "",
  };
}
