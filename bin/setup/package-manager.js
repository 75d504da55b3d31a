import { onPath, output, say, succeeds } from "./shell.js";

/**
 * How each package manager installs, describes a package and, where it would not say so itself, foresees an installation; and its names for
 * what holdfast needs; null if it has no such package.
 */
const managers = [
  {
    command: "apt-get",
    describe: ["apt-cache", "policy"],
    foresee: ["--assume-no", "install", "--no-install-recommends"],
    install: ["install", "-y", "--no-install-recommends"],
    refresh: ["update"],
    packages: {
      ffmpeg: ["ffmpeg"],
      python: ["python3", "python3-venv"],
      perl: ["perl"],
      "yt-dlp": ["yt-dlp"],
      bubblewrap: ["bubblewrap"],
      compiler: ["g++", "make", "python3"],
      gpgv: ["gpgv"],
      chromium: ["chromium", "fonts-dejavu-core", "fonts-noto-color-emoji"],
    },
  },
  {
    command: "dnf",
    describe: ["dnf", "--quiet", "info"],
    install: ["install", "-y"],
    refresh: null,
    packages: {
      ffmpeg: ["ffmpeg-free"],
      python: ["python3"],
      perl: ["perl"],
      "yt-dlp": ["yt-dlp"],
      bubblewrap: ["bubblewrap"],
      compiler: ["gcc-c++", "make", "python3"],
      gpgv: ["gnupg2"],
      chromium: ["chromium", "dejavu-sans-fonts"],
    },
  },
  {
    command: "pacman",
    describe: ["pacman", "-Si"],
    install: ["-S", "--needed", "--noconfirm"],
    refresh: null,
    packages: {
      ffmpeg: ["ffmpeg"],
      python: ["python"],
      perl: ["perl"],
      "yt-dlp": ["yt-dlp"],
      bubblewrap: ["bubblewrap"],
      compiler: ["gcc", "make", "python"],
      gpgv: ["gnupg"],
      chromium: ["chromium", "ttf-dejavu"],
    },
  },
  {
    command: "apk",
    describe: ["apk", "policy"],
    install: ["add"],
    refresh: ["update"],
    packages: {
      ffmpeg: ["ffmpeg"],
      python: ["python3"],
      perl: ["perl"],
      "yt-dlp": ["yt-dlp"],
      bubblewrap: ["bubblewrap"],
      compiler: ["g++", "make", "python3"],
      gpgv: ["gpgv"],
      chromium: ["chromium", "font-dejavu"],
    },
  },
  {
    command: "brew",
    describe: ["brew", "info"],
    install: ["install"],
    refresh: null,
    packages: {
      ffmpeg: ["ffmpeg"],
      python: ["python"],
      perl: ["perl"],
      "yt-dlp": ["yt-dlp"],
      bubblewrap: null,
      compiler: null,
      gpgv: ["gnupg"],
      chromium: null,
    },
  },
];

/** The package manager of this machine, or null. */
export function findPackageManager(env) {
  const manager = managers.find(({ command }) => onPath(command, env) !== null);
  return manager === undefined ? null : { ...manager, rights: rights(manager.command, env) };
}

/** The command that installs `what`, or null if there is no such package. */
export function installLine(manager, what) {
  const names = manager?.packages[what];
  if (!names) return null;
  const sudo = manager.command === "brew" || process.getuid?.() === 0 ? [] : ["sudo"];
  return [...sudo, manager.command, ...manager.install, ...names].join(" ");
}

/**
 * The date that the package manager's version of `what` begins with, for instance `2023.03.04`; null if it has none or does not
 * say. A fresh machine has no package lists yet, so they are fetched where nothing is known.
 */
export function offeredDate({ manager: find, env }, what) {
  const manager = find();
  const [name] = manager?.packages[what] ?? [];
  if (name === undefined) return null;
  const ask = () => {
    const [command, ...args] = manager.describe;
    return /\b20\d\d\.\d{1,2}\.\d{1,2}\b/.exec(output(command, [...args, name], env).text)?.[0] ?? null;
  };
  const [refresh, ...rest] = [...(manager.rights ?? []), manager.command, ...(manager.refresh ?? [])];
  if (manager.refresh === null || manager.rights === null) return ask();
  return ask() ?? (succeeds(refresh, rest, env) ? ask() : null);
}

/** Installs `what` and prints the command. False if there is no such package, no right to install it, or it failed. */
export function tryPackage({ manager: find, env }, what) {
  const manager = find();
  const line = installLine(manager, what);
  if (line === null || manager.rights === null) return false;
  say(`installing it with the package manager: ${line}`);
  const quiet = { ...env, DEBIAN_FRONTEND: "noninteractive" };
  for (const words of foreseen(manager, what, quiet)) say(words);
  const run = (args) => {
    const [command, ...rest] = [...manager.rights, manager.command, ...args];
    return succeeds(command, rest, quiet);
  };
  const wanted = [...manager.install, ...manager.packages[what]];
  // A fresh machine has no package lists yet.
  return run(wanted) || (manager.refresh !== null && run(manager.refresh) && run(wanted));
}

/** What will be fetched and how much room it takes, in the words of a package manager that would not say so unasked. */
function foreseen(manager, what, env) {
  if (manager.foresee === undefined) return [];
  const { text } = output(manager.command, [...manager.foresee, ...manager.packages[what]], {
    ...env,
    LC_ALL: "C",
  });
  return text
    .split("\n")
    .filter((line) => /^(?:\d+ upgraded, |Need to get |After this operation)/.test(line));
}

/** The prefix of the command: none as root, `sudo -n` if that works without a password, else null. */
function rights(command, env) {
  if (command === "brew" || process.getuid?.() === 0) return [];
  const sudo = onPath("sudo", env);
  return sudo !== null && succeeds(sudo, ["-n", "true"], env) ? [sudo, "-n"] : null;
}
