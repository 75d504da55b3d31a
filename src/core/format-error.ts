/**
 * Text that is not in the form its format demands. Every strict parser throws this and nothing else for foreign
 * data. `code` is stable and part of the test vectors; `message` is one line in lower case and never repeats the
 * data, because whoever wrote the data may be hostile.
 */
export class FormatError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = "FormatError";
    this.code = code;
  }
}
