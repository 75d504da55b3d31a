/**
 * The closed list of foreseen failures. `cli/exit-status.ts` maps each code to an exit status; a failure that is
 * not one of these is a bug.
 */
export type ErrorCode =
  | "usage"
  | "program-missing"
  | "capture-failed"
  | "no-vault"
  | "vault-busy"
  | "not-found"
  | "not-as-recorded"
  | "foreign-entries"
  | "key-missing"
  | "key-locked"
  | "interrupted"
  | "io";

/**
 * A failure a user can act on: one line in lower case that says what was being done to what, and a hint that says
 * what to type next. Anything thrown that is not a HoldfastError is a bug.
 */
export class HoldfastError extends Error {
  readonly code: ErrorCode;
  readonly hint: string;

  constructor(code: ErrorCode, message: string, hint: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "HoldfastError";
    this.code = code;
    this.hint = hint;
  }
}
