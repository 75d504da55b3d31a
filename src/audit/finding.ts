import { type FindingCode, findingKinds, type Question, type Severity } from "./finding-codes.js";

/** One thing a verification has to say. `error` means: not as recorded. `note` explains and never fails. */
export interface Finding {
  readonly code: FindingCode;
  readonly severity: Severity;
  /** A path relative to the vault or package, a capture id, or `entry:<seq>`. */
  readonly where: string;
  readonly message: string;
}

/** That something is not as recorded. */
export function errorAt(code: FindingCode, where: string, message: string): Finding {
  return { code, severity: "error", where, message };
}

/** That something is so, which fails nothing. */
export function noteAt(code: FindingCode, where: string, message: string): Finding {
  return { code, severity: "note", where, message };
}

/** What could not be read says nothing, for or against. `problem` is why. */
export function unreadNote(code: FindingCode, where: string, problem: string): Finding {
  return noteAt(code, where, `it cannot be read and was not checked: ${problem}`);
}

/** The words beside each two values that differ. */
export function faultsOf(
  compared: readonly (readonly [found: unknown, stated: unknown, words: string])[],
): readonly string[] {
  return compared.filter(([found, stated]) => found !== stated).map(([, , words]) => words);
}

/** The answer to one of the questions of a check (FORMAT.md §18); `absent` and `unchecked` never count as passed. */
export type CheckState = "pass" | "fail" | "absent" | "unchecked";

/**
 * What the findings alone answer to a question (FORMAT.md §18.5): `fail`, `unchecked`, or null if they say nothing, so
 * that the answer depends on what there was to check.
 */
export function decidedBy(findings: readonly Finding[], question: Question): "fail" | "unchecked" | null {
  if (findings.some((finding) => fails(finding, question))) return "fail";
  return findings.some((finding) => leavesOpen(finding, question)) ? "unchecked" : null;
}

/** Whether a finding answers a question with `fail`. */
export function fails({ code, severity }: Finding, question: Question): boolean {
  return severity === "error" && findingKinds[code].fails.includes(question);
}

/** Whether a finding leaves a question unchecked if nothing fails it. */
export function leavesOpen({ code, severity }: Finding, question: Question): boolean {
  return severity === "note" && findingKinds[code].opens.includes(question);
}

/** The same code at the same place is one finding, whoever reports it: the first one explains it. */
export function onePerPlace(findings: readonly Finding[]): readonly Finding[] {
  const places = new Map<string, Finding>();
  for (const finding of findings) {
    const place = `${finding.code} ${finding.where}`;
    const known = places.get(place);
    if (known === undefined || (known.severity === "note" && finding.severity === "error")) {
      places.set(place, finding);
    }
  }
  return [...places.values()];
}

/**
 * Text that is not in the form its format demands. Every strict parser throws this and nothing else for foreign data.
 * `code` is stable and part of the test vectors. `message` is one line in lower case and never repeats the data,
 * because whoever wrote the data may be hostile.
 */
export class FormatError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = "FormatError";
    this.code = code;
  }
}

/** Throws a FormatError unless what the format demands holds. */
export function demand(holds: boolean, code: string, message: string): asserts holds {
  if (!holds) throw new FormatError(code, message);
}

/** What a strict parser reads; what `refused` makes of its error if it refuses the data. */
export function readOr<Value, Other>(
  read: () => Value,
  refused: (error: FormatError) => Other,
): Value | Other {
  try {
    return read();
  } catch (error) {
    if (error instanceof FormatError) return refused(error);
    throw error;
  }
}

/** What a strict parser reads; null if it refuses the data. */
export function readOrNull<Value>(read: () => Value): Value | null {
  return readOr(read, () => null);
}
