/** README.txt of every vault: what it is and how to check it with stock tools, for somebody who never saw holdfast. */
export const readmeText = `This folder is a holdfast vault: online video kept as evidence.

  objects/       one folder per capture, an OCFL 1.1 storage root (https://ocfl.io)
                 <capture>/v1/content/original/   the bytes as received
                 <capture>/v1/content/record.json what was captured, from where, when, how
                 <capture>/v2/content/derived/    made later from the originals: keyframes, probe output
  vault.db       SQLite: the custody log (table "entry") and an index over it
  log/           the log in pieces (.jsonl), signed checkpoints, time-stamps of outside parties
  private/       who collected, on which machine, raw answers of the site: not for handing on
  holdfast.json  name and settings of this vault
  staging/       work in progress; safe to delete when nothing runs

Work on a copy. Nothing below needs holdfast.

Is a capture's folder as its inventory says? In the folder of the capture:
  sha512sum -c inventory.json.sha512
  sqlite3 :memory: "SELECT m.key||'  '||p.value FROM json_each(CAST(readfile('inventory.json') AS TEXT),'$.manifest') m, json_each(m.value) p" | sha512sum -c

Print the custody log, one entry per line. Up to the newest checkpoint it is in log/ as well, and needs no SQLite:
  cat log/*.jsonl > log.jsonl
All of it, with SQLite 3.37 or newer. This works on read-only media too:
  sqlite3 'file:vault.db?immutable=1' "SELECT line FROM entry ORDER BY seq" > log.jsonl
Where a vault.db-wal that is not empty lies beside vault.db, it holds the newest entries, which the line above does
not see. Then copy both files to a disk that can be written to, and there:
  sqlite3 -readonly vault.db "SELECT line FROM entry ORDER BY seq" > log.jsonl

Is the log chained? Each entry's "prev" is the SHA-256 of the line before it, including its line feed;
the first has 64 zeros. The hash of entry 5, to compare with "prev" in entry 6:
  sed -n 5p log.jsonl | sha256sum

Does the log name this capture's files and inventory?
  grep '"capture":"<capture id>"' log.jsonl

Did the holder of the key stand behind this log? Get the line for allowed_signers from the operator or from
somebody who was given it, not from this folder. Its times are in UTC, and no OpenSSH before 8.5 knows them ("ssh -V"
says which one you have; those since 8.7 do). In log/, for the newest checkpoint:
  TZ=UTC0 ssh-keygen -Y verify -f allowed_signers -I holdfast/<vault_id in holdfast.json> \\
    -n holdfast-checkpoint@v1 -s 000042.checkpoint.sig < 000042.checkpoint

Since when? Each .tsr is an RFC 3161 time-stamp over a checkpoint and its signature. Get the root certificate from
the authority. "openssl ts -reply -in 000042.<authority>.tsr -text" says the time; then:
  cat 000042.checkpoint 000042.checkpoint.sig > signed
  openssl ts -verify -data signed -in 000042.<authority>.tsr -CAfile root.pem -attime <that time, seconds since 1970>
Where "openssl ts" cannot read a token, "openssl cms" may: section 15 of FORMAT.md says how. A root in DER becomes PEM with
  openssl x509 -inform DER -in root.cer -out root.pem

What this shows: the bytes are the ones that were hashed and logged. It does not show that the footage is
genuine, who made it, or where and when it was filmed. Whoever has the key could have rewritten the
whole log and had it stamped anew; only a checkpoint or time-stamp that somebody else has held since rules that out.
`;
