import type { Routes, Visit } from "./site.ts";

/** Pages that try something on whoever looks at them, below `/hostile`. `udpPort` is a port of this machine's network. */
export function hostilePages(udpPort: number): Routes {
  return {
    "/hostile/all": html(all(udpPort)),
    "/hostile/worker.js": script("onfetch = () => {}; fetch('/hostile/of-service-worker');"),
    "/hostile/of-service-worker": html("kept"),
    "/hostile/popup": html("a window of its own"),
    "/hostile/file": ({ response }) =>
      response
        .writeHead(200, {
          "content-type": "application/zip",
          "content-disposition": "attachment; filename=file.zip",
        })
        .end("PK"),
    "/hostile/news": ({ response }) => {
      response.writeHead(200, { "content-type": "text/event-stream" }).write("data: first\n\n");
    },
    "/hostile/restless": html(
      "<title>Restless</title><p>Endless</p><script>setInterval(() => fetch('/hostile/popup?' + Math.random()), 20);" +
        "const grow = () => { for (let n = 0; n < 20; n += 1) document.body.append(document.createElement('hr')); };" +
        "document.styleSheets; onscroll = grow;</script><style>hr { height: 300px }</style><div style='height: 2000px'></div>",
    ),
    "/hostile/busy": html("<title>Busy</title><p>Never again</p><script>for (;;);</script>"),
    // It asks for what never comes, so that it has not settled when the memory is gone.
    "/hostile/memory": html(
      "<title>Memory</title><script>for (let n = 0; n < 4; n += 1) fetch('/hostile/news?' + n);" +
        "const kept = []; setInterval(() => kept.push(new Uint8Array(4e7).fill(1)), 1);</script>",
    ),
  };
}

/** One page that tries it all, and writes down how far it came. */
function all(udpPort: number): string {
  return `<title>Hostile</title><p id="log">tried</p>
<iframe src="file:///etc/passwd"></iframe>
<iframe src="/hostile/file"></iframe>
<script>
const note = (text) => { document.querySelector("#log").append(" [" + text + "]"); };
const tries = [];
for (let n = 0; n < 3; n += 1) alert("Press OK to infect this machine " + n);
note("confirm " + confirm("Really?"));
note("prompt " + prompt("Your name?"));
for (let n = 0; n < 40; n += 1) open("/hostile/popup?" + n);
const failing = (name, promise) => tries.push(promise.then(() => note(name + " came through"), () => note(name + " failed")));
failing("file", fetch("file:///etc/passwd").then((answer) => answer.text()));
navigator.serviceWorker.register("/hostile/worker.js").catch(() => {});
new EventSource("/hostile/news").onmessage = ({ data }) => note("news " + data);
const socket = new WebSocket("ws://" + location.host + "/hostile/socket");
socket.onopen = () => note("socket opened");
const peer = new RTCPeerConnection({ iceServers: [{ urls: "stun:127.0.0.1:${udpPort}" }] });
peer.createDataChannel("lan");
peer.onicecandidate = ({ candidate }) => candidate && note("candidate " + candidate.candidate);
peer.createOffer().then((offer) => peer.setLocalDescription(offer));
onbeforeunload = () => "Stay";
</script>`;
}

function html(content: string): (visit: Visit) => void {
  return ({ response }) => {
    response.writeHead(200, { "content-type": "text/html" }).end(`<!doctype html>${content}`);
  };
}

function script(content: string): (visit: Visit) => void {
  return ({ response }) => {
    response.writeHead(200, { "content-type": "text/javascript" }).end(content);
  };
}
