/** One picture of a contact sheet: a JPEG made by holdfast and its presentation time in decimal seconds. */
export interface SheetFrame {
  readonly file: string;
  readonly ptsTime: string;
}

export async function renderContactSheet(request: {
  readonly frames: readonly SheetFrame[];
  /** Absolute path of the JPEG to write. */
  readonly out: string;
}): Promise<void> {
  throw new Error(`not yet: ${request.out}`);
}
