// The first thing a new user sees: archives and checks a sample clip, entirely on this machine, in a vault of its own.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createReadStream, existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { findProgram } from "../dist/tools/run/programs.js";
import { root, say } from "./setup/shell.js";

const vault = join(root, "demo-vault");
const title = "Үлгі бейнежазба · пример видео";
const description = "Үш көрініс, үш дыбыс. Три сцены, три звука: сделано на этой машине.";

process.exitCode = await demonstrate();

/** Makes a clip, serves it, archives its page and verifies the vault; returns the exit status of the worst step. */
async function demonstrate() {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-demo-"));
  const clip = join(folder, "clip.mp4");
  const server = createServer((request, response) => answer(request, response, clip));
  try {
    say("\n1. making a nine-second sample clip with ffmpeg");
    if (!(await makeClip(clip))) return 70;
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const url = `http://127.0.0.1:${server.address().port}/watch/sample`;
    say(`2. archiving it from the address of its page: ${url}`);
    const archived = await holdfast(["archive", url, "--again", "--new-vault", "--json"]);
    const capture = firstResult(archived.stdout);
    if (capture?.id) await holdfast(["show", capture.id], "inherit");
    say("\n3. checking the vault: every file with both digests, and the whole log");
    const verified = await holdfast(["verify"], "inherit");
    if (capture?.object) whereToLook(capture);
    return Math.max(archived.status, verified.status);
  } finally {
    server.close();
    server.closeAllConnections();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Makes three scenes that look and sound different, with codecs that every ffmpeg has. */
async function makeClip(path) {
  const scenes = [
    "testsrc2=s=640x360:r=25:d=3",
    "mandelbrot=s=640x360:r=25,trim=duration=3",
    "smptehdbars=s=640x360:r=25:d=3",
  ];
  const tones = [330, 440, 550].map((hertz) => `sine=frequency=${hertz}:duration=3`);
  const inputs = [...scenes, ...tones].flatMap((source) => ["-f", "lavfi", "-i", source]);
  const frames = scenes.map((_, index) => `[${index}:v]format=yuv420p,setsar=1[v${index}]`).join(";");
  const order = scenes.map((_, index) => `[v${index}][${index + 3}:a]`).join("");
  const graph = `${frames};${order}concat=n=3:v=1:a=1[v][a]`;
  const coding = ["-c:v", "mpeg4", "-q:v", "4", "-g", "75", "-c:a", "aac", "-movflags", "+faststart"];
  const argv = [
    "-nostdin",
    "-hide_banner",
    "-loglevel",
    "error",
    ...inputs,
    "-filter_complex",
    graph,
    "-map",
    "[v]",
    "-map",
    "[a]",
  ];
  const ffmpeg = await findProgram("ffmpeg", { env: process.env, now: new Date() });
  const child = spawn(ffmpeg.path, [...argv, ...coding, "-y", path], { stdio: ["ignore", 2, 2] });
  const [status] = await once(child, "exit");
  return status === 0;
}

function answer(request, response, clip) {
  if (request.url === "/media/clip.mp4") {
    response.writeHead(200, { "Content-Type": "video/mp4", "Content-Length": statSync(clip).size });
    if (request.method === "HEAD") response.end();
    else createReadStream(clip).pipe(response);
  } else if (request.url?.startsWith("/watch/")) {
    const page = pageOf(`http://${request.headers.host}`);
    response.writeHead(200, { "Content-Type": "text/html; charset=utf-8" }).end(page);
  } else {
    response.writeHead(404, { "Content-Type": "text/plain" }).end("not here\n");
  }
}

function pageOf(origin) {
  const video = `${origin}/media/clip.mp4`;
  const data = {
    "@context": "https://schema.org",
    "@type": "VideoObject",
    name: title,
    description,
    uploadDate: "2026-01-15T10:00:00Z",
    duration: "PT9S",
    contentUrl: video,
    author: { "@type": "Person", name: "holdfast demo" },
  };
  return `<!doctype html>
<html lang="kk">
<head>
<meta charset="utf-8">
<title>${title}</title>
<meta property="og:title" content="${title}">
<meta property="og:type" content="video.other">
<meta property="og:video" content="${video}">
<script type="application/ld+json">${JSON.stringify(data)}</script>
</head>
<body><h1>${title}</h1><p>${description}</p><video controls src="${video}"></video></body>
</html>
`;
}

/** Runs the real command line on the demo vault. Messages go to stderr as usual; stdout is returned unless it is inherited. */
async function holdfast(args, stdout = "pipe") {
  const script = join(root, "bin", "holdfast.js");
  const child = spawn(process.execPath, [script, ...args, "--vault", vault], {
    cwd: root,
    // The page is on this machine and made here, so two rules that protect against hostile pages are lifted. No authority
    // is asked to time-stamp a sample.
    env: {
      ...process.env,
      HOLDFAST_ALLOW_PRIVATE: "1",
      HOLDFAST_ALLOW_OLD_YTDLP: "1",
      HOLDFAST_OFFLINE: "1",
    },
    stdio: ["ignore", stdout, "inherit"],
  });
  const chunks = [];
  child.stdout?.on("data", (chunk) => chunks.push(chunk));
  const [status] = await once(child, "close");
  return { status: status ?? 130, stdout: Buffer.concat(chunks).toString("utf8") };
}

function firstResult(stdout) {
  const line = stdout.split("\n").find((text) => text.startsWith("{"));
  return line === undefined ? null : JSON.parse(line);
}

function whereToLook({ id, object, derivation }) {
  const here = (...parts) => relative(process.cwd(), join(vault, ...parts));
  const sheet = here(object, "v2", "content", "derived", "contact-sheet.jpg");
  console.log(`
Where to look
  the clip as received   ${here(object, "v1", "content", "original")}
  the record             ${here(object, "v1", "content", "record.json")}
  the contact sheet      ${existsSync(sheet) ? sheet : `was not made (derivation ${derivation})`}
  the custody log        sqlite3 -readonly ${here("vault.db")} "SELECT line FROM entry ORDER BY seq"

Next
  npm start -- archive URL                        archive a real page
  npm start -- show ${id} --vault demo-vault   show this capture again`);
}
