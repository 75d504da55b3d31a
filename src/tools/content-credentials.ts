export type ContentCredentials =
  | { readonly outcome: "absent" }
  | {
      readonly outcome: "present";
      /** The manifest store as the library prints it, JSON. */
      readonly manifestJson: string;
      /** `Valid`, `Invalid` or `Trusted`, as the library says; no trust list is configured, so who signed is not established. */
      readonly validationState: string;
    }
  | { readonly outcome: "failed"; readonly reason: string };

/** `media`: absolute path. */
export async function readContentCredentials(media: string): Promise<ContentCredentials> {
  throw new Error(`not yet ${media}`);
}
