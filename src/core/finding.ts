/** One thing a verification has to say. `error` means: not as recorded. `note` explains and never fails. */
export interface Finding {
  readonly code: string;
  readonly severity: "error" | "note";
  /** A path relative to the vault or package, a capture id, or `entry:<seq>`. */
  readonly where: string;
  readonly message: string;
}

/** The answer to one of the questions of a check (FORMAT.md §18); `absent` and `unchecked` never count as passed. */
export type CheckState = "pass" | "fail" | "absent" | "unchecked";
