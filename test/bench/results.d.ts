/** One row: what was measured in which case, against which limit, beside which peer. `met` is null without a limit. */
export interface Figure {
  readonly name: string;
  readonly what: string;
  readonly figure: string;
  readonly limit: string;
  readonly met: boolean | null;
  readonly peer: string;
}

export interface Run {
  readonly when: string;
  readonly commit: string;
  readonly machine: string;
  readonly versions: readonly string[];
  readonly figures: readonly Figure[];
}

export function withRun(text: string, run: Run): string;
