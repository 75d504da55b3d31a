import { existsSync } from "node:fs";
import { Server } from "node:net";
import { fileURLToPath } from "node:url";
import type { Door } from "./jail.js";
import type { KeptProcess } from "./run-request.js";

/** A port of its own in every jail that has one: the jails are separate networks. */
export const doorPort = 3128;

/** Where the child finds the channel for handles: after stdin, stdout, stderr and bubblewrap's report. */
const doorChannel = 4;

// Beside the sources, also when the compiled program runs: the compiler copies nothing.
const doorFile = fileURLToPath(new URL("../../../src/tools/run/jail-door.py", import.meta.url));

/** The arguments that open the door and then become `command`, an absolute path first; without it they hold the jail open. */
export function doorArgv({ python }: Door, command: readonly string[]): readonly string[] {
  return [python, "-I", "-S", "-B", doorFile, String(doorChannel), String(doorPort), ...command];
}

/** What must be seen inside besides the program: our own script, and whom the system trusts for TLS. */
export function placesOfDoor(): readonly string[] {
  const certificates = [
    "/etc/ssl/certs",
    "/etc/ssl/openssl.cnf",
    "/etc/pki/tls/certs",
    "/etc/pki/ca-trust/extracted",
  ];
  return [doorFile, ...certificates.filter((path) => existsSync(path))];
}

/**
 * Serves the door of a child that was started with a channel; resolves with whether it was opened. The door is shut when
 * the child has ended: as long as it is held here the network inside lives.
 */
export function serveDoor(child: KeptProcess["child"], door: Door): Promise<boolean> {
  return new Promise((resolve) => {
    child.once("message", (_words, handle) => {
      if (!(handle instanceof Server)) return resolve(false);
      handle.on("connection", door.receive);
      child.once("exit", () => handle.close());
      // The program must not find anybody at the other end of it.
      if (child.connected) child.disconnect();
      resolve(true);
    });
    child.once("error", () => resolve(false)).once("exit", () => resolve(false));
  });
}
