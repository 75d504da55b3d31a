/** That something existed not later than a time, by the word of the authority that signed a time-stamp (FORMAT.md §15). */
export interface AuthorityTime {
  /** Name of the certificate that signed. Foreign text. */
  readonly authority: string;
  /** SHA-256 of that certificate: two time-stamps with the same are the word of one authority. */
  readonly signer_sha256: string;
  readonly gen_time: string;
}

/** Each authority once, with the earliest time it states; the earliest first. */
export function earliestByAuthority(times: Iterable<AuthorityTime>): readonly AuthorityTime[] {
  const earliest = new Map<string, AuthorityTime>();
  for (const { authority, signer_sha256, gen_time } of times) {
    const known = earliest.get(signer_sha256);
    if (known === undefined || gen_time < known.gen_time) {
      earliest.set(signer_sha256, { authority, signer_sha256, gen_time });
    }
  }
  return [...earliest.values()].sort((a, b) => (a.gen_time < b.gen_time ? -1 : 1));
}
