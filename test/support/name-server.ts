import type { Socket } from "node:dgram";

/** What a name server says to one question; an empty list for a name that has nothing of that kind. */
export type NameAnswer = { readonly addresses: readonly string[]; readonly alias?: string } | "no such name";

/** A name that is asked for, and the how manieth question for it this is (from 1). */
export type AnswerName = (name: string, count: number) => NameAnswer;

export interface NameServer {
  /** Every question that came, in order: `name A`, `name AAAA`. */
  readonly questions: readonly string[];
}

const noSuchName = 3;
const kinds: Readonly<Record<number, string>> = { 1: "A", 28: "AAAA" };

/** Answers questions for IPv4 addresses on a socket (RFC 1035); there are no others of any name. */
export function serveNames(socket: Socket, answer: AnswerName): NameServer {
  const questions: string[] = [];
  const counts = new Map<string, number>();
  socket.on("message", (message, from) => {
    const { name, kind, end } = readQuestion(message);
    questions.push(`${name} ${kinds[kind] ?? kind}`);
    if (kind === 1) counts.set(name, (counts.get(name) ?? 0) + 1);
    const said = answer(name, counts.get(name) ?? 1);
    const records = said === "no such name" || kind !== 1 ? [] : recordsOf(said);
    const head = Buffer.alloc(12);
    message.copy(head, 0, 0, 2);
    head.writeUInt16BE(0x8180 | (said === "no such name" ? noSuchName : 0), 2);
    head.writeUInt16BE(1, 4);
    head.writeUInt16BE(records.length, 6);
    socket.send(Buffer.concat([head, message.subarray(12, end), ...records]), from.port, from.address);
  });
  return { questions };
}

function readQuestion(message: Buffer): {
  readonly name: string;
  readonly kind: number;
  readonly end: number;
} {
  const labels: string[] = [];
  let at = 12;
  for (let length = message[at] ?? 0; length > 0; length = message[at] ?? 0) {
    labels.push(message.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join(".").toLowerCase(), kind: message.readUInt16BE(at + 1), end: at + 5 };
}

/** The alias of the name asked for, and the addresses of whichever of the two has them. */
function recordsOf({ addresses, alias }: Exclude<NameAnswer, string>): readonly Buffer[] {
  const asked = Buffer.from([0xc0, 12]);
  if (alias === undefined) return addresses.map((address) => record(asked, 1, addressBytes(address)));
  const other = encodeName(alias);
  return [record(asked, 5, other), ...addresses.map((address) => record(other, 1, addressBytes(address)))];
}

function record(name: Buffer, kind: number, data: Buffer): Buffer {
  const fixed = Buffer.alloc(10);
  fixed.writeUInt16BE(kind, 0);
  fixed.writeUInt16BE(1, 2);
  fixed.writeUInt16BE(data.length, 8);
  return Buffer.concat([name, fixed, data]);
}

function encodeName(name: string): Buffer {
  const labels = name.split(".").map((label) => Buffer.from(`${String.fromCharCode(label.length)}${label}`));
  return Buffer.concat([...labels, Buffer.of(0)]);
}

function addressBytes(address: string): Buffer {
  return Buffer.from(address.split(".").map(Number));
}
