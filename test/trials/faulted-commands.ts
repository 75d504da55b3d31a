import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { main } from "../../src/cli/main.js";

/** A command on a folder of its own, which holds the vault, the keys and the files that it takes. */
export interface Command {
  readonly name: string;
  /** The folder as it is before the command. */
  readonly from: string;
  readonly argv: (folder: string) => readonly string[];
  /** How many captures there are once it is done. */
  readonly captures: number;
  /** What is done with a folder that the command left, so that the same command can run; by its own hint. */
  readonly asHinted?: (folder: string) => void;
  /** What the command says where a struck one had done its work. */
  readonly refusesDone?: RegExp;
}

export interface Told {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * The commands that write, each with the folder that it begins with, made below `folder`.
 */
export async function makeCommands(folder: string): Promise<readonly Command[]> {
  const empty = join(folder, "empty");
  mkdirSync(join(empty, "config"), { recursive: true });
  for (const n of [1, 2]) writeSound(join(empty, `${n}.wav`), 200 * n);
  const files = (at: string) => [1, 2].map((n) => join(at, `${n}.wav`));
  const filled = copyOf(empty, join(folder, "filled"));
  const { stdout } = await runIn(filled, ["import", "--json", ...files(filled)]);
  const { id } = JSON.parse(stdout.split("\n")[0] ?? "") as { readonly id: string };
  const lost = copyOf(filled, join(folder, "lost"));
  for (const end of ["", "-wal", "-shm"]) rmSync(join(lost, `vault/vault.db${end}`), { force: true });
  const exporting = (name: string): Command => ({
    name: `export to ${name}`,
    from: filled,
    argv: (at) => ["export", "--json", id, "--to", join(at, name)],
    captures: 2,
    asHinted: (at) => rmSync(join(at, `.${name}.unfinished`), { recursive: true, force: true }),
    refusesDone: /a file or folder with this name already exists/,
  });
  return [
    { name: "import", from: empty, argv: (at) => ["import", "--json", ...files(at)], captures: 2 },
    { name: "derive", from: filled, argv: () => ["derive", "--json", id], captures: 2 },
    { name: "annotate", from: filled, argv: () => ["annotate", "--json", id, "place=Almaty"], captures: 2 },
    {
      name: "rebuild",
      from: lost,
      argv: () => ["rebuild", "--json"],
      captures: 2,
      refusesDone: /there is nothing to rebuild/,
    },
    exporting("package"),
    exporting("package.tar"),
  ];
}

/** A copy by another process: a reader in this one would take SQLite's locks off the vault. */
export function copyOf(from: string, to: string): string {
  rmSync(to, { recursive: true, force: true });
  const { status, stderr } = spawnSync("cp", ["-a", from, to], { encoding: "utf8" });
  // A file of SQLite may go away while the folder is read.
  if (status !== 0 && !/No such file/.test(stderr)) throw new Error(stderr);
  return to;
}

export async function runIn(
  folder: string,
  argv: readonly string[],
  onSaid: (text: string) => void = () => undefined,
): Promise<Told> {
  let [out, err] = ["", ""];
  const keep = (text: string) => {
    out += text;
    onSaid(text);
    return true;
  };
  const keepWords = (text: string) => {
    err += text;
    return true;
  };
  const status = await main([...argv, "--vault", join(folder, "vault")], {
    stdout: { write: keep },
    stderr: { write: keepWords },
    env: { ...process.env, HOLDFAST_ALLOW_PRIVATE: "1", XDG_CONFIG_HOME: join(folder, "config") },
    cwd: folder,
  });
  return { status, stdout: out, stderr: err };
}

/** A second of silence: small, and a clip like any other to the programs that read it. */
export function writeSound(path: string, samples: number): void {
  const data = Buffer.alloc(samples * 2);
  const head = Buffer.alloc(44);
  head.write("RIFF", 0).toString();
  head.writeUInt32LE(36 + data.length, 4);
  head.write("WAVEfmt ", 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(8000, 24);
  head.writeUInt32LE(16_000, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write("data", 36);
  head.writeUInt32LE(data.length, 40);
  writeFileSync(path, Buffer.concat([head, data]));
}
