import { describe, expect, test } from "vitest";
import {
  argumentReplacements,
  bugReport,
  errorLines,
  withMachineFailureNamed,
} from "../../src/cli/failure-report.js";
import { HoldfastError } from "../../src/core/words/error.js";
import { dangerous, hostileTitle } from "./terminal-double.js";

describe("an error", () => {
  test("is one line and a hint, whatever text a server or a file put into it", () => {
    const lines = errorLines(hostileTitle, hostileTitle);
    expect(lines).toHaveLength(2);
    for (const line of lines) expect(dangerous.test(line)).toBe(false);
  });

  test.each(["ENOSPC", "EACCES", "EROFS", "SQLITE_FULL", "SQLITE_READONLY_DBMOVED"])(
    "%s is a failure of the machine and no bug",
    (code) => {
      const named = withMachineFailureNamed(Object.assign(new Error("write failed"), { code }));
      expect(named).toBeInstanceOf(HoldfastError);
      expect(named).toMatchObject({ code: "io", message: "write failed" });
    },
  );

  test("a database that another process holds is a busy vault", () => {
    const named = withMachineFailureNamed(Object.assign(new Error("x"), { code: "SQLITE_BUSY_SNAPSHOT" }));
    expect(named).toMatchObject({ code: "vault-busy" });
  });

  test("a failure somebody explained and an unknown one are left as they are", () => {
    const explained = new HoldfastError("no-vault", "x", "y");
    const unknown = Object.assign(new Error("x"), { code: "ENOENT" });
    expect(withMachineFailureNamed(explained)).toBe(explained);
    expect(withMachineFailureNamed(unknown)).toBe(unknown);
    expect(withMachineFailureNamed("text")).toBe("text");
  });
});

describe("a bug report", () => {
  const argv = [
    "archive",
    "https://example.org/v?token=secret",
    "--proxy=http://user:password@proxy:8080",
    "--cookies",
    "/home/aigul/cookies.txt",
    "--json",
    "--limit",
    "5",
  ];
  const replacements = argumentReplacements(argv, ["archive", "list"]);

  test("carries the version, the stack and its causes", () => {
    const error = new TypeError("x is not a function", { cause: new Error("deeper") });
    const text = bugReport(error, ["holdfast/0.1.0", "node v20"], []).join("\n");
    expect(text).toMatch(/^holdfast: this is a bug in holdfast: TypeError: x is not a function\n {2}hint: /);
    expect(text).toContain("  holdfast/0.1.0, node v20");
    expect(text).toContain("failure-report.test.ts");
    expect(text).toContain("Error: deeper");
  });

  test("carries no argument, address, password or folder of the person who ran it", () => {
    const error = new Error(
      "cannot read /home/aigul/cookies.txt for https://example.org/v?token=secret via http://user:password@proxy:8080 and https://cdn.example/a?sig=secret",
      { cause: new Error("socks5://user:password@tor") },
    );
    const text = bugReport(error, [], [...replacements, ["/home/aigul", "~"]]).join("\n");
    expect(text).not.toMatch(/aigul|secret|password|proxy:8080|example/);
  });

  test("keeps the names of commands, options and short values, so that the stack can be read", () => {
    expect(replacements.map(([value]) => value)).toEqual([
      "https://example.org/v?token=secret",
      "http://user:password@proxy:8080",
      "/home/aigul/cookies.txt",
    ]);
  });

  test("survives a cause that leads back to itself and a thrown text", () => {
    const error = new Error("round");
    error.cause = error;
    expect(bugReport(error, [], []).length).toBeGreaterThan(2);
    expect(bugReport(hostileTitle, [], []).some((line) => dangerous.test(line))).toBe(false);
  });
});
