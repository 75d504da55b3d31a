import { accessSync, constants } from "node:fs";
import { isAbsolute, join } from "node:path";
import { startAndLeave } from "./run.js";

type Environment = Readonly<Record<string, string | undefined>>;

/** The program by which a desktop opens a file, and the variables of which one must be set where there is a desktop. */
const openers: Partial<
  Record<NodeJS.Platform, { readonly program: string; readonly desktop: readonly string[] }>
> = {
  linux: { program: "xdg-open", desktop: ["DISPLAY", "WAYLAND_DISPLAY"] },
  // Variables do not tell a desktop there; over SSH there is none to see.
  darwin: { program: "open", desktop: [] },
};

/** The program that opens a file on this machine's desktop, as an absolute path; null where there is none. */
export function desktopOpener(platform: NodeJS.Platform, env: Environment): string | null {
  const opener = openers[platform];
  if (opener === undefined || (env.SSH_CONNECTION ?? "") !== "") return null;
  const { program, desktop } = opener;
  if (desktop.length > 0 && desktop.every((name) => (env[name] ?? "") === "")) return null;
  const folders = (env.PATH ?? "").split(":").filter(isAbsolute);
  return folders.map((folder) => join(folder, program)).find(mayRun) ?? null;
}

/** Opens a file of ours as the person's desktop does. False if that did not work. */
export function openOnDesktop(opener: string, file: string, env: Environment): Promise<boolean> {
  const variables = Object.entries(env).filter(([name]) => !name.startsWith("HOLDFAST_"));
  return startAndLeave(opener, [file], Object.fromEntries(variables));
}

function mayRun(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
