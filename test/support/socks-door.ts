import type { Socket } from "node:net";

/** A SOCKS5 proxy without a login for callers that come from elsewhere (RFC 1928). */
export interface SocksDoor {
  readonly receive: (caller: Socket) => void;
  /** `name host:port` or `address 1` (the type of address) of everything that was asked for, in order. */
  readonly asked: readonly string[];
}

/** Answers every request as if the connection were there, and hands the caller on: whoever is asked for, `reach` answers. */
export function socksDoor(reach: (caller: Socket) => void): SocksDoor {
  const asked: string[] = [];
  const byName = 3;
  const receive = (caller: Socket) => {
    caller.on("error", () => undefined);
    caller.once("data", () => {
      caller.write(Buffer.of(5, 0));
      caller.once("data", (request: Buffer) => {
        const length = request[4] ?? 0;
        const isName = request[3] === byName;
        const name = request.toString("latin1", 5, 5 + length);
        asked.push(isName ? `name ${name}:${request.readUInt16BE(5 + length)}` : `address ${request[3]}`);
        caller.write(Buffer.of(5, 0, 0, 1, 0, 0, 0, 0, 0, 0));
        reach(caller);
      });
    });
  };
  return { receive, asked };
}
