import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { exportPackage } from "../../src/handover/export.js";
import type { World } from "../../src/world.js";
import { type History, type SealedVault, withSealedVault } from "./sealed-vault.js";
import { copyVault } from "./vaults.js";

/** What the scenarios of `test/vectors/damage/` are done to. */
export interface Reference {
  readonly root: string;
  /** What a scenario may say in braces. */
  readonly names: Readonly<Record<string, string>>;
  /** What a checker has from elsewhere, by the names that `trust` uses. */
  readonly texts: Readonly<Record<string, string>>;
  /** What it may become as a whole: another history of the same vault, or the same with annexes. */
  readonly others: Readonly<Record<string, string>>;
}

/**
 * A vault and a package of it, and two other histories of the same vault: `own`, signed with the same keys and stamped
 * anew, and `other`, signed with other keys.
 */
export async function makeReferences(
  folder: string,
): Promise<Readonly<Record<"vault" | "package", Reference>>> {
  const make = async (name: string, history: History) => {
    return withSealedVault(join(folder, name), history, async (vault, world) => ({
      vault,
      package: await packageOf(vault, join(folder, `${name}-package`), false, world),
    }));
  };
  const right = await withSealedVault(join(folder, "vault"), {}, async (vault, world) => ({
    vault,
    package: await packageOf(vault, join(folder, "vault-package"), false, world),
    annex: await packageOf(vault, join(folder, "vault-annex-package"), true, world),
  }));
  const own = await make("own", { text: "other" });
  const other = await make("other", { text: "other", keys: 7 });
  const { held, signers, roots } = right.vault;
  const texts = {
    held,
    "held-longer": held.replace(/\n5\n/, "\n500\n"),
    "held-other-size": held.replace(/\n5\n/, "\n6\n"),
    "held-of-another-vault": held.replace(/\/./, (begin) => (begin === "/0" ? "/1" : "/0")),
    signers: withTime(signers, ""),
    "timed-signers": signers,
    "other-signers": withTime(other.vault.signers, ""),
    "expired-signers": withTime(signers, ',valid-before="20200101Z"'),
    roots,
    "all-roots": roots + own.vault.roots + other.vault.roots,
    "other-roots": other.vault.roots,
  };
  const { "first-id": firstId = "", "second-id": secondId = "" } = right.vault.names;
  const proof = readdirSync(join(right.package, "proof"))
    .filter((name) => /^\d+$/.test(name))
    .sort();
  return {
    vault: {
      root: right.vault.root,
      names: right.vault.names,
      texts,
      others: { own: own.vault.root, other: other.vault.root },
    },
    package: {
      root: right.package,
      names: {
        first: `data/${firstId}`,
        second: `data/${secondId}`,
        "first-id": firstId,
        "second-id": secondId,
        oldest: proof[0] ?? "",
        rotation: right.vault.names.rotation ?? "",
        newest: proof.at(-1) ?? "",
        origin: readFileSync(join(right.package, "bag-info.txt"), "utf8").match(/holdfast\/\w+/)?.[0] ?? "",
      },
      texts,
      others: {
        own: own.package,
        other: other.package,
        annex: right.annex,
      },
    },
  };
}

/** A package of both captures, made from a copy: an export is an entry. */
async function packageOf(vault: SealedVault, to: string, withAnnex: boolean, world: World): Promise<string> {
  const copy = copyVault(vault.root, `${to}-vault`);
  const { "first-id": first = "", "second-id": second = "" } = vault.names;
  const seal = { proxy: null, allowPrivate: true, force: false };
  await exportPackage(
    {
      vault: copy,
      ids: [first, second],
      to,
      withAnnex,
      withAnnotations: false,
      recipients: [],
      wacz: null,
      seal,
    },
    world,
  );
  return to;
}

/** The same keys with other options about their time, or with none. The authority has the time of the machine. */
function withTime(signers: string, options: string): string {
  return signers.replaceAll(/(,valid-(?:after|before)="\w+")+/g, options);
}
