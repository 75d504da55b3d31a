/** One thing a verification has to say. `error` means: not as recorded. `note` explains and never fails. */
export interface Finding {
  readonly code: string;
  readonly severity: "error" | "note";
  /** A path relative to the vault, a capture id, or `entry:<seq>`. */
  readonly where: string;
  readonly message: string;
}
