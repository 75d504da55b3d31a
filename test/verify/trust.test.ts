import { rootCertificates } from "node:tls";
import { describe, expect, it } from "vitest";
import { restsOnNothing } from "../../src/audit/log-facts.js";
import { shippedRoots } from "../../src/vault/authority-roots.js";
import { withVaultCaveats } from "../../src/verify/caveats.js";
import type { VerifyReport } from "../../src/verify/reports.js";
import { nothingBrought, rootsFor, trustOf } from "../../src/verify/trust.js";

const shipped = shippedRoots.map(({ pem }) => pem);

describe("the roots of a check that was given none", () => {
  it("are those that come with holdfast before those of this Node.js, which decide only what is left", () => {
    const { roots, rootsNamed } = trustOf(nothingBrought);
    expect([roots, rootsNamed]).toEqual([[...shipped, ...rootCertificates], false]);
  });

  it("a root that a person put into the settings is the only one for that authority; the shipped ones have Node's behind them", () => {
    const own = rootCertificates.find((pem) => !shipped.includes(pem)) ?? "";
    expect(rootsFor([own])).toEqual([own]);
    expect(rootsFor(undefined)).toEqual(rootsFor(shipped.slice(0, 2)));
    expect(rootsFor(shipped.slice(0, 2)).slice(0, shipped.length)).toEqual(shipped);
  });

  const token = (root: string) => ({
    authority: "x",
    checkpoint: 2,
    gen_time: "2026-11-23T18:00:00.000Z",
    signer: "signer",
    signer_sha256: "0".repeat(64),
    root,
    trusted: true,
  });
  const sentenceOn = (...roots: readonly string[]) => {
    const report: VerifyReport = {
      ok: true,
      hashes: "pass",
      chain: "pass",
      signature: "pass",
      tokens: "pass",
      checked: {},
      rests_on: { ...restsOnNothing, authorities: roots.map(token) },
      findings: [],
    };
    const { limits } = withVaultCaveats(report, nothingBrought);
    return limits.find((limit) => limit.includes("root certificates")) ?? "";
  };

  it("what rests on Node's alone is named as such, by the root", () => {
    expect(sentenceOn("DigiCert Trusted Root G4")).not.toContain("Node");
    const both = sentenceOn("DigiCert Trusted Root G4", "GlobalSign");
    expect(both).toContain("for GlobalSign, with Node.js on this machine alone");
    expect(both).not.toContain("for DigiCert");
  });
});

it("who gives a certificate as the list of signers is told which line is meant", () => {
  const signers = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
  expect(() => trustOf({ ...nothingBrought, signers })).toThrow(
    expect.objectContaining({ code: "usage", hint: "give the key line that 'holdfast key export' prints" }),
  );
});
