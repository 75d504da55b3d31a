import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";

/** A vault or package that is checked, and what the checker brings; or a folder of vectors that the core reads. */
export interface Scenario {
  readonly name: string;
  readonly kind: "vault" | "package" | "vectors";
  readonly path: string;
  readonly brought: {
    readonly against: string | null;
    readonly signers: string | null;
    readonly tsaCa: string | null;
  };
}

/** One small change of the compiled verifier. */
export interface Mutant {
  /** Relative to `dist`. */
  readonly file: string;
  readonly what: string;
  /** Where the replaced text begins. */
  readonly at: number;
  readonly from: string;
  readonly to: string;
}

/** A copy of the build to be changed, with scenarios and what the build as it is says of each. */
export interface MutantBench {
  readonly dist: string;
  readonly scenarios: readonly Scenario[];
  readonly expected: readonly string[];
  /** What ran in each scenario; null where that was not asked. */
  readonly reached: readonly Reached[] | null;
}

/** File → ranges of its text and how often they ran. */
type Reached = Readonly<Record<string, readonly (readonly [start: number, end: number, count: number])[]>>;

export type Verdict =
  | { readonly killedBy: string }
  | { readonly survived: true }
  | { readonly unreached: true }
  | { readonly invalid: string };

const repository = fileURLToPath(new URL("../../", import.meta.url));

/** What a check of a vault or package goes through, relative to `dist` and without the ending. */
export const verifier: readonly string[] = [
  ...["annex", "bag", "checkpoints", "inclusion", "keys", "log", "object", "package", "package-entries"],
  ...["canonical-json", "checkpoint", "digest", "entry", "inventory", "key-history", "log-captures"],
  ...["log-facts", "merkle", "package-paths", "signed-checkpoint", "sshsig", "tar", "tokens"],
]
  .map((part) => `audit/${part}`)
  .concat(
    ["capture", "lines", "vault-files", "opened", "segments", "snapshot", "vault"].map(
      (part) => `vault/check/${part}`,
    ),
    ["reader", "scan"].map((part) => `vault/package/${part}`),
    [
      "vault/database-files",
      "vault/log-folder",
      "vault/open-database",
      "vault/index/check",
      "vault/index/replay",
    ],
    ["verify/package", "verify/vault"],
  );

/** Small changes, each as a pattern and what takes the place of it. */
const operators: readonly (readonly [what: string, pattern: RegExp, to: string])[] = [
  ["a comparison is the other way round", / === /g, " !== "],
  ["a comparison is the other way round", / !== /g, " === "],
  ["a bound is moved by one", / < /g, " <= "],
  ["a bound is moved by one", / > /g, " >= "],
  ["a bound is moved by one", / <= /g, " < "],
  ["a bound is moved by one", / >= /g, " > "],
  ["and is or", / && /g, " || "],
  ["or is and", / \|\| /g, " && "],
  ["a condition is negated", /\bif \((?!!\()/g, "if (!"],
  ["a finding is dropped", /\b(?:findings|problems|found)\.push\(/g, "void ("],
  ["findings are dropped", /\breturn \[(?!\];)/g, "return []; return ["],
  ["findings are dropped", /^\s+\.\.\.(?=[a-zA-Z])/gm, " ...true ? [] : "],
  ["an error is a note", /"error"/g, '"note"'],
  ["yes is no", /\breturn true;/g, "return false;"],
  ["no is yes", /\breturn false;/g, "return true;"],
  ["a number is off by one", / \+ 1\b/g, " + 2"],
  ["a number is off by one", / - 1\b/g, " - 2"],
];

/** Every small change of one file of the verifier. */
export function mutantsOf(dist: string, name: string): readonly Mutant[] {
  const file = `${name}.js`;
  const text = readFileSync(join(dist, file), "utf8");
  return operators.flatMap(([what, pattern, to]) =>
    [...text.matchAll(pattern)]
      .filter(({ index }) => !isComment(text, index))
      .map(({ 0: from, index }) => mutant(text, { file, what, at: index, from, to })),
  );
}

/** A negated condition needs brackets around all of it. */
function mutant(text: string, made: Mutant): Mutant {
  if (made.what !== "a condition is negated") return made;
  const open = made.at + made.from.length - 1;
  const end = closing(text, open);
  const from = text.slice(made.at, end + 1);
  return { ...made, from, to: `if (!${text.slice(open, end + 1)})` };
}

function closing(text: string, open: number): number {
  let depth = 0;
  for (let at = open; at < text.length; at += 1) {
    if (text[at] === "(") depth += 1;
    if (text[at] === ")") depth -= 1;
    if (depth === 0) return at;
  }
  return text.length - 1;
}

function isComment(text: string, at: number): boolean {
  const line = text.slice(text.lastIndexOf("\n", at) + 1, at);
  return /^\s*(\*|\/\/|\/\*|import )/.test(line) || line.includes(" // ");
}

/** Takes the place of `vault/measure.js`, which starts a thread for each core: with small files that takes longer than all the rest. */
const inOneThread = `
import { measureFile } from "../digest-file.js";
export async function measureFiles(places, quick, onDone) {
  onDone(places.length);
  return places.map((place) => measureFile(place, quick));
}
export async function answerOf() {
  throw new Error("no thread is started here");
}
`;

/**
 * Copies the build into `folder`, so that it can be changed, and asks it about every scenario as it is. Traced, only scenarios that
 * come to a place are tried for a change of it.
 */
export async function openBench(
  folder: string,
  scenarios: readonly Scenario[],
  isTraced = false,
): Promise<MutantBench> {
  mkdirSync(folder, { recursive: true });
  cpSync(join(repository, "dist"), join(folder, "dist"), { recursive: true });
  for (const name of ["node_modules", "schemas", "package.json"])
    symlinkSync(join(repository, name), join(folder, name));
  const dist = join(folder, "dist");
  writeFileSync(join(dist, "vault/check/measure.js"), inOneThread);
  const answer = await ask({ dist, scenarios, expected: null, isTraced });
  if (!("reports" in answer)) throw new Error(`the build as it is: ${JSON.stringify(answer)}`);
  return { dist, scenarios, expected: answer.reports, reached: isTraced ? answer.reached : null };
}

/** Whether any scenario is reported in another way than it should be; `first` are tried before the others. */
export async function tryMutant(
  { dist, scenarios, expected, reached }: MutantBench,
  { file, at, from, to }: Mutant,
  first: readonly string[] = [],
): Promise<Verdict> {
  const path = join(dist, file);
  const text = readFileSync(path, "utf8");
  const concerned = [...scenarios.keys()].filter(
    (index) => reached === null || runsAt(reached[index]?.[file] ?? [], at),
  );
  if (concerned.length === 0) return { unreached: true };
  const order = concerned.sort((a, b) => rank(scenarios[a]) - rank(scenarios[b]));
  function rank(scenario: Scenario | undefined): number {
    const place = first.indexOf(scenario?.name ?? "");
    return place === -1 ? first.length : place;
  }
  writeFileSync(path, text.slice(0, at) + to + text.slice(at + from.length));
  try {
    const asked = order.flatMap((index) => scenarios[index] ?? []);
    const answer = await ask({
      dist,
      scenarios: asked,
      expected: order.map((index) => expected[index] ?? ""),
      isTraced: false,
    });
    if ("invalid" in answer) return { invalid: answer.invalid };
    if ("reports" in answer) return { survived: true };
    return { killedBy: "differs" in answer ? (asked[answer.differs]?.name ?? "") : answer.broken };
  } finally {
    writeFileSync(path, text);
  }
}

/** Whether the innermost range around a place ran. What stands outside of functions runs once and counts for all that comes after. */
function runsAt(ranges: Reached[string], at: number): boolean {
  const around = ranges.filter(([start, end]) => start <= at && at < end);
  const innermost = around.reduce<Reached[string][number] | null>(
    (best, range) => (best === null || range[1] - range[0] <= best[1] - best[0] ? range : best),
    null,
  );
  return innermost !== null && (innermost[2] > 0 || innermost[0] === 0);
}

type Answer =
  | { readonly reports: readonly string[]; readonly reached: readonly Reached[] }
  | { readonly differs: number }
  | { readonly broken: string }
  | { readonly invalid: string };

/** How long one scenario may take: a check that does not end is one that somebody would notice. */
const patienceMs = 120_000;

function ask(task: {
  readonly dist: string;
  readonly scenarios: readonly Scenario[];
  readonly expected: readonly string[] | null;
  readonly isTraced: boolean;
}): Promise<Answer> {
  const workerData = { ...task, dist: `${pathToFileURL(task.dist).href}/` };
  const worker = new Worker(new URL("mutant-worker.js", import.meta.url), { workerData });
  return new Promise<Answer>((resolve) => {
    const late = () => resolve({ broken: "it does not end" });
    let timer = setTimeout(late, patienceMs);
    worker.on("message", (answer: Answer | "done") => {
      clearTimeout(timer);
      if (answer === "done") timer = setTimeout(late, patienceMs);
      else resolve(answer);
    });
    worker.once("error", (error) =>
      resolve(error instanceof SyntaxError ? { invalid: error.message } : { broken: String(error) }),
    );
    worker.once("exit", () => {
      clearTimeout(timer);
      resolve({ broken: "it ended early" });
    });
  }).finally(() => worker.terminate());
}
