import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { desktopOpener, openOnDesktop } from "../../../src/tools/run/desktop.js";
import { until } from "../../support/until.js";
import { temporaryFolder } from "../../support/vaults.js";

const folder = temporaryFolder();
afterAll(() => folder.remove());

function opener(script: string): string {
  const path = join(folder.path, "xdg-open");
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

describe("the program that opens a page", () => {
  const path = opener("exit 0");
  const env = { PATH: `relative:${folder.path}`, DISPLAY: ":0" };
  it.each([
    ["a screen", "linux", env, path],
    ["a Wayland screen", "linux", { ...env, DISPLAY: "", WAYLAND_DISPLAY: "wayland-0" }, path],
    ["no screen", "linux", { PATH: env.PATH }, null],
    ["no such program", "linux", { ...env, PATH: "/nonexistent" }, null],
    [
      "a person at the other end of SSH",
      "linux",
      { ...env, SSH_CONNECTION: "192.0.2.1 1 192.0.2.2 22" },
      null,
    ],
    ["a system without one", "aix", env, null],
  ] as const)("with %s on %s", (_title, platform, variables, expected) =>
    expect(desktopOpener(platform, variables)).toBe(expected),
  );

  it("gets the page as its one argument and the person's environment without holdfast's variables", async () => {
    const told = join(folder.path, "told");
    const path = opener(`printf '%s|%s|%s|%s' "$#" "$1" "$DISPLAY" "$HOLDFAST_VAULT" > "${told}"`);
    const opened = await openOnDesktop(path, "/tmp/a page.html", {
      ...env,
      PATH: "/bin:/usr/bin",
      HOLDFAST_VAULT: "x",
    });
    expect(opened).toBe(true);
    await until(() => existsSync(told));
    expect(readFileSync(told, "utf8")).toBe("1|/tmp/a page.html|:0|");
  });

  it.each([
    ["says that it failed", () => opener("exit 3")],
    ["is not there", () => join(folder.path, "missing")],
  ])("that %s opened nothing", async (_title, program) =>
    expect(await openOnDesktop(program(), "/tmp/page.html", { PATH: "/bin:/usr/bin" })).toBe(false),
  );
});
