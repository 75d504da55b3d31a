// Checks vaults and packages with one build of holdfast, and stops at the first whose report is another than expected.
import { parentPort, workerData } from "node:worker_threads";

const { dist, scenarios, expected } = workerData;

parentPort.postMessage(await answer());

async function answer() {
  try {
    const reports = [];
    for (const [at, scenario] of scenarios.entries()) {
      const report = await reportOf(scenario);
      if (expected !== null && report !== expected[at]) return { differs: at };
      reports.push(report);
    }
    return { reports };
  } catch (error) {
    return error instanceof SyntaxError ? { invalid: error.message } : { broken: String(error) };
  }
}

/** What was found and the four answers; an error of the check is an answer too. */
async function reportOf({ kind, path, brought }) {
  // Only what is asked is loaded: that takes longer than most checks.
  const check = await import(new URL(kind === "vault" ? "verify.js" : "verify-package.js", dist));
  try {
    const report =
      kind === "vault"
        ? await check.verifyVault({ vault: path, ids: [], quick: false, record: false, brought }, world())
        : await check.verifyPackage({ path, quick: false, ...brought }, world());
    const { ok, hashes, chain, signature, tokens, findings } = report;
    const found = findings.map(({ severity, code, where }) => `${severity} ${code} ${where}`).sort();
    return JSON.stringify([ok, hashes, chain, signature, tokens, found]);
  } catch (error) {
    return `threw ${error.code ?? error.name}`;
  }
}

function world() {
  return {
    now: () => new Date("2026-11-23T19:00:00.000Z"),
    monotonic: () => 0,
    random: (length) => new Uint8Array(length),
    signal: new AbortController().signal,
    env: { HOLDFAST_OFFLINE: "1" },
    tool: "holdfast/0.0.0-mutant",
    progress: () => undefined,
  };
}
