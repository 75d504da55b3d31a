export function labelOfCommand(argv: readonly string[]): string;
