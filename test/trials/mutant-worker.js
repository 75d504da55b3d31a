// Checks vaults and packages with one build of holdfast, and stops at the first whose report is another than expected.
import { readdirSync, readFileSync } from "node:fs";
import { Session } from "node:inspector/promises";
import { parentPort, workerData } from "node:worker_threads";

const { dist, scenarios, expected, isTraced } = workerData;

parentPort.postMessage(await answer());

async function answer() {
  const trace = isTraced ? await startTrace() : null;
  try {
    const reports = [];
    const reached = [];
    for (const [at, scenario] of scenarios.entries()) {
      const report = await reportOf(scenario);
      if (expected !== null && report !== expected[at]) return { differs: at };
      reports.push(report);
      parentPort.postMessage("done");
      if (trace !== null) reached.push(await takeTrace(trace));
    }
    return { reports, reached };
  } catch (error) {
    return error instanceof SyntaxError ? { invalid: error.message } : { broken: String(error) };
  }
}

async function startTrace() {
  const session = new Session();
  session.connect();
  await session.post("Profiler.enable");
  await session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
  return session;
}

/** File → what ran in it since the last time: ranges of the text with how often, outer ones first. */
async function takeTrace(session) {
  const { result } = await session.post("Profiler.takePreciseCoverage");
  const ours = result.filter(({ url }) => url.startsWith(dist));
  return Object.fromEntries(
    ours.map(({ url, functions }) => [
      url.slice(dist.length),
      functions.flatMap(({ ranges }) =>
        ranges.map(({ startOffset, endOffset, count }) => [startOffset, endOffset, count]),
      ),
    ]),
  );
}

/** What was found, how much was checked, what it rests on and the four answers; an error of the check is an answer too. */
async function reportOf({ kind, path, brought }) {
  if (kind === "vectors") return JSON.stringify(await readVectors(path));
  // Only what is asked is loaded: that takes longer than most checks.
  const check = await import(new URL(kind === "vault" ? "verify/vault.js" : "verify/package.js", dist));
  try {
    const report =
      kind === "vault"
        ? await check.verifyVault(
            { vault: path, ids: [], quick: false, brought, index: await index() },
            world(),
          )
        : await check.verifyPackage({ path, quick: false, ...brought }, world());
    const { ok, hashes, chain, signature, tokens, findings, rests_on, checked } = report;
    const found = findings.map(({ severity, code, where }) => `${severity} ${code} ${where}`).sort();
    return JSON.stringify([ok, hashes, chain, signature, tokens, found, rests_on, checked]);
  } catch (error) {
    return `threw ${error.code ?? error.name}`;
  }
}

async function index() {
  return (await import(new URL("vault/index/check.js", dist))).indexCheck;
}

/** What the core says of the vectors of single lines, texts, proofs and signatures in a folder. */
async function readVectors(folder) {
  const load = (name) => import(new URL(`audit/${name}.js`, dist));
  const [json, entries, checkpoints, merkle, sshsig, time] = await Promise.all(
    ["canonical-json", "entry", "checkpoint", "merkle", "sshsig", "open-timestamps"].map(load),
  );
  const hex = (text) => Buffer.from(text, "hex");
  const said = {
    "canonical-json": ({ encode, parse }) =>
      encode === undefined ? json.parseCanonical(parse) : json.encodeCanonical(json.parseForeignJson(encode)),
    entries: ({ line }) => [entries.parseEntry(line), entries.lineHash(line)],
    chains: ({ lines }) => faultsOf(entries, lines),
    checkpoints: ({ text }) => checkpoints.parseCheckpoint(text),
    merkle: ({ kind, proof = [], ...one }) =>
      kind === "inclusion"
        ? merkle.verifyInclusion({ ...one, leaf: hex(one.leaf), root: hex(one.root), proof: proof.map(hex) })
        : null,
    signatures: ({ message, signature, namespace }) =>
      sshsig.checkSignature(Buffer.from(message), signature, namespace),
    proofs: ({ proof_base64, digest }) => time.readProof(Buffer.from(proof_base64, "base64"), hex(digest)),
  };
  return Object.entries(said).flatMap(([kind, say]) =>
    readdirSync(`${folder}/${kind}`)
      .filter((name) => name.endsWith(".json"))
      .map((name) => answerOf(() => say(JSON.parse(readFileSync(`${folder}/${kind}/${name}`, "utf8"))))),
  );
}

function faultsOf({ checkLine, firstLink }, lines) {
  let link = firstLink;
  return lines.map((line) => {
    const { faults, next } = checkLine(line, link);
    link = next;
    return faults.map(({ code }) => code);
  });
}

function answerOf(ask) {
  try {
    return ask();
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
    tell: () => undefined,
  };
}
