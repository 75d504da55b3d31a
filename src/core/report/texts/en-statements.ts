import type { StatementTexts } from "./statements.js";

export const englishStatements: StatementTexts = {
  "limit.footage":
    "Nothing here shows that the footage is authentic, genuine, unedited or made without artificial intelligence. A digest says unchanged since it was computed, and nothing about before.",
  "limit.event": "Nothing here shows that an event happened, or where, when, or who is shown.",
  "limit.platform":
    "Nothing here shows that the platform served exactly this. It is the collector's word, stronger with a second, independent capture or a public archive copy.",
  "limit.time":
    "Nothing here shows that the clip was captured at the time in a token. A token shows that the record existed not later than that time.",
  "limit.complete":
    "Nothing here shows that everything was collected. The log shows what was appended to it, and not what was never logged, left out or collected elsewhere.",
  "limit.tamper":
    "Nothing here shows that the record is tamper-proof or immutable. Changes can be found as far as nobody could sign and time-stamp anew, up to the last checkpoint held by somebody else.",
  "limit.operator":
    "Nothing here shows that the operator of the vault could not have changed anything. Between two checkpoints held outside, the operator can write what they like.",
  "limit.original":
    "Nothing here shows that these are the original files. They are the files as received; the copy is at most the first one found online, and not the first one online.",
  "limit.similar":
    "Nothing here shows that two clips are the same video because they look alike, or which device or platform made a file because of names written in it.",
  "limit.claimed":
    "Nothing here shows that a claimed date is the upload time, or that coordinates in a file are the place of filming.",
  "limit.credentials":
    "Nothing here shows that Content Credentials found in a file are right, beyond the outcome of their validation as stored. Their absence means nothing.",
  "limit.court":
    "Nothing here shows that anything is court-admissible, certified, or compliant with a standard. Courts and competent persons decide that.",
  "limit.law": "Nothing here shows that a time-stamp or signature is a qualified one under any law.",
  "limit.person":
    "Nothing here shows that a certain person signed. A signature shows that a key was used; who held it is testimony.",
  "limit.safety":
    "Nothing here shows that publishing it is safe or anonymous. A record can identify collectors, sources and people shown.",
  "limit.algorithms":
    "Nothing here shows that SHA-256 and SHA-512 stay sound for ever. The digests are worth what these algorithms are worth on the day they are read.",

  "draft.title": "Draft of a declaration about the collection of a video",
  "draft.notice":
    "This is a draft written by a program. It is not a certification until a qualified person adopts it: reads it, corrects it, fills in what is blank and signs it. Until then nobody has declared anything.",
  "draft.strikeOut": "Strike out every statement, or part of one, that you cannot make.",
  "draft.exhibit": "Exhibit",
  "draft.iName": "I, (full name)",
  "draft.iRole": "(role and organisation)",
  "draft.declare": "declare as follows.",
  "draft.training": "My training and experience with such collections are:",
  "draft.basis": "I know what I state here because:",
  "draft.watched": "As to the collection described below (strike out what does not apply):",
  "draft.watchedYes": "I started the program myself, or was present, and watched it work.",
  "draft.watchedNo":
    "I did not watch it. I rely on the record and the log that the program wrote while it worked, which I have read.",
  "draft.rest":
    "Where a statement below gives a fact about the collection, I take it from that record and log unless I say otherwise.",
  "draft.fetched": "The program asked for the address below and followed it to the final address below.",
  "draft.imported":
    "The program copied the files from a disk. It did not fetch them from an address. Where an address is given, it is somebody's word.",
  "draft.times": "The collection began and ended at these times:",
  "draft.machine": "It was done on this machine, with this operating system, in this local time zone:",
  "draft.clock": "The program asked the machine how its clock was kept, and recorded this answer:",
  "draft.clockOffset":
    "The record states no offset of the clock, other than the difference noted when an outside authority answered:",
  "draft.software": "These programs were used. The digest is that of the program file:",
  "draft.arguments":
    "They were started with exactly these arguments. Names in angle brackets stand for what was cut:",
  "draft.process": "The program worked in these steps, in this order:",
  "draft.stepFetch":
    "It had the downloader write the received bytes into an empty folder, without merging, converting or renaming what was received.",
  "draft.stepImport": "It copied each file into an empty folder and changed nothing in the file it copied.",
  "draft.stepHash":
    "As soon as a file was complete, it computed the file's SHA-256 and SHA-512 and made the file read-only.",
  "draft.stepStore":
    "It put the files and a record of the collection into a folder whose inventory lists every file with its digests.",
  "draft.stepLog":
    "It appended an entry that names every file with size and SHA-256 to the custody log. Each entry carries the SHA-256 of the line before it.",
  "draft.stepCheckpoint":
    "It signed a checkpoint, which states the Merkle root over all entries up to that point.",
  "draft.stepTime":
    "It sent a digest of the signed checkpoint to outside authorities and stored their answers.",
  "draft.files": "These are the files as received, with size and digests:",
  "draft.alterations": "As to alterations by the collection:",
  "draft.wholeness": "Whether everything arrived was judged as follows:",
  "draft.log":
    "The log has these entries about this capture, and these checkpoints cover them, signed with the keys given by their fingerprints:",
  "draft.time":
    "Outside authorities stated that the signed checkpoint existed at the times below. I understand this to mean that the record existed not later than that, and nothing more:",
  "draft.noTime": "No outside authority has stated a time over this capture.",
  "draft.check":
    "The program read the stored files and the log again, at the time and with the version given, with this result:",
  "draft.compared":
    "I computed the SHA-256 of the file in the exhibit myself and compared it with the one above (strike out what does not apply):",
  "draft.comparedFile": "File and SHA-256 found",
  "draft.comparedTool": "Program used",
  "draft.comparedDate": "Date",
  "draft.equal": "They were equal, digit for digit.",
  "draft.notEqual": "They were not equal.",
  "draft.limits": "I do not go further than the statements above. In particular:",
  "draft.perjury":
    "I declare under penalty of perjury under the laws of ______________________________ that the foregoing is true and correct.",
  "draft.date": "Date",
  "draft.place": "Place",
  "draft.signature": "Signature",
  "draft.printedName": "Name in block letters",
  "draft.endNotice":
    "End of the draft. It is not a certification until a qualified person adopts it. What that person cannot say must be struck out.",
};
