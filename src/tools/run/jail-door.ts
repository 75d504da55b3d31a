import { existsSync } from "node:fs";
import { Server } from "node:net";
import { fileURLToPath } from "node:url";
import type { Door } from "./jail.js";
import type { KeptProcess } from "./run-request.js";

/** The door's port, the same in every jail: each jail is a separate network. */
export const doorPort = 3128;

/** The child's file descriptor for the handle channel, after stdin, stdout, stderr and bubblewrap's report. */
const doorChannel = 4;

// The compiler does not copy this file, so the compiled program also reads it beside the sources.
const doorFile = fileURLToPath(new URL("../../../src/tools/run/jail-door.py", import.meta.url));

/**
 * The command line that opens the door and then becomes `command` (absolute path first), or holds the jail open if
 * empty.
 */
export function doorArgv({ python }: Door, command: readonly string[]): readonly string[] {
  return [python, "-I", "-S", "-B", doorFile, String(doorChannel), String(doorPort), ...command];
}

/** What the jail must show besides the program: the door script, and the system's trusted roots for TLS. */
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
 * Serves the door of a child started with a channel; resolves with whether the child opened it. Closes the door when the
 * child ends, because an open handle would keep the jail's network alive.
 */
export function serveDoor(child: KeptProcess["child"], door: Door): Promise<boolean> {
  return new Promise((resolve) => {
    child.once("message", (_words, handle) => {
      if (!(handle instanceof Server)) return resolve(false);
      handle.on("connection", door.receive);
      child.once("exit", () => handle.close());
      // Disconnect the channel so that the program in the jail cannot talk to this process.
      if (child.connected) child.disconnect();
      resolve(true);
    });
    child.once("error", () => resolve(false)).once("exit", () => resolve(false));
  });
}
